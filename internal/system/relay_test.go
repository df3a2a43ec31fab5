package system

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"natsd/internal/broker"
)

// Every account may ask about itself, and learns nothing about others, whatever it asks for.
func TestAccountsAskAboutThemselves(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.app.Join()
	h.app2.Join()
	for _, to := range []string{"$SYS.REQ.ACCOUNT.PING.CONNZ", "$SYS.REQ.SERVER.PING.CONNZ", "$SYS.REQ.ACCOUNT.PING.STATZ"} {
		for _, body := range []string{``, `{"acc":"APP2","accounts":["APP2"],"include_unused":true,"auth":true}`} {
			m := h.ask(t, h.app, to, body)
			if m == nil || m.data == nil || m.subject != "reply" || m.server.ID != ownID {
				t.Fatalf("%s %s: %+v", to, body, m)
			}
			if text := string(m.body); strings.Contains(text, "APP2") || strings.HasSuffix(to, "STATZ") != strings.Contains(text, `"acc":"APP"`) {
				t.Errorf("%s %s: %s", to, body, text)
			}
		}
	}
	if m := h.ask(t, h.app, "$SYS.REQ.ACCOUNT.PING.CONNZ", `{`); m == nil || m.failure.Code != 400 {
		t.Errorf("malformed: %+v", m)
	}
	if m := h.ask(t, h.app, "$SYS.REQ.ACCOUNT.PING.CONNZ", `{"server_name":"other"}`); m != nil {
		t.Errorf("answer of a server that was not meant: %s", m.body)
	}
}

// Requests of accounts are heard by all servers, whose answers find back.
func TestAnswersOfOtherServers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	far := &farServer{}
	h.sys.Subscribe(nil, &broker.Sub{Subject: "$SYS.REQ.ACCOUNT.*.CONNZ", Kind: broker.Route, Link: far})
	in := listen(t, h.app, "_INBOX.1")
	post(h.app, nil, "$SYS.REQ.ACCOUNT.PING.CONNZ", "_INBOX.1", "NATS/1.0\r\nA: b\r\n\r\n", "{}")
	in.next(t) // our own
	if far.subject != "$SYS.REQ.ACCOUNT.APP.CONNZ" || far.body != "NATS/1.0\r\nA: b\r\n\r\n{}" || !strings.HasPrefix(far.reply, "_R_.") || len(far.reply) != len("_R_.abcdef.abcdef") {
		t.Fatalf("forwarded: %+v", far)
	}
	route := &broker.Origin{Kind: broker.Route}
	for i := range 3 {
		post(h.sys, route, far.reply, "", "NATS/1.0\r\nContent-Encoding: gzip\r\n\r\n", fmt.Sprint(i))
		if m := in.next(t); string(m.body) != fmt.Sprint(i) || m.subject != "_INBOX.1" || !strings.Contains(m.head, "gzip") {
			t.Errorf("answer %d: %+v", i, m)
		}
	}
	if n := post(h.sys, route, h.relays.prefix+"nobody", "", "", "x"); n != 0 {
		t.Errorf("%d deliveries of an answer to nothing", n)
	}
	in.silent(t)
}

// farServer is a link that remembers the last message.
type farServer struct{ subject, reply, body string }

func (f *farServer) Forward(_ *broker.Batch, r *broker.Run, _ *broker.Copy) int {
	m := r.Msgs[len(r.Msgs)-1]
	f.subject, f.reply, f.body = string(r.Subject), string(m.Reply), string(m.Body)
	return len(r.Msgs)
}

func TestRelaysForget(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	l := &relays{prefix: "_R_.x."}
	now := time.Now()
	first := l.issue(h.app, []byte("r1"), now)
	if to, ok := l.find(first); !ok || to.reply != "r1" || to.account != h.app {
		t.Errorf("found %+v, %v", to, ok)
	}
	l.issue(h.app, []byte("r2"), now.Add(relayPeriod))
	if _, ok := l.find(first); !ok {
		t.Error("forgotten after one period")
	}
	l.issue(h.app, []byte("r3"), now.Add(2*relayPeriod))
	if _, ok := l.find(first); ok {
		t.Error("remembered after two periods")
	}
	for i := range 3 * maxRelays {
		l.issue(h.app, fmt.Append(nil, i), now.Add(2*relayPeriod))
	}
	if n := len(l.young) + len(l.old); n > 2*maxRelays {
		t.Errorf("%d entries", n)
	}
}

// A name that means something in subjects must not lead an account to others.
func TestOddAccountNames(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, name := range []string{"PING", "*", ">", "A B", "A\tB"} {
		a := h.setup.Broker.Open(name)
		h.Open(a)
		if n := post(a, nil, "$SYS.REQ.ACCOUNT.PING.STATZ", "reply", "", ""); n != 0 {
			t.Errorf("%q: %d deliveries", name, n)
		}
	}
}

func TestImportsInMonitoring(t *testing.T) {
	t.Parallel()
	if n := len(Imports("A", "SYS")); n != 4 {
		t.Errorf("%d imports of an account", n)
	}
	if all := Imports("SYS", "SYS"); len(all) != 1 || all[0].Subject != "$SYS.REQ.USER.SYS.INFO" || !all[0].Share {
		t.Errorf("imports of the system account: %+v", all)
	}
	if all := Imports("A", ""); all != nil {
		t.Errorf("imports without a system account: %+v", all)
	}
}
