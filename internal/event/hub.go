package event

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Event is one thing that happened.
type Event struct {
	Seq  uint64 // counts the events of a hub that somebody wanted
	Time time.Time
	Data
}

// Hub takes events from those who see them happen to those who want to know. It is safe for
// concurrent use. A nil Hub wants nothing.
type Hub struct {
	wanted atomic.Uint64 // one bit per kind

	mu   sync.Mutex // guards what follows, and the queues of the subscriptions; a leaf
	seq  uint64
	subs []*Subscription
	past past
}

// NewHub returns a hub without subscriptions.
func NewHub() *Hub { return new(Hub) }

// Wants tells whether anybody listens to events of kind k. Who would have to work for an event asks
// first.
func (h *Hub) Wants(k Kind) bool { return h != nil && h.wanted.Load()&(1<<k) != 0 }

// Publish hands d to all who listen to its kind. It does not wait for them.
func (h *Hub) Publish(d Data) {
	k := d.Kind()
	if !h.Wants(k) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seq++
	e := Event{Seq: h.seq, Time: time.Now(), Data: d}
	h.past.add(e)
	for _, s := range h.subs {
		if s.mask&(1<<k) != 0 {
			s.addLocked(e)
		}
	}
}

// Subscribe listens to events of the given kinds, or of all kinds if none is given, until
// [Subscription.Close]. At most bound events wait for Take; what comes then is dropped.
func (h *Hub) Subscribe(bound int, of ...Kind) *Subscription {
	s := newSubscription(h, bound, of)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.subs = append(h.subs, s)
	h.lookLocked()
	return s
}

// lookLocked finds out what is wanted.
func (h *Hub) lookLocked() {
	var wanted uint64
	if h.past.size > 0 {
		wanted = maskOf(nil)
	}
	for _, s := range h.subs {
		wanted |= s.mask
	}
	h.wanted.Store(wanted)
}

// Subscription is one listener's queue of events.
type Subscription struct {
	// immutable
	hub   *Hub
	mask  uint64
	bound int
	after uint64 // begin with what is remembered after this one
	ready chan struct{}

	// guarded by the hub's lock
	before  memory // of the time before the subscription
	waiting []Event
	dropped uint64 // since the last Take
}

func newSubscription(h *Hub, bound int, of []Kind) *Subscription {
	return &Subscription{hub: h, bound: bound, mask: maskOf(of), ready: make(chan struct{}, 1)}
}

// maskOf has the bits of some kinds, or of all if none is given.
func maskOf(of []Kind) (mask uint64) {
	if len(of) == 0 {
		of = Kinds()
	}
	for _, k := range of {
		mask |= 1 << k
	}
	return mask
}

func (s *Subscription) addLocked(e Event) {
	if len(s.waiting) >= s.bound {
		s.dropped++
		return
	}
	s.waiting = append(s.waiting, e)
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// Ready yields a value when there is something to take.
func (s *Subscription) Ready() <-chan struct{} { return s.ready }

// Take returns the events that have come since the last call, in the order in which they happened, and
// how many were dropped after the last one of them.
func (s *Subscription) Take() (events []Event, dropped uint64) {
	before, events, dropped := s.take()
	if len(before.pieces) > 0 {
		events = append(s.earlier(before), events...)
	}
	return events, dropped
}

func (s *Subscription) take() (before memory, events []Event, dropped uint64) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	before, events, dropped = s.before, s.waiting, s.dropped
	s.before, s.waiting, s.dropped = memory{}, nil, 0
	return before, events, dropped
}

// Close ends the subscription. What waits can still be taken.
func (s *Subscription) Close() {
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	h.subs = slices.DeleteFunc(h.subs, func(x *Subscription) bool { return x == s })
	h.lookLocked()
}
