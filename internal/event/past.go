package event

import (
	"iter"
	"slices"
)

// pieceSize is how many events a piece of the past holds.
const pieceSize = 256

// past holds the last events of a hub, whose lock guards it. The zero past remembers nothing. The events are
// kept in pieces that are only ever added to: whoever reads them needs the lock just to note the pieces.
type past struct {
	size   int
	kept   int       // events in all pieces
	pieces [][]Event // oldest first, all full but the last
}

func (p *past) add(e Event) {
	if p.size == 0 {
		return
	}
	last := len(p.pieces) - 1
	if last < 0 || len(p.pieces[last]) == cap(p.pieces[last]) {
		p.pieces = append(p.pieces, make([]Event, 0, pieceSize))
		last++
	}
	p.pieces[last] = append(p.pieces[last], e)
	p.kept++
	if oldest := len(p.pieces[0]); p.kept-oldest >= p.size {
		p.pieces = slices.Delete(p.pieces, 0, 1)
		p.kept -= oldest
	}
}

// memory returns what is remembered now.
func (p *past) memory() memory {
	return memory{pieces: slices.Clone(p.pieces), skip: max(0, p.kept-p.size)}
}

// memory is what a hub remembered at some moment. It is immutable.
type memory struct {
	pieces [][]Event
	skip   int // of the first piece
}

// all yields the events, oldest first.
func (m memory) all() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		skip := m.skip
		for _, piece := range m.pieces {
			for _, e := range piece[skip:] {
				if !yield(e) {
					return
				}
			}
			skip = 0
		}
	}
}

// first is the sequence number of the oldest event. It is not ok when there is none.
func (m memory) first() (seq uint64, ok bool) {
	for e := range m.all() {
		return e.Seq, true
	}
	return 0, false
}

// Remember keeps the last n events for those who come later. From now on all kinds are wanted, so that
// sequence numbers leave no gap. It is called once.
func (h *Hub) Remember(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.past.size = n
	h.lookLocked()
}

// Recent yields the events that are remembered now, oldest first.
func (h *Hub) Recent() iter.Seq[Event] {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.past.memory().all()
}

// Resume subscribes as [Hub.Subscribe] does, and begins with what is remembered of the time after the
// event with that sequence number; these events do not count for the bound. Whole is false if some of
// them are forgotten, or if there was no such event.
func (h *Hub) Resume(after uint64, bound int, of ...Kind) (s *Subscription, whole bool) {
	s = newSubscription(h, bound, of)
	s.after = after
	h.mu.Lock()
	defer h.mu.Unlock()
	s.before = h.past.memory()
	first, some := s.before.first()
	if !some {
		first = h.seq + 1
	} else {
		s.ready <- struct{}{}
	}
	h.subs = append(h.subs, s)
	h.lookLocked()
	return s, after+1 >= first && after <= h.seq
}

// earlier returns the events of the time before the subscription that it is about.
func (s *Subscription) earlier(m memory) (out []Event) {
	for e := range m.all() {
		if e.Seq > s.after && s.mask&(1<<e.Kind()) != 0 {
			out = append(out, e)
		}
	}
	return out
}
