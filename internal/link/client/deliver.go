package client

import (
	"fmt"
	"log/slog"
	"strconv"

	"natsd/internal/broker"
	"natsd/internal/config"
	"natsd/internal/conn"
	"natsd/internal/outbound"
	"natsd/internal/wire"
)

// Deliver queues a run for one of the client's subscriptions. It runs on the publisher's goroutine.
func (s *Session) Deliver(b *broker.Batch, sub *broker.Sub, r *broker.Run) int {
	if r.From == &s.origin && !s.echo.Load() {
		return 0
	}
	if f := sub.Filter.Load(); f != nil && f.Denies(r.Subject) {
		return 0
	}
	set := &s.link.Settings().Options.Limits
	q := &s.conn.Out
	q.Lock()
	msgs, last := s.takenLocked(sub, r.Msgs)
	n, bytes := s.appendLocked(q, b, sub, r, msgs, set)
	if n == 0 {
		q.Unlock()
		return 0
	}
	msgs, last = msgs[:n], last && n == len(msgs)
	q.CountLocked(len(msgs), bytes)
	sub.Delivered.Store(sub.Delivered.Load() + int64(len(msgs)))
	if last {
		sub.Closed.Store(true)
	}
	if resp := s.replies.Load(); resp != nil {
		resp.remember(b, msgs) // before the client can see the request and answer it
	}
	pending, first := q.PendingLocked(), q.MarkLocked()
	q.Unlock()

	if first {
		b.Touch(s.conn)
	}
	s.delivered(b, len(msgs), bytes)
	if s.link.tracer.TraceOn() {
		s.traceDelivery(sub, r, msgs)
	}
	if last {
		s.remove(b, sub)
	}
	if broker.NearlyFull(pending, set.MaxPending) {
		pending = s.relieve()
	}
	switch {
	case int64(pending) > set.MaxPending:
		s.slow(pending, r.Subject)
	case r.From.Kind == broker.Client && !set.NoFastProducerStall && broker.NearlyFull(pending, set.MaxPending):
		b.Slow(q, set.MaxPending)
	}
	return len(msgs)
}

// takenLocked returns the messages that sub still takes, and whether these are its last.
func (s *Session) takenLocked(sub *broker.Sub, msgs []broker.Msg) ([]broker.Msg, bool) {
	if sub.Closed.Load() || s.conn.Out.ClosedLocked() || s.conn.Reason() != conn.Open {
		return nil, false
	}
	most := sub.Max.Load()
	if most == 0 {
		return msgs, false
	}
	left := int(most - sub.Delivered.Load())
	switch {
	case left <= 0:
		return nil, false
	case len(msgs) < left:
		return msgs, false
	default:
		return msgs[:left], true
	}
}

// appendLocked encodes msgs and returns how many it took and the size of their bodies. Where publishers do
// not wait, a client that is behind loses what would fill its queue, also in the middle of a run.
func (s *Session) appendLocked(q *outbound.Queue, b *broker.Batch, sub *broker.Sub, r *broker.Run, msgs []broker.Msg, set *config.Limits) (n, total int) {
	headers, loses := s.headers.Load(), set.NoFastProducerStall && q.BehindLocked()
	for i := range msgs {
		if loses && broker.NearlyFull(q.PendingLocked(), set.MaxPending) {
			return i, total
		}
		m := &msgs[i]
		body, cut := m.Body, 0
		if m.HeaderLen > 0 && !headers {
			cut = m.HeaderLen
			body = body[cut:]
		}
		total += len(body)
		need := wire.MaxMsgLine(r.Subject, sub.SID, m.Reply)
		if len(body) >= broker.ShareFrom {
			q.CommitLocked(appendLine(q.RoomLocked(need), sub, r.Subject, m, cut))
			b.AppendLargeLocked(q, r, i, cut)
			continue
		}
		out := appendLine(q.RoomLocked(need+len(body)+len(wire.CRLF)), sub, r.Subject, m, cut)
		out = append(out, body...)
		q.CommitLocked(append(out, wire.CRLF...))
	}
	return len(msgs), total
}

// appendLine appends the control line of m. cut is the length of the header block if that is left
// out.
func appendLine(dst []byte, sub *broker.Sub, subj []byte, m *broker.Msg, cut int) []byte {
	switch {
	case cut > 0:
		var size [20]byte
		return wire.AppendMsg(dst, subj, sub.SID, m.Reply, strconv.AppendInt(size[:0], int64(len(m.Body)-cut), 10))
	case m.HeaderLen > 0:
		return wire.AppendHMsg(dst, subj, sub.SID, m.Reply, m.HeaderTok, m.SizeTok)
	default:
		return wire.AppendMsg(dst, subj, sub.SID, m.Reply, m.SizeTok)
	}
}

// delivered counts what was queued.
func (s *Session) delivered(b *broker.Batch, msgs, bytes int) {
	if now, last := b.Now.UnixNano(), &s.conn.Counters.LastActivity; last.Load() < now {
		last.Store(now)
	}
	b.Sent(msgs, bytes)
}

// remember notes the replies that the client may send for these messages. The queue's lock is held.
func (r *responder) remember(b *broker.Batch, msgs []broker.Msg) {
	for i := range msgs {
		if reply := msgs[i].Reply; len(reply) > 0 && !r.perms.Publish(reply) {
			r.replies.Add(reply, b.Now)
		}
	}
}

// relieve sends what is queued without waiting for the end of the batch, and returns how many bytes are left:
// what nobody has tried to send yet is not the client's fault.
func (s *Session) relieve() int {
	s.conn.Flush()
	return s.conn.Out.Pending()
}

// slow ends a client that does not keep up: subj was one message too many.
func (s *Session) slow(pending int, subj []byte) {
	if s.conn.CloseSlow(subj, pending) {
		most := s.link.Settings().Options.Limits.MaxPending
		s.slowLog(fmt.Sprintf("MaxPending of %d Exceeded", most), slog.Int("pending", pending), slog.String("subject", string(subj)))
	}
}
