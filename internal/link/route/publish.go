package route

import (
	"bytes"

	"natsd/internal/broker"
	"natsd/internal/wire"
)

// collect adds the message that was decoded last to the run, or publishes that and opens another one
// with it.
func (s *Session) collect(b *broker.Batch) {
	a := &s.dec.Args
	lane := s.current()
	n := len(s.run.Msgs)
	if n > 0 && (lane != s.last || n == broker.RunMax || s.traced || !bytes.Equal(s.run.Subject, a.Subject) ||
		!bytes.Equal(s.rawGroup, a.Groups) || !bytes.Equal(s.origin, a.Origin)) {
		s.publish(b)
		n = 0
	}
	if lane != s.last {
		s.settleCounts(b)
		s.last = lane
	}
	if lane == nil {
		return
	}
	if n == 0 {
		s.open(lane, a)
	}
	if s.traced {
		s.traceMsg()
	}
	b.Msgs[n] = broker.Msg{Reply: a.Reply, Body: a.Body, HeaderLen: a.HeaderLen, HeaderTok: a.HeaderTok, SizeTok: a.SizeTok}
	s.run.Msgs = b.Msgs[:n+1]
	s.in.msgs++
	s.in.bytes += len(a.Body)
}

// open begins a run with the message that was decoded last.
func (s *Session) open(n *lane, a *wire.Args) {
	s.run.Subject, s.run.From = a.Subject, &n.origin
	s.origin, s.rawGroup = a.Origin, a.Groups
	s.groups = s.groups[:0]
	for name, rest := wire.NextField(a.Groups); len(name) > 0; name, rest = wire.NextField(rest) {
		s.groups = append(s.groups, name)
	}
	s.run.Groups = s.groups
}

// publish sends the collected run on its way.
func (s *Session) publish(b *broker.Batch) {
	r := &s.run
	if len(r.Msgs) == 0 {
		return
	}
	if a := s.last.account.Load(); a != nil {
		a.Publish(b, r)
	}
	*r = broker.Run{}
	s.origin, s.rawGroup = nil, nil
}
