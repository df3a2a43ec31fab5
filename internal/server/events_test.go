package server

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"natsd/internal/event"
	"natsd/internal/reload"
)

// eavesdropper keeps what it hears.
type eavesdropper struct {
	*event.Subscription
	seen []event.Event
}

// await returns the first event of kind k that has not been returned before.
func (l *eavesdropper) await(t *testing.T, k event.Kind) event.Event {
	t.Helper()
	timeout := time.After(patience)
	for {
		for i, e := range l.seen {
			if e.Kind() == k {
				l.seen = append(l.seen[:i:i], l.seen[i+1:]...)
				return e
			}
		}
		select {
		case <-l.Ready():
			some, dropped := l.Take()
			if dropped > 0 {
				t.Errorf("%d events were dropped", dropped)
			}
			l.seen = append(l.seen, some...)
		case <-timeout:
			t.Fatalf("no %s, only %v", k, l.seen)
		}
	}
}

const eventUsers = `accounts {
	A { users [{user: ann, password: p}, {user: eve, password: hidden-secret}] }
	B { users [{user: bob, password: p}] }
}
`

// What happens in a server is told in order, and without secrets.
func TestEvents(t *testing.T) {
	t.Parallel()
	l := serve(t, eventUsers)
	heard := &eavesdropper{Subscription: l.Events().Subscribe(1000)}
	defer heard.Close()

	c := enter(t, l.Server, "ann")
	opened := heard.await(t, event.ConnectionOpened).Data.(event.Opened)
	if f := opened.Facts; f.CID != 1 || f.User != "ann" || f.Account != "A" {
		t.Errorf("opened: %+v", f)
	}
	c.say(`CONNECT {"verbose":false,"user":"ann","pass":"p"}` + "\r\nPING\r\n")
	c.expect("PONG")
	c.say(`CONNECT {"verbose":false,"user":"bob","pass":"p"}` + "\r\nPUB x 2\r\nhi\r\nPING\r\n")
	c.expect("PONG")
	opened = heard.await(t, event.ConnectionOpened).Data.(event.Opened)
	if f := opened.Facts; f.CID != 1 || f.Account != "B" {
		t.Errorf("opened again: %+v", f)
	}
	l.Kick(1, "ops", "because")
	if k := heard.await(t, event.ConnectionKicked).Data.(event.Kicked); k.Facts.CID != 1 || k.Actor != "ops" || k.Reason != "because" {
		t.Errorf("kicked: %+v", k)
	}
	closed := heard.await(t, event.ConnectionClosed).Data.(event.Closed)
	if closed.Facts.CID != 1 || closed.Reason != "Kicked" || closed.InMsgs != 1 || closed.InBytes != 2 {
		t.Errorf("closed: %+v", closed)
	}
	if n := l.broker.Account("B").Clients(); n != 0 {
		t.Errorf("%d clients are still counted when the end is told", n)
	}

	bad := dial(t, l.Server)
	bad.say(`CONNECT {"user":"eve","pass":"wrong-secret","name":"intruder"}` + "\r\n")
	refused := heard.await(t, event.AuthFailed).Data.(event.Refused)
	if refused.User != "eve" || refused.Conn.Facts.Name != "intruder" || refused.Reason != "Authentication Failure" {
		t.Errorf("refused: %+v", refused)
	}
	if text := fmt.Sprintf("%+v %+v", refused, refused.Conn.Facts); strings.Contains(text, "secret") {
		t.Errorf("a secret in %s", text)
	}
	heard.await(t, event.ConnectionClosed)

	l.reloadTo(t, strings.Replace(eventUsers, "B {", "C {", 1))
	if r := heard.await(t, event.ReloadApplied).Data.(*reload.Report); r.Generation != 2 {
		t.Errorf("reload: %+v", r)
	}
	if a := heard.await(t, event.AccountChanged).Data.(event.Accounts); fmt.Sprint(a) != "{[C] [B] []}" {
		t.Errorf("accounts: %v", a)
	}
	if _, err := l.try("port: nonsense"); err == nil {
		t.Error("nonsense was taken")
	}
	heard.await(t, event.ReloadRejected)
	if err := l.end(); err != nil {
		t.Error(err)
	}
	heard.await(t, event.ServerStopping)
}

func TestSlowConsumersAreEvents(t *testing.T) {
	t.Parallel()
	r := run(t, "max_pending: 1MB\nmax_payload: 100KB")
	heard := &eavesdropper{Subscription: r.Events().Subscribe(1000, event.ConnectionSlow)}
	defer heard.Close()
	_, in := r.say(`CONNECT {"verbose":false,"name":"lame"}` + "\r\nSUB foo.> 1\r\nPING\r\n")
	if line, err := in.ReadString('\n'); err != nil || line != "PONG\r\n" {
		t.Fatal(line, err)
	}
	pub, _ := r.say(`CONNECT {"verbose":false}` + "\r\n")
	msg := []byte("PUB foo.bar 65536\r\n" + strings.Repeat("x", 65536) + "\r\n")
	for range 300 {
		if _, err := pub.Write(msg); err != nil {
			t.Fatal(err)
		}
	}
	slow := heard.await(t, event.ConnectionSlow).Data.(event.Slow)
	if slow.Facts.Name != "lame" || slow.Subject != "foo.bar" || slow.Pending < 1<<20 || slow.Reason != "Slow Consumer (Pending Bytes)" {
		t.Errorf("%+v", slow)
	}
}

func TestLameDuckIsAnEvent(t *testing.T) {
	t.Parallel()
	s, _ := launch(t, options(t, ""))
	heard := &eavesdropper{Subscription: s.Events().Subscribe(1000)}
	defer heard.Close()
	s.LameDuck()
	if d := heard.await(t, event.ServerLameDuck).Data.(event.LameDuck); d.Grace != 10*time.Second {
		t.Errorf("%+v", d)
	}
	heard.await(t, event.ServerStopping)
}
