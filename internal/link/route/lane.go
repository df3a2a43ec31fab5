package route

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"natsd/internal/broker"
	"natsd/internal/status"
	"natsd/internal/wire"
)

// lane is one account as far as one route goes: what the other server wants of it, and what it is told.
type lane struct {
	s      *Session
	name   string // of the account
	wire   string // the name as it is sent: not at all on a connection for one account
	origin broker.Origin

	account atomic.Pointer[broker.Account] // nil: there is none of that name

	mu     sync.Mutex // guards subs; taken before the lock of the account's interest
	subs   map[string]*broker.Sub
	closed bool
}

// lane returns the lane of an account, nil if the route has ended.
func (s *Session) lane(account string) *lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.lanes[account]
	if n != nil || s.ended.Load() {
		return n
	}
	n = &lane{s: s, name: account, wire: account, subs: map[string]*broker.Sub{}}
	if s.account != "" {
		n.wire = ""
	}
	n.origin = broker.Origin{Kind: broker.Route, ID: s.conn.ID}
	n.account.Store(s.link.Broker.Account(account))
	s.lanes[account] = n
	return n
}

// known returns the lane of an account if there is one.
func (s *Session) known(account string) *lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lanes[account]
}

// current returns the lane of the operation that was decoded last. Only the read goroutine calls it.
func (s *Session) current() *lane {
	if s.account != "" {
		if s.last == nil {
			s.last = s.lane(s.account)
		}
		return s.last
	}
	name := s.dec.Args.Account
	if n := s.last; n != nil && n.name == string(name) {
		return n
	}
	s.mu.Lock()
	n := s.lanes[string(name)]
	s.mu.Unlock()
	if n == nil {
		n = s.lane(string(name))
	}
	return n
}

// InterestChanged announces a change of the interest of local subscriptions.
func (n *lane) InterestChanged(b *broker.Batch, _ *broker.Account, filter, queue string, members int) {
	s := n.s
	if !s.link.Settings().mayImport(filter) {
		return
	}
	q := &s.conn.Out
	q.Lock()
	if q.ClosedLocked() {
		q.Unlock()
		return
	}
	q.CommitLocked(wire.AppendInterest(q.RoomLocked(wire.MaxInterestLine(n.wire, filter, queue)), n.wire, filter, queue, members))
	first := q.MarkLocked()
	q.Unlock()
	if first {
		b.Touch(s.conn)
	}
	if s.link.Tracer.TraceOn() {
		s.traceOut(wire.AppendInterest(nil, n.wire, filter, queue, members))
	}
}

// subKey names a subscription of the other server: what stands between the account and the weight.
func (s *Session) subKey() []byte {
	a := &s.dec.Args
	s.key = append(append(append(s.key[:0], a.Origin...), ' '), a.Subject...)
	if len(a.Queue) > 0 {
		s.key = append(append(s.key, ' '), a.Queue...)
	}
	return s.key
}

// put takes in a subscription, or a new weight of one that is there.
func (n *lane) put(b *broker.Batch, key []byte, a *wire.Args) (ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return true
	}
	if have := n.subs[string(key)]; have != nil {
		have.Weight.Store(int32(a.Weight))
		return true
	}
	sub := &broker.Sub{Subject: string(a.Subject), Queue: string(a.Queue), Kind: broker.Route, Link: n}
	sub.Weight.Store(int32(a.Weight))
	if account := n.account.Load(); account != nil && !account.Subscribe(b, sub) {
		return false
	}
	n.subs[string(key)] = sub
	n.s.conn.Counters.Subs.Add(1)
	return true
}

// drop ends a subscription.
func (n *lane) drop(b *broker.Batch, key []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	sub := n.subs[string(key)]
	if sub == nil {
		return
	}
	delete(n.subs, string(key))
	n.s.conn.Counters.Subs.Add(-1)
	if account := n.account.Load(); account != nil {
		account.Unsubscribe(b, sub)
	}
}

// attach gives the lane an account that has just been made: what the other server wanted of it before
// that counts now.
func (n *lane) attach(b *broker.Batch, a *broker.Account) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed || n.account.Load() == a {
		return
	}
	n.account.Store(a)
	for _, sub := range n.subs {
		sub.Closed.Store(false)
		a.Subscribe(b, sub)
	}
}

// forget ends all subscriptions that keep says nothing good of, or all for a nil keep.
func (n *lane) forget(b *broker.Batch, keep func(*broker.Sub) bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	account := n.account.Load()
	for key, sub := range n.subs {
		if keep != nil && keep(sub) {
			continue
		}
		if account != nil {
			account.Unsubscribe(b, sub)
		}
		delete(n.subs, key)
		n.s.conn.Counters.Subs.Add(-1)
	}
}

// close ends the lane.
func (n *lane) close(b *broker.Batch) {
	if a := n.account.Load(); a != nil {
		a.Unobserve(broker.Route, n)
	}
	n.forget(b, nil)
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	n.origin.Forget()
}

// subscriptions appends what monitoring shows, at most limit, or all for a negative limit.
func (n *lane) subscriptions(dst []status.Sub, limit int) []status.Sub {
	n.mu.Lock()
	defer n.mu.Unlock()
	for key, sub := range n.subs {
		if limit == 0 {
			break
		}
		limit--
		sid := strings.TrimPrefix(key, " ")
		if n.wire != "" {
			sid = n.name + " " + sid
		}
		dst = append(dst, status.Sub{
			Account: n.name, AccountTag: n.name, Subject: sub.Subject, Queue: sub.Queue, SID: sid,
			Msgs: sub.Delivered.Load(), CID: n.s.conn.ID,
		})
	}
	return dst
}

// interested takes RS+ and LS+.
func (s *Session) interested(b *broker.Batch) {
	a := &s.dec.Args
	n := s.current()
	if n == nil || !s.set.mayExport(string(a.Subject)) {
		return
	}
	if !n.put(b, s.subKey(), a) {
		s.send(b, wire.AppendErr(nil, "Invalid Subscription"))
	}
	s.conn.Counters.LastActivity.Store(b.Now.UnixNano())
}

// disinterested takes RS- and LS-.
func (s *Session) disinterested(b *broker.Batch) {
	if n := s.current(); n != nil {
		n.drop(b, s.subKey())
		s.conn.Counters.LastActivity.Store(b.Now.UnixNano())
	}
}

// Forward sends the other server its copy of a run. It runs on the publisher's goroutine. A client that
// publishes more than the route takes is held up as by a slow subscriber.
func (n *lane) Forward(b *broker.Batch, r *broker.Run, c *broker.Copy) int {
	s := n.s
	limits := &s.link.Settings().Options.Limits
	local := r.From.Kind == broker.Client
	q := &s.conn.Out
	q.Lock()
	if q.ClosedLocked() {
		q.Unlock()
		return 0
	}
	msgs, bytes := 0, 0
	loses := local && limits.NoFastProducerStall && q.BehindLocked()
	for i := range r.Msgs {
		if loses && broker.NearlyFull(q.PendingLocked(), limits.MaxPending) {
			break
		}
		if c.Wants(i) {
			msgs++
			bytes += n.appendLocked(b, r, c, i)
		}
	}
	if msgs == 0 {
		q.Unlock()
		return 0
	}
	q.CountLocked(msgs, bytes)
	pending, first := q.PendingLocked(), q.MarkLocked()
	q.Unlock()
	if first {
		b.Touch(s.conn)
	}
	b.Forwarded(bytes)
	if local && broker.NearlyFull(pending, limits.MaxPending) {
		s.conn.Flush() // what nobody has tried to send yet is not the other server's fault
		if pending = q.Pending(); !limits.NoFastProducerStall && broker.NearlyFull(pending, limits.MaxPending) {
			b.Slow(q, limits.MaxPending)
		}
	}
	if int64(pending) > limits.MaxPending || s.behind.Load() {
		s.fallBehind(limits.MaxPending)
	}
	s.link.Registry.Out.Add(msgs, bytes)
	if a := n.account.Load(); a != nil {
		a.Sent.Add(msgs, bytes)
		a.RoutesSent.Add(msgs, bytes)
	}
	if now, last := b.Now.UnixNano(), &s.conn.Counters.LastActivity; last.Load() < now {
		last.Store(now)
	}
	if s.link.Tracer.TraceOn() {
		s.traceForward(n, r, c)
	}
	return msgs
}

// fallBehind notes that more waits for the other server than a client may have waiting. A route is not ended
// for that, since it would take the messages of everybody with it: the write deadline is what ends it. It is
// told and counted once, until half of that has been sent.
func (s *Session) fallBehind(limit int64) {
	s.conn.Flush() // what nobody has tried to send yet is not the other server's fault
	switch pending := int64(s.conn.Out.Pending()); {
	case pending < limit/2:
		s.behind.Store(false)
	case pending > limit && s.behind.CompareAndSwap(false, true):
		s.link.Registry.SlowConsumers.Add(1)
		s.error(fmt.Sprintf("Slow Consumer Detected: %d bytes wait for the route, more than max_pending of %d", pending, limit))
	}
}

// appendLocked encodes message i of the run and returns the size of its body.
func (n *lane) appendLocked(b *broker.Batch, r *broker.Run, c *broker.Copy, i int) int {
	q := &n.s.conn.Out
	m := &r.Msgs[i]
	body, cut := m.Body, 0
	if m.HeaderLen > 0 && !n.s.headers {
		cut = m.HeaderLen
		body = body[cut:]
	}
	need := wire.MaxPeerMsgLine(n.wire, r.Subject, m.Reply)
	for k := range c.Groups {
		need += len(c.Groups[k].Name) + 1
	}
	if len(body) >= broker.ShareFrom {
		q.CommitLocked(n.appendLine(q.RoomLocked(need), r, c, i, cut))
		b.AppendLargeLocked(q, r, i, cut)
		return len(body)
	}
	out := n.appendLine(q.RoomLocked(need+len(body)+len(wire.CRLF)), r, c, i, cut)
	out = append(out, body...)
	q.CommitLocked(append(out, wire.CRLF...))
	return len(body)
}

// appendLine appends the control line of message i.
func (n *lane) appendLine(out []byte, r *broker.Run, c *broker.Copy, i, cut int) []byte {
	m := &r.Msgs[i]
	header := m.HeaderLen > 0 && cut == 0
	grouped := false
	for k := range c.Groups {
		grouped = grouped || c.Groups[k].Msgs>>i&1 != 0
	}
	out = wire.AppendPeerMsg(out, n.wire, r.Subject, header)
	out = wire.AppendReply(out, m.Reply, grouped)
	for k := range c.Groups {
		if c.Groups[k].Msgs>>i&1 != 0 {
			out = wire.AppendGroup(out, c.Groups[k].Name)
		}
	}
	switch {
	case cut > 0:
		var size [20]byte
		return wire.AppendSizes(out, nil, strconv.AppendInt(size[:0], int64(len(m.Body)-cut), 10))
	case header:
		return wire.AppendSizes(out, m.HeaderTok, m.SizeTok)
	default:
		return wire.AppendSizes(out, nil, m.SizeTok)
	}
}
