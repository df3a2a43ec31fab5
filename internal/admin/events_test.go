package admin_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"natsd/internal/admin/api"
	"natsd/internal/event"
	"natsd/test/inside"
)

const twoAccounts = `accounts {
	APP { users [{user: ann, password: canary-ann}] }
	OPS { users [{user: bob, password: canary-bob}] }
}
`

func TestEventStream(t *testing.T) {
	t.Parallel()
	n := start(t, twoAccounts)
	all := n.stream("/events")
	if all.Header.Get("Content-Type") != api.EventStreamType {
		t.Errorf("%v", all.Header)
	}
	lines := n.stream("/events?topics=connection&account=APP", "Accept", api.NDJSONType)
	g := n.connect(`"user":"ann","pass":"canary-ann","name":"worker"`)
	n.connect(`"user":"bob","pass":"canary-bob"`)
	n.knock(`"user":"eve","pass":"canary-eve"`)
	opened := all.await("connection.opened")
	if opened.User != "ann" || opened.Account != "APP" || opened.Name != "worker" || opened.IP != "127.0.0.1" || opened.CID == 0 || opened.ServerID != n.ID() {
		t.Errorf("%+v", opened)
	}
	if refused := all.await("auth.failed"); refused.User != "eve" || refused.Severity != api.EventWarning || refused.Reason == "" {
		t.Errorf("%+v", refused)
	}
	if e := lines.await("connection.opened"); e.ID != opened.ID {
		t.Errorf("%+v", e)
	}
	_ = g.Close()
	closed := lines.await("connection.closed") // that of bob's account is not in this stream
	if closed.Account != "APP" || closed.EventTraffic == nil || closed.Reason != "Client Closed" {
		t.Errorf("%+v", closed)
	}

	again := n.stream("/events?topics=connection.opened,connection.closed", "Last-Event-ID", opened.ID)
	var e api.Event
	id, kind, _ := again.next(&e)
	if kind != "connection.opened" || e.User != "bob" || id != e.ID {
		t.Errorf("after %s: %s %+v", opened.ID, id, e)
	}
	var page api.List[api.Event]
	n.want(n.ask("GET", "/events/recent?topics=auth", nil), http.StatusOK, &page)
	if page.Total != 1 || page.Items[0].User != "eve" {
		t.Errorf("%+v", page)
	}
	n.want(n.ask("GET", "/events/recent?limit=1&since=1h&severity=warning", nil), http.StatusOK, &page)
	if len(page.Items) != 1 {
		t.Errorf("%+v", page)
	}
	if a := n.ask("GET", "/events/recent", nil); strings.Contains(string(a.body), "canary") {
		t.Errorf("a secret: %s", a.body)
	}
}

func TestEventsThatAreGone(t *testing.T) {
	t.Parallel()
	n := start(t, "")
	for _, id := range []string{"1-1", "nonsense", "1", "-"} {
		var first api.StreamNote
		if _, kind, ok := n.stream("/events", "Last-Event-ID", id).next(&first); !ok || kind != api.StreamGap {
			t.Errorf("%s: %s %+v", id, kind, first)
		}
		n.problem(n.ask("GET", "/events?strict=1", nil, "Last-Event-ID", id), api.CursorExpired)
	}
	n.problem(n.ask("GET", "/events", nil, "Accept", "application/json"), api.NotAcceptable)
	p := n.problem(n.ask("GET", "/events?topics=nope&cid=x&since=yesterday&severity=bad", nil), api.InvalidParameter)
	if len(p.Errors) != 4 {
		t.Errorf("%+v", p.Errors)
	}
}

// A reader that is too slow loses events and is told how many; nobody waits for it.
func TestSlowReaderOfEvents(t *testing.T) {
	t.Parallel()
	n := start(t, "")
	slow := n.stream("/events?topics=watcher")
	text := strings.Repeat("x", 2000)
	const many = 20000
	for range many {
		n.Events().Publish(event.Files{Paths: []string{text}})
	}
	seen, dropped := 0, uint64(0)
	for dropped == 0 {
		var e struct {
			api.Event
			Count uint64 `json:"count"`
		}
		if _, _, ok := slow.next(&e); !ok {
			t.Fatal("the stream has ended")
		}
		if e.Type == api.StreamDropped {
			dropped = e.Count
		} else {
			seen++
		}
	}
	if dropped > many || seen == 0 {
		t.Errorf("%d seen, %d dropped", seen, dropped)
	}
}

// Streams end with the server, and with their listener. The end of the test waits for all of them.
func TestStreamsEndWithTheServer(t *testing.T) {
	t.Parallel()
	n := start(t, "")
	s := n.stream("/events")
	stuck := n.stream("/events?topics=watcher")
	for range 5000 {
		n.Events().Publish(event.Files{Paths: []string{strings.Repeat("x", 2000)}})
	}
	n.stop()
	var e api.Event
	for ok := true; ok; {
		_, _, ok = s.next(&e)
	}
	_ = stuck.Body.Close()
}

// Who is limited to accounts sees their events, and nothing about the server.
func TestEventsOfOneAccount(t *testing.T) {
	t.Parallel()
	n := start(t, tokenConf(t)+twoAccounts)
	s := n.stream("/events", bearer("s-app")...)
	n.connect(`"user":"bob","pass":"canary-bob"`)
	n.knock(`"user":"eve","pass":"canary-eve"`).line()
	n.want(n.ask("POST", "/reload", nil), http.StatusOK, nil)
	n.connect(`"user":"ann","pass":"canary-ann"`)
	var e api.Event
	if _, _, ok := s.next(&e); !ok || e.Account != "APP" || e.User != "ann" {
		t.Errorf("%+v", e)
	}
	var page api.List[api.Event]
	n.want(n.ask("GET", "/events/recent?limit=1000", nil, bearer("s-app")...), http.StatusOK, &page)
	if page.Total != 1 || page.Items[0].Account != "APP" {
		t.Errorf("%+v", page)
	}
	n.problem(n.ask("GET", "/logging/stream", nil, bearer("s-app")...), api.Forbidden)
}

// A stream ends when a reload moves its listener, and does not hold the reload up.
func TestStreamOnAListenerThatMoves(t *testing.T) {
	t.Parallel()
	n := start(t, tokenConf(t))
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+n.Options().Admin.Listen+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer s-vic")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	n.Write(tokenConf(t)) // another port
	n.want(n.ask("POST", "/reload", nil), http.StatusOK, nil)
	if _, err := io.ReadAll(resp.Body); err != nil {
		t.Logf("it ended with %v", err)
	}
	if a := n.ask(http.MethodHead, "/events", nil); a.StatusCode != http.StatusOK {
		t.Errorf("HEAD: %d", a.StatusCode)
	}
}

// A stream follows its reader's rights: who is limited to accounts meanwhile sees no others any more.
func TestStreamOfWhoIsLimitedMeanwhile(t *testing.T) {
	t.Parallel()
	conf := tenants + tokenConf(t)
	n := start(t, conf)
	s := n.stream("/events?topics=connection.opened", "Authorization", "Bearer s-vic")
	n.Write(strings.Replace(conf, "role: viewer}", "role: viewer, accounts: [APP]}", 1))
	n.want(n.ask("POST", "/reload", nil), http.StatusOK, nil)
	inside.Until(t, "only events of the account come", func() bool {
		_ = n.connect(`"user":"olga","pass":"o"`).Close()
		_ = n.connect(`"user":"alice","pass":"a"`).Close()
		if s.await("connection.opened").User == "alice" {
			return true
		}
		s.await("connection.opened") // hers, after that of the other account
		return false
	})
}

// There are only so many streams at the same time; who leaves makes room.
func TestManyStreams(t *testing.T) {
	t.Parallel()
	n := start(t, "")
	var last *streaming
	for range 256 {
		last = n.stream("/events?topics=admin")
	}
	if p := n.problem(n.ask("GET", "/logging/stream", nil), api.RateLimited); p == nil {
		t.Error("one too many is served")
	}
	last.leave()
	inside.Until(t, "there is room again", func() bool {
		return n.ask(http.MethodHead, "/events", nil).StatusCode == http.StatusOK
	})
}
