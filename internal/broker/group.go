package broker

import (
	"math/rand/v2"

	"natsd/internal/interest"
)

// deliverToGroup gives each message of r to one member of a queue group: a random one, or the next
// that can take it. Dealing out the run message by message keeps the order of each member, also where
// one leaves messages to another. Members on other servers count as often as that server has some;
// what they get is noted in the copies from base on.
func (b *Batch) deliverToGroup(base int, g *interest.Group[*Sub], r *Run) int {
	if told[r.From.Kind] && !r.names(g.Name) {
		return 0
	}
	members := g.Members
	if len(members) == 1 && members[0].Link == nil {
		return members[0].Sink.Deliver(b, members[0], r)
	}
	to := &reaches[r.From.Kind]
	total := 0
	for _, s := range members {
		total += s.chances(to)
	}
	if total == 0 {
		return 0
	}
	outer, delivered := b.one, 0
	for i := range r.Msgs {
		start := pick(members, to, total)
		for k := range members {
			s := members[(start+k)%len(members)]
			if s.Link != nil {
				if !to[s.Kind] {
					continue
				}
				b.copyTo(base, s.Link).choose(g.Name, i)
				break
			}
			b.one = Run{Subject: r.Subject, From: r.From, Msgs: r.Msgs[i : i+1], Fan: r.Fan}
			if n := s.Sink.Deliver(b, s, &b.one); n > 0 {
				delivered += n
				break
			}
		}
	}
	b.one = outer
	return delivered
}

// pick returns the place of a random member.
func pick(members []*Sub, to *[numKinds]bool, total int) int {
	n := rand.IntN(total)
	if total == len(members) {
		return n // nearly always: each counts once
	}
	for i, s := range members {
		if n -= s.chances(to); n < 0 {
			return i
		}
	}
	return 0 // a weight has changed meanwhile
}

// chances is how often a member counts for a message that reaches those in to.
func (s *Sub) chances(to *[numKinds]bool) int {
	switch {
	case s.Link == nil:
		return 1
	case to[s.Kind]:
		return max(1, int(s.Weight.Load()))
	default:
		return 0
	}
}

// names tells whether the sending server has chosen a group.
func (r *Run) names(group string) bool {
	for _, name := range r.Groups {
		if string(name) == group {
			return true
		}
	}
	return false
}
