package server

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// The texts between which the system account moves: SYS, $SYS, none at all.
var systemTexts = []string{
	"accounts { A { users: [{user: a, password: p}] }, SYS { users: [{user: s, password: p}] } }\nsystem_account: SYS\n",
	"accounts { A { users: [{user: a, password: p}] }, SYS { users: [{user: s, password: p}] } }\n",
	"accounts { A { users: [{user: a, password: p}] }, SYS { users: [{user: s, password: p}] } }\nno_system_account: true\n",
	"accounts { A { users: [{user: a, password: p}], limits: {max_connections: 50} }, OTHER { users: [{user: s, password: p}] } }\nsystem_account: OTHER\n",
}

func (l *live) connect(t *testing.T, user string, opts ...nats.Option) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect("nats://"+l.ClientAddr().String(), append(opts, nats.UserInfo(user, "p"), nats.ReconnectWait(time.Millisecond), nats.MaxReconnects(-1),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// A reload may make another account the system account, or do without.
func TestSystemAccountMovesLive(t *testing.T) {
	t.Parallel()
	l := serve(t, systemTexts[0])
	a, s := l.connect(t, "a"), l.connect(t, "s")
	answers := func(nc *nats.Conn, subject string) bool {
		_, err := nc.Request(subject, nil, patience)
		return err == nil
	}
	check := func(what string, server, own bool) {
		t.Helper()
		if answers(s, "$SYS.REQ.SERVER.PING") != server || answers(a, "$SYS.REQ.SERVER.PING") {
			t.Errorf("%s: the system account is not where it should be", what)
		}
		if answers(a, "$SYS.REQ.ACCOUNT.PING.CONNZ") != own || answers(a, "$SYS.REQ.USER.INFO") != own {
			t.Errorf("%s: what accounts may ask about themselves", what)
		}
	}
	check("SYS", true, true)
	l.reloadTo(t, systemTexts[1])
	check("$SYS", false, true)
	l.reloadTo(t, systemTexts[2])
	check("none", false, false)
	l.reloadTo(t, systemTexts[0])
	check("SYS again", true, true)
}

// Everything at once: clients that come and go, requests of all kinds, listeners, and reloads that move the
// system account. It is for the race detector; afterwards everything works.
func TestSystemUnderChurn(t *testing.T) {
	t.Parallel()
	l := serve(t, systemTexts[0])
	end := make(chan struct{})
	var all sync.WaitGroup
	var clients []*nats.Conn
	for _, user := range []string{"s", "a", "a"} { // all of them before the first kick
		nc := l.connect(t, user)
		if _, err := nc.Subscribe("$SYS.>", func(*nats.Msg) {}); err != nil {
			t.Fatal(err)
		}
		clients = append(clients, nc)
	}
	for _, nc := range clients {
		all.Go(func() {
			verbs := strings.Fields("VARZ CONNZ SUBSZ ROUTEZ ACCOUNTZ STATSZ HEALTHZ IDZ LEAFZ JSZ EXPVARZ")
			for n := 0; ; n++ {
				select {
				case <-end:
					return
				default:
				}
				for _, to := range []string{
					"$SYS.REQ.SERVER.PING." + verbs[n%len(verbs)], "$SYS.REQ.ACCOUNT.PING.CONNZ", "$SYS.REQ.USER.INFO", "$SYS.REQ.ACCOUNT.A.INFO",
					"$SYS.DEBUG.SUBSCRIBERS", "$SYS.REQ.SERVER." + l.ID() + ".KICK",
				} {
					_ = nc.PublishRequest(to, "r.x", fmt.Appendf(nil, `{"cid":%d}`, n)) // between two connections it is lost
				}
				_ = nc.FlushTimeout(time.Second)
			}
		})
	}
	for range 2 {
		all.Go(func() {
			for {
				select {
				case <-end:
					return
				default:
				}
				if nc, err := nats.Connect("nats://"+l.ClientAddr().String(), nats.UserInfo("a", "p")); err == nil {
					nc.Close()
				}
				_, _ = nats.Connect("nats://"+l.ClientAddr().String(), nats.UserInfo("a", "wrong"))
			}
		})
	}
	for i := range 24 {
		l.reloadTo(t, systemTexts[i%len(systemTexts)])
		time.Sleep(20 * time.Millisecond)
	}
	l.reloadTo(t, systemTexts[0])
	close(end)
	all.Wait()
	s := l.connect(t, "s")
	if m, err := s.Request("$SYS.REQ.SERVER.PING.IDZ", nil, patience); err != nil || !strings.Contains(string(m.Data), l.ID()) {
		t.Errorf("%v, %v", m, err)
	}
}
