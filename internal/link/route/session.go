package route

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"natsd/internal/broker"
	"natsd/internal/conn"
	"natsd/internal/perm"
	"natsd/internal/status"
	"natsd/internal/transport/s2conn"
	"natsd/internal/wire"
)

// Session is the protocol side of one route.
type Session struct {
	// immutable
	link  *Link
	conn  *conn.Conn
	dial  *dialed // nil: the other server has connected
	since time.Time
	own   string // mode of compression that this side offers

	// owned by the read goroutine
	set      *Settings // in force at the last read, or when the route was admitted if that was later
	dec      wire.Decoder
	trans    conn.Transport
	s2       *s2conn.Conn // nil: the transport does not compress
	secret   connect      // what the other side has shown; not immutable only because CONNECT comes late
	admitted *Settings    // that it was let in by
	agreed   bool         // compression has been agreed on
	last     *lane        // of the last message or interest
	run      broker.Run   // messages that are collected for publishing
	groups   [][]byte     // backing of the run's groups
	rawGroup []byte       // what they were split from
	origin   []byte       // origin cluster of the run
	key      []byte       // scratch
	in       traffic
	traced   bool
	grow     bool // the next PONG says that another connection of the pool may follow

	// set once when the route is registered, by the read goroutine
	remote  atomic.Pointer[Info]
	mode    atomic.Pointer[string] // of compression, as monitoring shows it
	account string                 // served by this connection alone; empty for one of the pool
	slot    int
	pooled  bool
	headers bool
	up      atomic.Bool // registered
	ended   atomic.Bool
	behind  atomic.Bool   // more waits to be sent than max_pending, and the log has been told
	said    chan struct{} // closed when a registered route has announced all that it carries

	mu     sync.Mutex // guards what follows; a leaf
	lanes  map[string]*lane
	timers timers
}

func newSession(l *Link, c *conn.Conn, d *dialed) *Session {
	s := &Session{link: l, conn: c, dial: d, set: l.Settings(), since: time.Now(), lanes: map[string]*lane{}, said: make(chan struct{})}
	s.dec.Limits = wire.Limits{
		ControlLine: maxControlLine, Payload: -1, Headers: true, Peer: true,
		ConnectFirst: d == nil,
	}
	return s
}

// Consume takes the bytes of one read.
func (s *Session) Consume(b *broker.Batch, p []byte) conn.Reason {
	if set := s.link.Settings(); set.On() { // else the end is near
		s.set = set
	}
	s.traced = s.link.Tracer.TraceOn()
	s.dec.Feed(p)
	why := s.operations(b)
	s.settleCounts(b)
	s.dec.Rest()
	return why
}

// operations carries out everything that has arrived whole.
func (s *Session) operations(b *broker.Batch) conn.Reason {
	for {
		op, err := s.dec.Next()
		if err == nil && op == wire.PeerMsg && s.up.Load() {
			s.collect(b)
			continue
		}
		s.publish(b)
		switch {
		case err != nil:
			return s.badInput(b, err)
		case op == wire.NeedMore:
			return conn.Open
		}
		if s.traced {
			s.traceIn(op)
		}
		if why := s.do(b, op); why != conn.Open {
			return why
		}
		if why := s.conn.Reason(); why != conn.Open {
			return why
		}
	}
}

// do carries out one operation.
func (s *Session) do(b *broker.Batch, op wire.Op) conn.Reason {
	if (op == wire.PeerMsg || op == wire.PeerSub || op == wire.PeerUnsub) && !s.up.Load() {
		s.error("Protocol error: messages or interest of a server that has not said who it is")
		return conn.ProtocolViolation
	}
	switch op {
	case wire.PeerSub:
		s.interested(b)
	case wire.PeerUnsub:
		s.disinterested(b)
	case wire.Ping:
		s.answer(b, wire.LinePong)
	case wire.Pong:
		s.pong()
	case wire.Info:
		return s.info(b)
	case wire.Connect:
		return s.connected(b)
	case wire.Err:
		s.error("Route error " + string(s.dec.Args.Text))
		return conn.ParseError
	}
	return conn.Open
}

// badInput answers input that the decoder could not make sense of.
func (s *Session) badInput(b *broker.Batch, err error) conn.Reason {
	switch {
	case errors.Is(err, wire.ErrUnknownOp):
		s.refuse(b, wire.TextUnknownOp)
		return conn.ProtocolViolation
	case errors.Is(err, wire.ErrControlLine):
		s.refuse(b, wire.TextControlLine)
		return conn.MaxControlLineExceeded
	case errors.Is(err, wire.ErrConnectFirst):
		s.refuse(b, wire.TextAuthorization)
		return conn.AuthenticationViolation
	}
	s.error("Protocol error: " + err.Error())
	return conn.ProtocolViolation
}

// Farewell queues the last words for an end that did not come from the other side's input.
func (s *Session) Farewell(why conn.Reason) {
	switch why {
	case conn.StaleConnection:
		s.write(wire.AppendErr(nil, wire.TextStale))
	case conn.AuthenticationTimeout:
		s.write(wire.AppendErr(nil, wire.TextAuthTimeout))
	}
}

// Closed undoes what the session has done elsewhere.
func (s *Session) Closed(why conn.Reason) {
	s.mu.Lock()
	s.timers.stop()
	s.mu.Unlock()
	s.ended.Store(true)
	if s.up.Load() {
		s.link.unregister(s)
	}
	b := broker.Begin()
	for _, n := range s.allLanes() {
		n.close(b)
	}
	b.End(0)
	s.dec.Release()
	s.closedLog(why)
}

// allLanes copies the list of lanes.
func (s *Session) allLanes() []*lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*lane, 0, len(s.lanes))
	for _, n := range s.lanes {
		out = append(out, n)
	}
	return out
}

// Subscriptions returns what the other server is subscribed to.
func (s *Session) Subscriptions(limit int) []status.Sub {
	var out []status.Sub
	for _, n := range s.allLanes() {
		if limit >= 0 && len(out) >= limit {
			break
		}
		left := -1
		if limit >= 0 {
			left = limit - len(out)
		}
		out = n.subscriptions(out, left)
	}
	return out
}

// write appends p to the outbound queue. The caller flushes.
func (s *Session) write(p []byte) {
	q := &s.conn.Out
	q.Lock()
	defer q.Unlock()
	if !q.ClosedLocked() {
		q.CopyLocked(p)
	}
}

// touch has what is queued flushed at the end of the batch.
func (s *Session) touch(b *broker.Batch) {
	s.conn.Out.Lock()
	first := s.conn.Out.MarkLocked()
	s.conn.Out.Unlock()
	if first {
		b.Touch(s.conn)
	}
}

// rtt is the round-trip time as far as it is known.
func (s *Session) rtt() time.Duration { return time.Duration(s.conn.Counters.RTT.Load()) }

// send appends p to the outbound queue, to be flushed at the end of the batch. It may be called by any
// goroutine.
func (s *Session) send(b *broker.Batch, p []byte) {
	q := &s.conn.Out
	q.Lock()
	if q.ClosedLocked() {
		q.Unlock()
		return
	}
	q.CopyLocked(p)
	first := q.MarkLocked()
	q.Unlock()
	if first {
		b.Touch(s.conn)
	}
	if s.link.Tracer.TraceOn() { // s.traced is the reader's
		s.traceOut(p)
	}
}

// answer sends a line: in the open once the route is up, and at once before that, when nothing may be
// queued because the way in which bytes are sent may still change.
func (s *Session) answer(b *broker.Batch, line string) {
	if s.up.Load() {
		s.send(b, []byte(line))
		return
	}
	_ = s.say([]byte(line)) // a connection that fails is noticed by its reader
}

// sayPeriod bounds how long a line of the handshake takes to be sent.
const sayPeriod = 5 * time.Second

// say sends a line of the handshake.
func (s *Session) say(line []byte) error {
	_ = s.trans.SetWriteDeadline(time.Now().Add(sayPeriod))
	_, err := s.trans.Write([][]byte{line}, true)
	if s.conn.Reason() == conn.Open {
		_ = s.trans.SetWriteDeadline(time.Time{})
	}
	if s.link.Tracer.TraceOn() {
		s.traceOut(line)
	}
	return err
}

// traffic counts messages of the lane that they came by, until the lane changes or the read ends.
type traffic struct {
	msgs, bytes int // of the current lane
}

// settleCounts adds up what has come in by the last lane, and what that gave clients.
func (s *Session) settleCounts(b *broker.Batch) {
	in := &s.in
	if in.msgs == 0 {
		return
	}
	s.conn.Counters.InMsgs.Add(int64(in.msgs))
	s.conn.Counters.InBytes.Add(int64(in.bytes))
	s.conn.Counters.LastActivity.Store(b.Now.UnixNano())
	s.link.Registry.In.Add(in.msgs, in.bytes)
	msgs, bytes := b.Taken()
	if a := s.last.account.Load(); a != nil {
		a.Received.Add(in.msgs, in.bytes)
		a.RoutesReceived.Add(in.msgs, in.bytes)
		a.Sent.Add(msgs, bytes)
	}
	s.link.Clients.Out.Add(msgs, bytes)
	s.in = traffic{}
}

// mayImport tells whether interest in a subject may be announced.
func (set *Settings) mayImport(subject string) bool { return allows(set.imports, subject) }

// mayExport tells whether the interest of others in a subject counts.
func (set *Settings) mayExport(subject string) bool { return allows(set.exports, subject) }

func allows(p *perm.Set, subject string) bool { return p == nil || p.Publish([]byte(subject)) }

// Greet makes the connection ready for the first operation.
func (s *Session) Greet(ctx context.Context) conn.Reason {
	s.set = s.link.Settings() // a reload from now on finds the connection among the others
	if !s.set.On() {
		return conn.ServerShutdown
	}
	if why := s.secure(ctx); why != conn.Open {
		return why
	}
	var err error
	if s.dial != nil {
		err = s.say(s.connectLine())
	} else {
		err = s.say(s.firstInfo().line())
	}
	if err != nil {
		return conn.WriteError
	}
	s.mu.Lock()
	s.timers.start(s)
	s.mu.Unlock()
	s.debug("Route connection created")
	return conn.Open
}
