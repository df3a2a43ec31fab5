package server

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"natsd/internal/status"
)

// What monitoring reads of a server at work.
func TestSource(t *testing.T) {
	t.Parallel()
	s, _ := launch(t, options(t, "accounts { A { users: [{user: a, password: p}] }, B { users: [{user: b, password: p}] } }\nserver_name: srv"))
	services, inA := int(s.Counters().Subs), int(s.IndexStats("A").Subs) // those of the server itself
	a, b := enter(t, s, "a"), enter(t, s, "b")
	const many = 3*subsPage + 10
	var text strings.Builder
	for i := range many {
		fmt.Fprintf(&text, "SUB many.%d %d\r\n", i, i)
	}
	text.WriteString("SUB x q mine\r\nPUB x 3\r\nabc\r\nPUB x 3\r\nabc\r\nPING\r\n")
	a.say(text.String())
	a.expect("MSG x mine 3", "abc", "MSG x mine 3", "abc", "PONG")
	b.say("PUB x 5\r\nabcde\r\nPING\r\n")
	b.expect("PONG")

	if x := s.Server(); x.ID != s.ID() || x.Name != "srv" || x.Port == 0 || !x.AuthRequired {
		t.Errorf("server: %+v", x)
	}
	c := s.Counters()
	if c.Connections != 2 || c.TotalConnections != 2 || c.Traffic.InMsgs != 3 || c.Traffic.InBytes != 11 || c.Traffic.OutMsgs != 2 || c.Traffic.OutBytes != 6 {
		t.Errorf("counters: %+v", c)
	}
	if int(c.Subs) != many+1+services {
		t.Errorf("%d subscriptions, want %d", c.Subs, many+1+services)
	}
	d, ok := s.Account("A")
	if !ok || d.Clients != 1 || d.Received != (status.AccountTraffic{Msgs: 2, Bytes: 6}) || d.Sent != (status.AccountTraffic{Msgs: 2, Bytes: 6}) || d.System {
		t.Errorf("account: %+v", d)
	}
	if _, ok := s.Account("C"); ok || s.HasAccount("C") || !s.HasAccount("B") {
		t.Error("accounts that do not exist")
	}
	if n := len(s.Accounts()); n != len(s.broker.Accounts()) {
		t.Errorf("%d accounts", n)
	}
	for name, want := range map[string]int{"": many + 1 + services, "A": many + 1 + inA, "C": 0} {
		if n := int(s.IndexStats(name).Subs); n != want {
			t.Errorf("index of %q: %d, want %d", name, n, want)
		}
		seen := map[string]bool{}
		for sub := range s.Subs(name) {
			if name != "" && sub.Account != name {
				t.Errorf("%+v in account %s", sub, name)
			}
			seen[sub.Account+" "+sub.SID+" "+sub.Subject] = true
		}
		if len(seen) != want {
			t.Errorf("%q has %d different subscriptions, want %d", name, len(seen), want)
		}
	}
	n := 0
	for range s.Subs("") {
		if n++; n == 2 {
			break // and no further page is looked at
		}
	}
	own := slices.Collect(s.ConnSubs(1))
	i := slices.IndexFunc(own, func(x status.Sub) bool { return x.SID == "mine" })
	if len(own) != many+1 || i < 0 || own[i].Queue != "q" || own[i].Msgs != 2 || own[i].CID != 1 {
		t.Errorf("%d subscriptions of the connection", len(own))
	}
	if len(slices.Collect(s.ConnSubs(99))) != 0 || len(s.NotReady()) != 0 {
		t.Error("what is not there")
	}
	conns := slices.Collect(s.Conns())
	if len(conns) != 2 || conns[0].Facts.Account == conns[1].Facts.Account {
		t.Errorf("connections: %+v", conns)
	}
}

func TestReopenLogs(t *testing.T) {
	t.Parallel()
	o := options(t, "")
	s, _ := launch(t, o)
	moved := o.Logging.File + ".1"
	if err := os.Rename(o.Logging.File, moved); err != nil {
		t.Fatal(err)
	}
	s.ReopenLogs()
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if text, err := os.ReadFile(o.Logging.File); err == nil && strings.Contains(string(text), "File log re-opened") {
			return
		}
		if time.Now().After(end) {
			t.Fatal("no new log file")
		}
	}
}

// Connections that end are counted by their reason, and those that were never let in once more.
func TestCountsByReason(t *testing.T) {
	t.Parallel()
	s, _ := launch(t, options(t, "authorization { user: a, password: p, timeout: 60 }"))
	a, wrong := enter(t, s, "a"), dial(t, s)
	wrong.say("CONNECT {\"user\":\"a\",\"pass\":\"no\"}\r\n")
	wrong.ended()
	a.say("BOGUS\r\n")
	a.ended()
	for n := s.Counters(); n.Connections > 0; n = s.Counters() {
		time.Sleep(time.Millisecond)
	}
	n := s.Counters()
	if n.Closed["Authentication Failure"] != 1 || n.Closed["Protocol Violation"] != 1 || len(n.Closed) != 2 {
		t.Errorf("closed: %v", n.Closed)
	}
	if n.Refused["Authentication Failure"] != 1 || len(n.Refused) != 1 {
		t.Errorf("refused: %v", n.Refused)
	}
}
