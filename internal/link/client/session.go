package client

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"natsd/internal/auth"
	"natsd/internal/broker"
	"natsd/internal/conn"
	"natsd/internal/nuid"
	"natsd/internal/perm"
	"natsd/internal/status"
	"natsd/internal/wire"
)

// nonceSize is the length of the nonce in INFO, in characters.
const nonceSize = 15

// Session is the protocol side of one client connection.
type Session struct {
	// immutable
	link  *Link
	conn  *conn.Conn
	nonce []byte

	// owned by the read goroutine
	set    *Settings // in force at the last read
	ctx    context.Context
	limits wire.Limits   // of the decoder
	dec    *wire.Decoder // nil between two reads, unless an operation is waiting for its rest
	opts   connectOptions
	tls    *tls.ConnectionState // nil on plain connections
	origin broker.Origin
	run    broker.Run // messages that are collected for publishing
	perms  *perm.Set
	seated bool // counts for max_connections
	pinged bool // the first PING has been answered
	spoke  bool // a whole operation has arrived
	traced bool // trace lines are wanted, as of the current read
	single bool // every message is a run of its own
	asks   bool // every request is

	announced *broker.Account // in which the client was said to be

	// read by publishers and by monitoring
	account    atomic.Pointer[broker.Account] // nil before authentication
	grant      atomic.Pointer[auth.Grant]
	proof      atomic.Pointer[auth.Request] // what the grant was given for; nil before authentication
	replies    atomic.Pointer[responder]    // nil unless allow_responses is in force
	words      atomic.Pointer[lastWords]    // of an end that was decided elsewhere
	echo       atomic.Bool
	headers    atomic.Bool
	greeted    atomic.Bool // asynchronous INFO may be sent
	maxPayload atomic.Int64

	toldPayload atomic.Int64 // what the last INFO said of it; only the first one need not be counted

	rights sync.Mutex // held while the grant is decided anew; taken before mu

	mu     sync.Mutex // guards what follows; a leaf but for the account's index
	subs   subs
	timers timers
}

// decoders are lent to sessions that have something to decode.
var decoders = sync.Pool{New: func() any { return new(wire.Decoder) }}

// responder keeps the replies that the client may send although its permissions do not say so.
type responder struct {
	perms   *perm.Set
	replies *perm.Replies
}

func newSession(l *Link, set *Settings, c *conn.Conn) *Session {
	s := &Session{link: l, conn: c, set: set, opts: defaultOptions, ctx: context.Background()}
	s.origin = broker.Origin{Kind: broker.Client, ID: c.ID, Info: s}
	s.limits = set.limits()
	s.maxPayload.Store(int64(set.Options.Limits.MaxPayload))
	s.echo.Store(true)
	if set.Auth.NeedsNonce() {
		s.nonce = []byte(nuid.Token(nonceSize))
	}
	return s
}

// Consume takes the bytes of one read.
func (s *Session) Consume(b *broker.Batch, p []byte) conn.Reason {
	s.traced = s.link.tracer.TraceOn()
	s.adopt()
	s.setApart()
	if s.dec == nil {
		s.dec = decoders.Get().(*wire.Decoder)
	}
	s.dec.Limits = s.limits
	s.dec.Feed(p)
	in := traffic{}
	why := s.operations(b, &in)
	s.count(b, &in)
	s.dec.Rest() // a connection that falls silent holds no buffer
	partial := s.dec.Partial()
	if !partial { // and no decoder
		decoders.Put(s.dec)
		s.dec = nil
	}
	if why == conn.Open {
		s.firstLine(partial && !s.spoke)
	}
	if keepAlive(p) && b.Now.UnixNano()-s.conn.Counters.LastActivity.Load() > int64(restless) {
		s.conn.Renew()
	}
	return why
}

// restless is how long after the last message or subscription a connection is not taken for an idle one.
const restless = time.Second

// keepAlive tells whether p is what an idle client sends: one PING, or the answer to one.
func keepAlive(p []byte) bool {
	return len(p) == len(wire.LinePing) && (string(p) == wire.LinePing || string(p) == wire.LinePong)
}

// operations carries out everything that has arrived whole.
func (s *Session) operations(b *broker.Batch, in *traffic) conn.Reason {
	for {
		op, err := s.dec.Next()
		if err == nil && op == wire.Pub && s.joins() {
			s.collect(b, in)
			continue
		}
		s.publish(b)
		switch {
		case err != nil:
			return s.badInput(b, err)
		case op == wire.NeedMore:
			return conn.Open
		}
		s.spoke = true
		if why := s.do(b, op, in); why != conn.Open {
			return why
		}
		s.dec.Limits = s.limits // which the operation may have changed
		if why := s.conn.Reason(); why != conn.Open {
			return why
		}
	}
}

// do carries out one operation.
func (s *Session) do(b *broker.Batch, op wire.Op, in *traffic) conn.Reason {
	if s.traced {
		s.traceIn(op)
	}
	if op == wire.Connect {
		return s.connect(b)
	}
	if s.account.Load() == nil && op != wire.Info && op != wire.Ping && op != wire.Pong && op != wire.OK {
		if why := s.enterWithoutConnect(b); why != conn.Open {
			return why
		}
	}
	switch op {
	case wire.Pub:
		s.collect(b, in)
	case wire.Sub:
		s.subscribe(b)
	case wire.Unsub:
		s.unsubscribe(b)
	case wire.Ping:
		s.ping(b)
	case wire.Pong:
		s.pong()
	case wire.Info:
		return s.info()
	case wire.Err:
		s.warn("Client error " + string(s.dec.Args.Text))
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
		s.sendErr(b, wire.TextControlLine)
		s.error(fmt.Sprintf("%s: max_control_line %d", wire.TextControlLine, s.limits.ControlLine))
		return conn.MaxControlLineExceeded
	case errors.Is(err, wire.ErrPayload):
		s.sendErr(b, wire.TextPayload)
		s.error(fmt.Sprintf("maximum payload exceeded: more than %d bytes", s.limits.Payload))
		return conn.MaxPayloadExceeded
	case errors.Is(err, wire.ErrConnectFirst):
		s.authFailed(&auth.Refusal{Reason: auth.AuthenticationFailure, Detail: "no CONNECT"})
		s.sendErr(b, wire.TextAuthorization)
		return conn.AuthenticationViolation
	}
	s.error("Protocol error: " + err.Error())
	return conn.ProtocolViolation
}

// Farewell queues the last words for an end that did not come from the client's input.
func (s *Session) Farewell(why conn.Reason) {
	text := ""
	if w := s.words.Load(); w != nil && w.why == why {
		s.write(wire.AppendErr(nil, w.text))
		return
	}
	switch why {
	case conn.AuthenticationTimeout:
		text = wire.TextAuthTimeout
	case conn.StaleConnection:
		text = wire.TextStale
	case conn.AuthenticationExpired:
		text = wire.TextAuthExpired
	case conn.MaxConnectionsExceeded:
		text = wire.TextMaxConnections
	default:
		return
	}
	s.write(wire.AppendErr(nil, text))
}

// Closed undoes what the session has done elsewhere.
func (s *Session) Closed(why conn.Reason) {
	s.mu.Lock()
	s.timers.stop()
	s.mu.Unlock()
	b := broker.Begin()
	s.dropSubscriptions(b)
	b.End(0)
	if s.seated {
		s.link.stand()
	}
	if a := s.account.Load(); a != nil {
		a.Leave()
		if why == conn.SlowConsumerPendingBytes || why == conn.SlowConsumerWriteDeadline {
			a.SlowConsumers.Add(1)
		}
	}
	s.origin.Forget()
	if s.dec != nil {
		s.dec.Release()
	}
	s.closedLog(why)
}

// Subscriptions returns what the client is subscribed to.
func (s *Session) Subscriptions(limit int) []status.Sub {
	subs := s.someSubs(limit)
	out := make([]status.Sub, 0, len(subs))
	for _, sub := range subs {
		out = append(out, s.Describe(sub))
	}
	return out
}

// someSubs copies at most limit of the subscriptions, or all for a negative limit.
func (s *Session) someSubs(limit int) []*broker.Sub {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.subs.len()
	if limit >= 0 {
		n = min(n, limit)
	}
	out := make([]*broker.Sub, 0, n)
	for sub := range s.subs.all() {
		if len(out) == n {
			break
		}
		out = append(out, sub)
	}
	return out
}

// Describe returns what monitoring shows of one of the session's subscriptions.
func (s *Session) Describe(sub *broker.Sub) status.Sub {
	return status.Sub{
		Subject: sub.Subject,
		Queue:   sub.Queue,
		SID:     sub.SID,
		Msgs:    sub.Delivered.Load(),
		Max:     sub.Max.Load(),
		CID:     s.conn.ID,
	}
}

// Grant is what the connection may do, nil before it is let in.
func (s *Session) Grant() *auth.Grant { return s.grant.Load() }

// traffic counts what one read brought.
type traffic struct {
	msgs, bytes int
}

// count adds up the work of one batch.
func (s *Session) count(b *broker.Batch, in *traffic) {
	if in.msgs > 0 {
		s.conn.Counters.InMsgs.Add(int64(in.msgs))
		s.conn.Counters.InBytes.Add(int64(in.bytes))
		s.link.registry.In.Add(in.msgs, in.bytes)
		msgs, bytes := b.Taken()
		if a := s.account.Load(); a != nil {
			a.Received.Add(in.msgs, in.bytes)
			a.Sent.Add(msgs, bytes)
		}
		s.link.registry.Out.Add(msgs, bytes)
		s.conn.Counters.LastActivity.Store(b.Now.UnixNano())
	}
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

// send appends p to the outbound queue, to be flushed at the end of the batch.
func (s *Session) send(b *broker.Batch, p string) {
	q := &s.conn.Out
	q.Lock()
	if q.ClosedLocked() {
		q.Unlock()
		return
	}
	q.CommitLocked(append(q.RoomLocked(len(p)), p...))
	pending, first := q.PendingLocked(), q.MarkLocked()
	q.Unlock()
	if first {
		b.Touch(s.conn)
	}
	if s.traced {
		s.traceOut(p)
	}
	most := s.set.Options.Limits.MaxPending
	if int64(pending) > most {
		pending = s.relieve()
	}
	if int64(pending) > most { // it asks, and does not read the answers
		s.slow(pending, nil)
	}
}

func (s *Session) sendErr(b *broker.Batch, text string) {
	s.send(b, string(wire.AppendErr(nil, text)))
}

// ok confirms an operation to a verbose client.
func (s *Session) ok(b *broker.Batch) {
	if s.opts.Verbose {
		s.send(b, wire.LineOK)
	}
}

// info takes an INFO of the client: it has no effect, but it has to be JSON.
func (s *Session) info() conn.Reason {
	if !json.Valid(s.dec.Args.Text) {
		return conn.ProtocolViolation
	}
	return conn.Open
}
