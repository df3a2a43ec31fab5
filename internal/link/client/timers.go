package client

import (
	"math/rand/v2"
	"time"

	"natsd/internal/broker"
	"natsd/internal/conn"
	"natsd/internal/event"
	"natsd/internal/wire"
)

const (
	firstPingPeriod = 2 * time.Second // measures the round trip soon after CONNECT
	rttPeriod       = time.Hour       // a round trip older than this is measured again
)

// timers are the deadlines of one session, guarded by its mutex. A timer that is nil is not set.
type timers struct {
	ended bool
	login *time.Timer // for CONNECT
	line  *time.Timer // for the rest of the first line
	life  *time.Timer // end of the grant
	ping  *time.Timer

	pings    int       // unanswered
	pingSent time.Time // of the last PING
	measured time.Time // when the round trip was measured last
	heard    time.Time // last PING of the client
	inMsgs   int64     // messages that had come at the last tick
	asked    []asked   // PINGs that somebody waits for, in order
}

func (t *timers) stop() {
	t.ended = true
	for _, x := range []*time.Timer{t.login, t.line, t.life, t.ping} {
		if x != nil {
			x.Stop()
		}
	}
	for _, a := range t.asked {
		close(a.done)
	}
	t.asked = nil
}

// start sets the timers of a connection that is ready for its first operation: a deadline for CONNECT
// where one is needed, and PINGs.
func (t *timers) start(s *Session) {
	o := s.set.Options
	if s.set.Auth.Required() && !s.set.Auth.NoAuthUser() {
		t.login = time.AfterFunc(o.Authorization.Timeout, func() { s.conn.Close(conn.AuthenticationTimeout) })
	}
	t.schedule(s, o.Limits.PingInterval)
}

// arrived ends the deadline for CONNECT: the client has brought what it was waited for.
func (t *timers) arrived() {
	if t.login != nil {
		t.login.Stop()
		t.login = nil
	}
}

// entered sets the deadline of the grant.
func (t *timers) entered(s *Session, expires time.Time) {
	if t.life != nil {
		t.life.Stop()
		t.life = nil
	}
	if !expires.IsZero() && !t.ended {
		t.life = time.AfterFunc(time.Until(expires), s.expire)
	}
}

// expire ends the connection with its grant.
func (s *Session) expire() {
	if s.conn.Close(conn.AuthenticationExpired) {
		s.link.registry.Events.Publish(event.Expired{Facts: s.conn.Facts()})
	}
}

// connected brings the next PING forward, to measure the round trip.
func (t *timers) connected(s *Session) {
	first := min(s.set.Options.Limits.PingInterval, firstPingPeriod)
	t.schedule(s, first+rand.N(first/5+1))
}

// restartPings begins the interval anew, for everybody at another moment. It may be called by any
// goroutine.
func (s *Session) restartPings(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timers.ping != nil {
		s.timers.schedule(s, d-rand.N(d/5+1))
	}
}

func (t *timers) schedule(s *Session, d time.Duration) {
	switch {
	case t.ended || d <= 0:
	case t.ping == nil:
		t.ping = time.AfterFunc(d, s.tick)
	default:
		t.ping.Reset(d)
	}
}

// firstLine keeps a deadline while the first operation has begun and not ended.
func (s *Session) firstLine(pending bool) {
	if s.spoke && !pending && s.timers.line == nil {
		return // only the read goroutine sets line
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &s.timers
	switch limit := s.set.Options.Limits.FirstLineTimeout; {
	case !pending && t.line != nil:
		t.line.Stop()
		t.line = nil
	case pending && t.line == nil && !t.ended && limit > 0:
		t.line = time.AfterFunc(limit, func() { s.conn.Close(conn.AuthenticationTimeout) })
	}
}

// tick is the end of a ping interval.
func (s *Session) tick() {
	limits := &s.link.Settings().Options.Limits
	now := time.Now()
	s.mu.Lock()
	t := &s.timers
	if t.ended {
		s.mu.Unlock()
		return
	}
	if n := s.conn.Counters.InMsgs.Load(); n != t.inMsgs {
		t.inMsgs = n
	} else {
		s.origin.Forget() // a client that has stopped to publish
	}
	if s.quiet(now, limits.PingInterval) {
		t.schedule(s, limits.PingInterval)
		s.mu.Unlock()
		return
	}
	if t.pings+1 > limits.PingMax {
		s.mu.Unlock()
		s.conn.Close(conn.StaleConnection)
		return
	}
	t.pings++
	t.pingSent = now
	t.schedule(s, limits.PingInterval)
	s.mu.Unlock()
	s.write([]byte(wire.LinePing))
	s.conn.Flush()
}

// quiet tells whether no PING is needed: the client has been heard of within the interval and the
// round trip is known. s.mu is held.
func (s *Session) quiet(now time.Time, interval time.Duration) bool {
	t := &s.timers
	active := time.Unix(0, s.conn.Counters.LastActivity.Load())
	heard := now.Sub(active) < interval || now.Sub(t.heard) < interval
	return heard && !t.measured.IsZero() && now.Sub(t.measured) < rttPeriod
}

// ping answers PING; the first one after CONNECT also brings an INFO to clients that understand it.
func (s *Session) ping(b *broker.Batch) {
	s.send(b, wire.LinePong)
	s.mu.Lock()
	s.timers.heard = b.Now
	s.mu.Unlock()
	if s.pinged || s.opts.Protocol < 1 || s.account.Load() == nil {
		return
	}
	s.pinged = true
	i := s.laterInfo()
	i.ConnectInfo = true
	i.RemoteAccount = s.account.Load().Name
	i.AccountIsSys = i.RemoteAccount == s.set.Options.SystemAccount
	s.send(b, string(i.line()))
	s.greeted.Store(true)
}

// pong takes the answer to a PING.
func (s *Session) pong() {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &s.timers
	t.pings = 0
	if rtt, ok := t.answered(now); ok {
		s.conn.Counters.RTT.Store(int64(rtt))
		t.measured = now
		return
	}
	if !t.pingSent.IsZero() {
		s.conn.Counters.RTT.Store(max(1, int64(now.Sub(t.pingSent))))
		t.measured, t.pingSent = now, time.Time{}
	}
}
