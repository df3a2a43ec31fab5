package client

import (
	"bytes"
	"fmt"
	"strconv"

	"natsd/internal/broker"
	"natsd/internal/header"
	"natsd/internal/interest"
	"natsd/internal/subject"
	"natsd/internal/wire"
)

// joins tells whether the message that was decoded last goes on with the open run.
func (s *Session) joins() bool {
	a, n := &s.dec.Args, len(s.run.Msgs)
	return n > 0 && n < broker.RunMax && bytes.Equal(s.run.Subject, a.Subject) && !s.apart(a)
}

// collect adds the message that was decoded last to the run, or opens one with it.
func (s *Session) collect(b *broker.Batch, in *traffic) {
	a, n := &s.dec.Args, len(s.run.Msgs)
	if n == 0 {
		s.run.Subject, s.run.From = a.Subject, &s.origin
	}
	m := &b.Msgs[n] // field by field: a literal would be made on the stack and copied
	m.Reply, m.Body, m.HeaderLen, m.HeaderTok, m.SizeTok = a.Reply, a.Body, a.HeaderLen, a.HeaderTok, a.SizeTok
	s.run.Msgs = b.Msgs[:n+1]
	in.msgs++
	in.bytes += len(a.Body)
}

// apart tells whether a message must not be in one run with those before it.
func (s *Session) apart(a *wire.Args) bool {
	return s.single || s.asks && (len(a.Reply) > 0 || len(s.run.Msgs[0].Reply) > 0)
}

// setApart notes which messages are handled on their own: all that are answered, with +OK or an error, or
// traced, and requests, if they are answered with 503, or if the client may answer requests: one that comes
// back to the client gives it a right that the next message may need.
func (s *Session) setApart() {
	s.single = s.opts.Verbose || s.opts.Pedantic || s.traced
	s.asks = s.opts.NoResponders || s.replies.Load() != nil
}

// publish sends the collected run on its way.
func (s *Session) publish(b *broker.Batch) {
	r := &s.run
	if len(r.Msgs) == 0 {
		return
	}
	defer func() { r.Msgs, r.Subject = nil, nil }()
	if s.opts.Pedantic && !subject.ValidLiteral(r.Subject) {
		s.sendErr(b, wire.TextInvalidPublishSubject)
	}
	if !s.mayPublish(b, r) {
		return
	}
	s.ok(b)
	if s.account.Load().Publish(b, r) == 0 && s.opts.NoResponders && len(r.Msgs[0].Reply) > 0 {
		s.noResponders(b, r)
	}
	b.Hold(s.set.Conn.Stall)
}

// mayPublish checks the subject and the replies of a run and takes out the messages that must not be
// sent. It reports whether any is left.
func (s *Session) mayPublish(b *broker.Batch, r *broker.Run) bool {
	reserved := s.reservedSubject(r.Subject)
	allowed := !reserved && s.perms.Publish(r.Subject)
	if allowed && !anyReservedReply(r.Msgs) {
		return true
	}
	var resp *responder
	if !allowed && !reserved {
		resp = s.replies.Load()
	}
	kept := r.Msgs[:0]
	for _, m := range r.Msgs {
		switch {
		case !allowed && (resp == nil || !resp.replies.Take(r.Subject, b.Now)):
			s.violation(b, "Publish Violation", fmt.Sprintf("Subject %q", r.Subject), fmt.Sprintf("Permissions Violation for Publish to %q", r.Subject))
		case reservedReply(m.Reply):
			s.violation(b, "Publish Violation", fmt.Sprintf("Reply %q", m.Reply), fmt.Sprintf("Permissions Violation for Publish with Reply of %q", m.Reply))
		default:
			kept = append(kept, m)
		}
	}
	r.Msgs = kept
	return len(kept) > 0
}

// Prefixes that are the servers' own. At least one byte has to follow.
const (
	prefixGatewayReply = "_GR_."
	prefixServiceReply = "_R_."
	prefixStreamAck    = "$JS.ACK."
	prefixRaft         = "$NRG."
)

func (s *Session) reservedSubject(subj []byte) bool {
	if len(subj) == 0 || subj[0] != '_' && subj[0] != '$' {
		return false
	}
	return hasPrefix(subj, prefixGatewayReply) ||
		hasPrefix(subj, prefixRaft) && s.account.Load().Name != s.set.Options.SystemAccount
}

func anyReservedReply(msgs []broker.Msg) bool {
	for i := range msgs {
		if reservedReply(msgs[i].Reply) {
			return true
		}
	}
	return false
}

func reservedReply(reply []byte) bool {
	if len(reply) == 0 || reply[0] != '_' && reply[0] != '$' {
		return false
	}
	return hasPrefix(reply, prefixServiceReply) || hasPrefix(reply, prefixStreamAck) || hasPrefix(reply, prefixGatewayReply)
}

func hasPrefix(b []byte, prefix string) bool {
	return len(b) > len(prefix) && string(b[:len(prefix)]) == prefix
}

// server is the origin of what the server itself has to say.
var server = broker.Origin{Kind: broker.Internal}

// noResponders tells a requester that nobody took its request, on its own subscription for the reply.
func (s *Session) noResponders(b *broker.Batch, r *broker.Run) {
	reply := r.Msgs[0].Reply
	sub := s.subscriptionFor(reply)
	if sub == nil {
		return
	}
	body := header.AppendStatus(nil, 503, "")
	body = header.AppendEnd(header.AppendField(body, "Nats-Subject", r.Subject))
	size := strconv.AppendInt(nil, int64(len(body)), 10)
	msg := []broker.Msg{{Body: body, HeaderLen: len(body), HeaderTok: size, SizeTok: size}}
	s.Deliver(b, sub, &broker.Run{Subject: reply, From: &server, Msgs: msg, Fan: 1})
}

// subscriptionFor returns a plain subscription of this client that matches subj, or nil.
func (s *Session) subscriptionFor(subj []byte) *broker.Sub {
	var found interest.Result[*broker.Sub]
	s.account.Load().Index().Match(subj, &found)
	for _, sub := range found.Plain {
		if sub.Sink == broker.Sink(s) {
			return sub
		}
	}
	return nil
}
