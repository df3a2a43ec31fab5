package event

// past holds the last events of a hub, whose lock guards it. The zero past remembers nothing.
type past struct {
	size   int
	events []Event // grows up to size, then is overwritten from next on
	next   int
}

func (p *past) add(e Event) {
	switch {
	case p.size == 0:
	case len(p.events) < p.size:
		p.events = append(p.events, e)
	default:
		p.events[p.next] = e
		p.next = (p.next + 1) % p.size
	}
}

// append appends what is remembered to dst, oldest first.
func (p *past) append(dst []Event) []Event {
	dst = append(dst, p.events[p.next:]...)
	return append(dst, p.events[:p.next]...)
}

// Remember keeps the last n events for those who come later. From now on all kinds are wanted, so that
// sequence numbers leave no gap. It is called once.
func (h *Hub) Remember(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.past.size = n
	h.lookLocked()
}

// Recent returns the events that are remembered, oldest first.
func (h *Hub) Recent() []Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.past.append(make([]Event, 0, len(h.past.events)))
}

// Resume subscribes as [Hub.Subscribe] does, and begins with what is remembered of the time after the
// event with that sequence number; these events do not count for the bound. Whole is false if some of
// them are forgotten, or if there was no such event.
func (h *Hub) Resume(after uint64, bound int, of ...Kind) (s *Subscription, whole bool) {
	s = newSubscription(h, bound, of)
	h.mu.Lock()
	defer h.mu.Unlock()
	first := h.seq + 1 // that is remembered
	for _, e := range h.past.append(nil) {
		first = min(first, e.Seq)
		if e.Seq > after && s.mask&(1<<e.Kind()) != 0 {
			s.waiting = append(s.waiting, e)
		}
	}
	if s.old = len(s.waiting); s.old > 0 {
		s.ready <- struct{}{}
	}
	h.subs = append(h.subs, s)
	h.lookLocked()
	return s, after+1 >= first && after <= h.seq
}
