package broker

import "slices"

// Observer hears of the interest of an account, to announce it to another server.
type Observer interface {
	// InterestChanged says how many members a queue group has now, or whether there is a plain
	// subscription: then members is 1, and queue is empty. 0 is the end of the interest. Calls for one
	// account come one at a time and in the order of the changes. The account's interest is locked
	// meanwhile, so that the call must not block nor subscribe; what it has queued it hands to b to be
	// flushed.
	InterestChanged(b *Batch, a *Account, filter, queue string, members int)
}

// want is one thing that an account is interested in.
type want struct{ filter, queue string }

// audience are the observers of one kind, and the interest that they have been told of.
type audience struct {
	observers []Observer
	counts    map[want]int
}

// Observe tells o of the interest that peers of that kind are to know, first of all that there is, then
// of every change. Observing twice is the same as once. For b see [Account.Subscribe].
func (a *Account) Observe(b *Batch, k Kind, o Observer) {
	if b == nil {
		b = Begin()
		defer b.End(0)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	x := a.audiences[k]
	if x == nil {
		x = &audience{counts: make(map[want]int)}
		a.audiences[k] = x
		a.countLocked(x, k)
	}
	if slices.Contains(x.observers, o) {
		return
	}
	x.observers = append(x.observers, o)
	for w, n := range x.counts {
		o.InterestChanged(b, a, w.filter, w.queue, w.members(n))
	}
}

// walkPage is how many subscriptions are looked at in one go.
const walkPage = 4096

// countLocked fills the counts of an audience. Nothing changes meanwhile: a.mu is held.
func (a *Account) countLocked(x *audience, k Kind) {
	for cursor, more := 0, true; more; more = cursor != 0 {
		cursor = a.index.Walk(cursor, walkPage, func(_, _ string, s *Sub) {
			if s.announced(k) {
				x.counts[want{s.Subject, s.Queue}]++
			}
		})
	}
}

// Unobserve ends Observe. When it has returned, o hears nothing any more.
func (a *Account) Unobserve(k Kind, o Observer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	x := a.audiences[k]
	if x == nil {
		return
	}
	x.observers = slices.DeleteFunc(x.observers, func(have Observer) bool { return have == o })
	if len(x.observers) == 0 {
		a.audiences[k] = nil // nobody pays for counting what nobody asks for
	}
}

// Interest calls visit for everything that peers of kind k are to know. As with an observer, the
// account's interest is locked meanwhile. Without observers there is nothing to tell.
func (a *Account) Interest(k Kind, visit func(filter, queue string, members int)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if x := a.audiences[k]; x != nil {
		for w, n := range x.counts {
			visit(w.filter, w.queue, w.members(n))
		}
	}
}

// changedLocked counts s in or out and tells the observers. a.mu is held.
func (a *Account) changedLocked(b *Batch, s *Sub, by int) {
	for k, x := range a.audiences {
		if x == nil || !s.announced(Kind(k)) {
			continue
		}
		w := want{s.Subject, s.Queue}
		before := x.counts[w]
		now := before + by
		if now == 0 {
			delete(x.counts, w)
		} else {
			x.counts[w] = now
		}
		if w.members(before) == w.members(now) {
			continue
		}
		for _, o := range x.observers {
			o.InterestChanged(b, a, w.filter, w.queue, w.members(now))
		}
	}
}

// announced tells whether peers of that kind are to know of s: those whose messages reach it.
func (s *Sub) announced(to Kind) bool { return !s.Private && reaches[to][s.Kind] }

// members is what observers are told of n subscriptions.
func (w *want) members(n int) int {
	if w.queue == "" {
		return min(n, 1)
	}
	return n
}
