package route

import (
	"math/rand/v2"
	"time"

	"natsd/internal/broker"
	"natsd/internal/conn"
	"natsd/internal/link/peer"
	"natsd/internal/wire"
)

// firstPing is when the round trip is measured first.
const firstPing = time.Second

// timers are the deadlines of one route, guarded by the session's mutex. A timer that is nil is not set.
type timers struct {
	ended bool
	login *time.Timer // for CONNECT
	begin *time.Timer // for the whole handshake
	ping  *time.Timer

	pings    int       // unanswered
	pingSent time.Time // of the last PING
}

func (t *timers) stop() {
	t.ended = true
	for _, x := range []*time.Timer{t.login, t.begin, t.ping} {
		if x != nil {
			x.Stop()
		}
	}
}

// start sets the deadlines of a handshake. Who connects says at once who it is, whether a password is asked
// for or not.
func (t *timers) start(s *Session) {
	c := s.set.Cluster
	if s.dial == nil {
		t.login = time.AfterFunc(c.Auth.Timeout, func() { s.conn.Close(conn.AuthenticationTimeout) })
	}
	whole := c.PingInterval * time.Duration(c.PingMax+1)
	t.begin = time.AfterFunc(whole, func() { s.conn.Close(conn.StaleConnection) })
}

// arrived ends the deadline for CONNECT.
func (t *timers) arrived() {
	if t.login != nil {
		t.login.Stop()
		t.login = nil
	}
}

// up ends the handshake and begins with PINGs.
func (t *timers) up(s *Session) {
	t.begin.Stop()
	if t.ended {
		return
	}
	t.ping = time.AfterFunc(firstPing+rand.N(firstPing/5), s.tick)
}

// restartPings begins the interval anew. It may be called by any goroutine.
func (s *Session) restartPings(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := &s.timers; t.ping != nil && !t.ended {
		t.ping.Reset(d - rand.N(d/5+1))
	}
}

// tick is the end of a ping interval.
func (s *Session) tick() {
	set := s.link.Settings()
	if !set.On() {
		return
	}
	s.mu.Lock()
	t := &s.timers
	if t.ended {
		s.mu.Unlock()
		return
	}
	if t.pings+1 > set.Cluster.PingMax {
		s.mu.Unlock()
		s.debug("Stale Client Connection - Closing")
		s.conn.Close(conn.StaleConnection)
		return
	}
	t.pings++
	t.pingSent = time.Now()
	t.ping.Reset(set.Cluster.PingInterval)
	s.mu.Unlock()
	b := broker.Begin()
	s.write([]byte(wire.LinePing))
	b.Touch(s.conn)
	b.End(0)
	s.link.tend(s)
}

// pong takes the answer to a PING.
func (s *Session) pong() {
	now := time.Now()
	s.mu.Lock()
	t := &s.timers
	t.pings = 0
	measured := !t.pingSent.IsZero()
	rtt := now.Sub(t.pingSent)
	t.pingSent = time.Time{}
	s.mu.Unlock()
	if measured {
		s.conn.Counters.RTT.Store(max(1, int64(rtt)))
		if s.modeOf() == peer.S2Auto {
			s.compress(s.set, peer.S2Auto, rtt)
		}
	}
	if s.grow {
		s.grow = false
		s.link.dialNext(s)
	}
}
