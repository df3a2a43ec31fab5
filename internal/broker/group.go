package broker

import "math/rand/v2"

// deliverToOne gives each message of r to one member of a queue group: a random one, or the next that
// can take it. Dealing out the run message by message keeps the order of each member, also where one
// leaves messages to another.
func (b *Batch) deliverToOne(members []*Sub, r *Run) int {
	if len(members) == 1 {
		return members[0].Sink.Deliver(b, members[0], r)
	}
	outer, delivered := b.one, 0
	for i := range r.Msgs {
		start := rand.IntN(len(members))
		for k := range members {
			s := members[(start+k)%len(members)]
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
