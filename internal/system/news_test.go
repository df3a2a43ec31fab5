package system

import (
	"testing"
	"testing/synctest"
	"time"

	"natsd/internal/broker"
	"natsd/internal/event"
	"natsd/internal/status"
)

// Who comes and goes is told in order: first the number of connections, then who.
func TestComingAndGoing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.Start()
		all := listen(t, h.sys, "$SYS.*.>")
		synctest.Wait()
		f := facts(7, "APP", "bob")
		h.app.Join()
		h.events.Publish(event.Opened{Facts: f})
		synctest.Wait()
		h.app.Leave()
		h.events.Publish(event.Closed{Closed: &status.Closed{
			Conn: status.Conn{Facts: f, Traffic: status.Traffic{InMsgs: 1, InBytes: 2, OutMsgs: 3, OutBytes: 4}, RTT: 5},
			Stop: began.Add(time.Second), Reason: "Client Closed",
		}})
		synctest.Wait()

		var last message
		seq := uint64(0)
		for i, want := range []struct {
			subject, kind string
			conns         any
		}{
			{"$SYS.SERVER.ACCOUNT.APP.CONNS", "account_connections", 1.0},
			{"$SYS.ACCOUNT.APP.SERVER.CONNS", "account_connections", 1.0},
			{"$SYS.ACCOUNT.APP.CONNECT", "client_connect", nil},
			{"$SYS.SERVER.ACCOUNT.APP.CONNS", "account_connections", 0.0},
			{"$SYS.ACCOUNT.APP.SERVER.CONNS", "account_connections", 0.0},
			{"$SYS.ACCOUNT.APP.DISCONNECT", "client_disconnect", nil},
		} {
			m := all.next(t)
			if m.subject != want.subject || m.whole["type"] != "io.nats.server.advisory.v1."+want.kind || m.whole["conns"] != want.conns {
				t.Errorf("event %d: %s: %s", i, m.subject, m.body)
			}
			if m.server.ID != ownID || m.server.Seq <= seq {
				t.Errorf("event %d: server %+v after %d", i, m.server, seq)
			}
			seq, last = m.server.Seq, m
			if c, _ := m.whole["client"].(map[string]any); c != nil && (c["id"] != 7.0 || c["acc"] != "APP" || c["user"] != "bob" || c["host"] != "127.0.0.1" || c["ver"] != "1.55.0" || c["kind"] != "Client" || c["client_type"] != "nats" || c["name_tag"] != "APP") {
				t.Errorf("event %d: client %v", i, c)
			}
		}
		sent, _ := last.whole["sent"].(map[string]any)
		got, _ := last.whole["received"].(map[string]any)
		client, _ := last.whole["client"].(map[string]any)
		if last.whole["reason"] != "Client Closed" || sent["bytes"] != 2.0 || got["msgs"] != 3.0 || client["rtt"] != 5.0 || client["stop"] != "2026-11-22T11:00:01Z" {
			t.Errorf("disconnect: %s", last.body)
		}
		all.silent(t)
	})
}

// Nobody is told of $G, nor of those who were never let in, but of those who tried.
func TestWhatIsNotTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.Start()
		all := listen(t, h.sys, "$SYS.*.>")
		h.events.Publish(event.Opened{Facts: facts(1, globalAccount, "")})
		h.events.Publish(event.Closed{Closed: &status.Closed{Conn: status.Conn{Facts: facts(1, globalAccount, "")}, Reason: "Client Closed"}})
		h.events.Publish(event.Refused{Conn: status.Conn{Facts: facts(2, "", "")}, User: "eve", Reason: "Authentication Failure", Detail: "not for the public"})
		h.events.Publish(event.Closed{Closed: &status.Closed{Conn: status.Conn{Facts: facts(2, "", "")}, Reason: "Authentication Failure"}})
		synctest.Wait()
		m := all.next(t)
		c, _ := m.whole["client"].(map[string]any)
		if m.subject != "$SYS.SERVER."+ownID+".CLIENT.AUTH.ERR" || m.whole["type"] != "io.nats.server.advisory.v1.client_disconnect" ||
			m.whole["reason"] != "Authentication Failure" || c["user"] != "eve" || c["acc"] != "$G" || c["name_tag"] != "$G" || c["rtt"] == nil {
			t.Errorf("%s: %s", m.subject, m.body)
		}
		all.silent(t)
	})
}

// The state of the server is told soon and often at first, then every 10 seconds; that of accounts every
// 30 while they have connections. Nothing is made where nobody listens.
func TestTellsFromTimeToTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.app.Join()
		h.Start()
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := h.seq.Load(); n != 0 {
			t.Errorf("%d messages to nobody", n)
		}
		statsz, conns := listen(t, h.sys, "$SYS.SERVER.*.STATSZ"), listen(t, h.sys, "$SYS.ACCOUNT.*.SERVER.CONNS")
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := len(statsz.got); n != 6 {
			t.Errorf("%d statistics of the server in a minute", n)
		}
		if n := len(conns.got); n != 2 {
			t.Errorf("%d numbers of connections in a minute", n)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		statsz := listen(t, h.sys, "$SYS.SERVER.*.STATSZ")
		h.Start()
		time.Sleep(9 * time.Second)
		synctest.Wait()
		if n := len(statsz.got); n != 4 { // after 0.25, 1.75, 3.75 and 7.75 s; 0.75 is too soon after the first
			t.Errorf("%d statistics at the start", n)
		}
	})
}

// A number that has become 0 without an event, by a client that went to another account, is told all the
// same.
func TestNoConnectionsAreToldOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.Start()
		conns := listen(t, h.sys, "$SYS.ACCOUNT.*.SERVER.CONNS")
		h.app.Join()
		h.events.Publish(event.Opened{Facts: facts(7, "APP", "bob")})
		synctest.Wait()
		h.app.Leave()
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		for _, want := range []float64{1, 0} {
			if m := conns.next(t); m.whole["conns"] != want {
				t.Errorf("told %s, want %v", m.body, want)
			}
		}
		conns.silent(t)
	})
}

func TestLastWords(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	all := listen(t, h.sys, "$SYS.SERVER.>")
	h.LameDuck()
	h.Stopping()
	for _, what := range []string{"LAMEDUCK", "SHUTDOWN"} {
		if m := all.next(t); m.subject != "$SYS.SERVER."+ownID+"."+what || m.whole["id"] != ownID || m.whole["name"] != "srv" {
			t.Errorf("%s: %s", m.subject, m.body)
		}
	}
}

func TestEventsThatAreTooMany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.Start()
		synctest.Wait()
		all := listen(t, h.sys, "$SYS.ACCOUNT.APP.CONNECT")
		gate := make(chan struct{})
		stuck := &broker.Sub{Subject: "$SYS.ACCOUNT.APP2.CONNECT", SID: "1", Sink: waiting(gate)}
		h.sys.Subscribe(nil, stuck)
		h.events.Publish(event.Opened{Facts: facts(1, "APP2", "u")})
		synctest.Wait()
		for range maxNews + 10 {
			h.events.Publish(event.Opened{Facts: facts(2, "APP3", "u")})
		}
		close(gate)
		synctest.Wait()
		if n := h.news.dropped.Load(); n != 10 {
			t.Errorf("%d lost", n)
		}
		h.events.Publish(event.Opened{Facts: facts(3, "APP", "u")})
		synctest.Wait()
		if len(all.got) != 1 {
			t.Error("nothing is told any more")
		}
	})
}

// waiting is a sink that holds up who publishes to it.
type waiting chan struct{}

func (w waiting) Deliver(*broker.Batch, *broker.Sub, *broker.Run) int {
	<-w
	return 1
}
