package system

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"natsd/internal/broker"
	"natsd/internal/config"
	"natsd/internal/event"
	"natsd/internal/status"
)

var fromRoute = &broker.Origin{Kind: broker.Route}

// other publishes as another server does.
func (h *house) other(t *testing.T, to, reply, body string) {
	t.Helper()
	post(h.sys, fromRoute, to, reply, "", body)
	after := listen(t, h.sys, "after")
	h.settle(t, after)
	h.sys.Unsubscribe(nil, after.sub)
}

func connsOf(id, account string, n int) string {
	return fmt.Sprintf(`{"server":{"id":%q,"name":"o"},"acc":%q,"conns":%d,"leafnodes":0,"total_conns":%d}`, id, account, n, n)
}

// The connections of all servers count for the limit of an account.
func TestLimitAcrossServers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, limitAcrossServers)
}

func limitAcrossServers(t *testing.T) {
	t.Helper()
	h := newHouse(t)
	limits := config.AccountLimits{MaxConnections: 3, MaxSubscriptions: -1, MaxPayload: -1, MaxLeafnodes: -1}
	h.app.SetLimits(&limits)
	asked := listen(t, h.sys, "$SYS.REQ.ACCOUNT.APP.CONNS")

	h.other(t, "$SYS.SERVER."+otherID+".STATSZ", "", `{"server":{"id":"NOTHER","name":"o"},"statsz":{}}`)
	var q connsRequest
	if m := asked.next(t); json.Unmarshal(m.body, &q) != nil || q.Account != "APP" || q.Server.ID != ownID {
		t.Errorf("asked %s", m.body)
	}
	h.other(t, "$SYS._INBOX_."+ownID, "", connsOf(otherID, "APP", 2))
	if n := h.app.Elsewhere(); n != 2 {
		t.Errorf("%d elsewhere", n)
	}
	if !h.app.Join() || h.app.Join() {
		t.Error("2 elsewhere, limit 3: one and no more may join")
	}
	h.other(t, "$SYS.SERVER.ACCOUNT.APP.CONNS", "", connsOf("NTHIRD", "APP", 1))
	if n := h.app.Elsewhere(); n != 3 {
		t.Errorf("%d elsewhere", n)
	}
	time.Sleep(2 * calm)
	if got := h.operator.all(); got != "" {
		t.Errorf("done: %q", got) // NOTHER and NOWN are before NTHIRD, which has let in one too many
	}
	h.other(t, "$SYS.SERVER.ACCOUNT.APP.CONNS", "", connsOf(otherID, "APP", 4))
	h.other(t, "$SYS.SERVER.ACCOUNT.APP.CONNS", "", connsOf(otherID, "APP", 2))
	time.Sleep(2 * calm)
	if got := h.operator.all(); got != "" {
		t.Errorf("done: %q after a moment", got)
	}
	for range 2 {
		h.other(t, "$SYS.SERVER.ACCOUNT.APP.CONNS", "", connsOf(otherID, "APP", 3))
	}
	time.Sleep(2 * calm)
	if got := h.operator.all(); got != "evict 1 of APP" {
		t.Errorf("done: %q", got)
	}
	h.other(t, "$SYS.SERVER.ACCOUNT.APP.CONNS", "", connsOf(otherID, "APP", 2))
	if m := h.ask(t, h.sys, "$SYS.REQ.SERVER.PING", ""); m.whole["statsz"].(map[string]any)["active_servers"] != 3.0 {
		t.Errorf("three servers: %s", m.body)
	}
	h.other(t, "$SYS.SERVER.NTHIRD.SHUTDOWN", "", `{"id":"NTHIRD"}`)
	if n := h.app.Elsewhere(); n != 2 {
		t.Errorf("%d elsewhere after an end", n)
	}
	h.other(t, "$SYS.SERVER.ACCOUNT.APP.CONNS", "", connsOf(otherID, "APP", 0))
	if n := h.app.Elsewhere(); n != 0 {
		t.Errorf("%d elsewhere", n)
	}
}

// Another system account has other members.
func TestMovingForgetsServers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.other(t, "$SYS.SERVER.ACCOUNT.APP.CONNS", "", connsOf(otherID, "APP", 5))
	h.LimitsChanged()
	h.SetSystem(h.app2)
	if h.others.count() != 0 || h.app.Elsewhere() != 0 {
		t.Errorf("%d servers, %d connections elsewhere", h.others.count(), h.app.Elsewhere())
	}
}

func TestSilentServersAreForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.Start()
		h.other(t, "$SYS.SERVER.ACCOUNT.APP.CONNS", "", connsOf(otherID, "APP", 5))
		time.Sleep(patience - time.Second)
		if h.others.count() != 1 || h.app.Elsewhere() != 5 {
			t.Errorf("forgotten too soon")
		}
		time.Sleep(2 * connsPeriod)
		synctest.Wait()
		if h.others.count() != 0 || h.app.Elsewhere() != 0 {
			t.Errorf("%d servers, %d connections elsewhere", h.others.count(), h.app.Elsewhere())
		}
	})
}

// What only servers may say is not believed when a client says it, and nonsense not at all.
func TestClientsAreNoServers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, to := range []string{"$SYS.SERVER.ACCOUNT.APP.CONNS", "$SYS._INBOX_." + ownID, "$SYS.SERVER.X.STATSZ"} {
		if n := post(h.sys, nil, to, "", "", connsOf(otherID, "APP", 5)); n != 0 {
			t.Errorf("%s is believed", to)
		}
		for _, body := range []string{``, `{`, `[]`, `{"server":{"id":""},"acc":"APP","conns":1}`, connsOf(ownID, "APP", 7), `{"server":{"id":7}}`} {
			h.other(t, to, "", body)
		}
	}
	if h.others.count() != 0 || h.app.Elsewhere() != 0 {
		t.Errorf("%d servers, %d connections elsewhere", h.others.count(), h.app.Elsewhere())
	}
	h.other(t, "$SYS.SERVER.ACCOUNT.NOPE.CONNS", "", connsOf(otherID, "NOPE", 5))
	h.other(t, "$SYS.SERVER.ACCOUNT.APP.CONNS", "", connsOf(otherID, "APP", -5))
	if n := h.app.Elsewhere(); n != 0 {
		t.Errorf("%d connections elsewhere", n)
	}
	for i := range maxOthers + 10 {
		h.other(t, "$SYS.SERVER.X.STATSZ", "", fmt.Sprintf(`{"server":{"id":"N%d"}}`, i))
	}
	if n := h.others.count(); n != maxOthers {
		t.Errorf("%d servers are remembered", n)
	}
}

func TestDebugSubscribers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, s := range []*broker.Sub{
		{Subject: "foo", SID: "1", Sink: &mailbox{}},
		{Subject: "foo.*", SID: "2", Sink: &mailbox{}},
		{Subject: "foo", Queue: "q", SID: "3", Sink: &mailbox{}},
		{Subject: "foo", Kind: broker.Internal, SID: "4", Sink: &mailbox{}},
	} {
		h.sys.Subscribe(nil, s)
	}
	for body, want := range map[string]string{
		"foo": "2", "foo q": "1", "foo nobody": "0", "nope": "0", "foo.bar": "1", "foo.*": "1", "foo.>": "1", "*": "4", " foo  q ": "1", ">": "5", "> q": "1",
	} {
		if m := h.ask(t, h.sys, "$SYS.DEBUG.SUBSCRIBERS", body); m == nil || string(m.body) != want {
			t.Errorf("%q: %+v, want %s", body, m, want)
		}
	}
	for _, body := range []string{"", " ", "a b c", "a..b"} {
		if m := h.ask(t, h.sys, "$SYS.DEBUG.SUBSCRIBERS", body); m != nil {
			t.Errorf("%q: %s", body, m.body)
		}
	}
	// In a cluster all servers count.
	h.other(t, "$SYS.SERVER."+otherID+".STATSZ", "", `{"server":{"id":"NOTHER"}}`)
	far := &farServer{}
	h.sys.Subscribe(nil, &broker.Sub{Subject: "$SYS.REQ.ACCOUNT.NSUBS", Kind: broker.Route, Link: far})
	in := listen(t, h.sys, "reply")
	post(h.sys, nil, "$SYS.DEBUG.SUBSCRIBERS", "reply", "", "foo q")
	h.settle(t, listen(t, h.sys, "after"))
	if far.body != `{"acc":"SYS","subject":"foo","queue":"cQ=="}` || !strings.HasPrefix(far.reply, "$SYS._INBOX.") {
		t.Fatalf("asked %+v", far)
	}
	h.other(t, far.reply, "", "x")
	h.other(t, far.reply, "", "41")
	if m := in.next(t); string(m.body) != "42" {
		t.Errorf("%s in the cluster", m.body)
	}
	// And this one counts for others.
	h.other(t, "$SYS.REQ.ACCOUNT.NSUBS", "reply", `{"acc":"SYS","subject":"foo"}`)
	if m := in.next(t); string(m.body) != "2" {
		t.Errorf("told %s", m.body)
	}
	h.other(t, "$SYS.REQ.ACCOUNT.NSUBS", "reply", `{"acc":"NOPE","subject":"foo"}`)
	if m := in.next(t); string(m.body) != "0" {
		t.Errorf("told %s", m.body)
	}
}

// Who is at the other end of a route and has not been heard of is asked; who is not there any more is
// forgotten.
func TestServersComeAndGoWithRoutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.Start()
		time.Sleep(time.Minute)
		far := &farServer{}
		h.sys.Subscribe(nil, &broker.Sub{Subject: "$SYS.REQ.SERVER.PING.STATSZ", Kind: broker.Route, Link: far})
		f := &status.Facts{Kind: status.Router, CID: 100}
		h.source.routes.Store(&[]string{otherID, "NTHIRD"})
		h.events.Publish(event.Opened{Facts: f})
		time.Sleep(firstStatsz)
		synctest.Wait()
		if far.reply != h.greeting() {
			t.Fatalf("asked %+v", far)
		}
		for _, id := range []string{otherID, "NTHIRD"} {
			h.other(t, far.reply, "", fmt.Sprintf(`{"server":{"id":%q},"statsz":{}}`, id))
		}
		h.other(t, "$SYS.SERVER.ACCOUNT.APP.CONNS", "", connsOf(otherID, "APP", 2))
		*far = farServer{}
		time.Sleep(time.Minute)
		synctest.Wait()
		if far.reply != "" || h.others.count() != 2 {
			t.Errorf("asked again %+v, %d servers", far, h.others.count())
		}
		m := h.ask(t, h.sys, "$SYS.REQ.SERVER.PING", "")
		if z := m.whole["statsz"].(map[string]any); z["active_servers"] != 3.0 || len(z["routes"].([]any)) != 2 {
			t.Errorf("%s", m.body)
		}
		h.source.routes.Store(&[]string{"NTHIRD"})
		h.events.Publish(event.Closed{Closed: &status.Closed{Conn: status.Conn{Facts: f}}})
		synctest.Wait()
		if h.others.count() != 1 || h.app.Elsewhere() != 0 {
			t.Errorf("%d servers, %d connections elsewhere", h.others.count(), h.app.Elsewhere())
		}
	})
}
