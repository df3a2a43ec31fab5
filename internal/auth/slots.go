package auth

import (
	"context"
	"net/netip"
	"slices"
	"sync"
)

// slots bounds how many bcrypt comparisons run at a time. Whoever waits is served in turn by
// address, one of each, so that a flood from one address holds up another by one comparison only.
type slots struct {
	mu    sync.Mutex
	free  int
	lanes map[netip.Addr]*lane
	turns []*lane // lanes with waiters, next first
}

// lane is the queue of one address.
type lane struct {
	from    netip.Addr
	waiters []chan struct{} // closed when the slot is given
}

func newSlots(n int) *slots { return &slots{free: n, lanes: map[netip.Addr]*lane{}} }

// acquire waits for a slot. The error is that of ctx; without one the caller has to release.
func (s *slots) acquire(ctx context.Context, from netip.Addr) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	if s.free > 0 {
		s.free--
		s.mu.Unlock()
		return nil
	}
	turn := s.enqueue(from)
	s.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		s.leave(from, turn)
		return ctx.Err()
	}
}

// release passes the slot on to the next in turn.
func (s *slots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.releaseLocked()
}

func (s *slots) releaseLocked() {
	if len(s.turns) == 0 {
		s.free++
		return
	}
	l := s.turns[0]
	s.turns = s.turns[1:]
	close(l.waiters[0])
	l.waiters = l.waiters[1:]
	if len(l.waiters) > 0 {
		s.turns = append(s.turns, l)
		return
	}
	delete(s.lanes, l.from)
}

func (s *slots) enqueue(from netip.Addr) chan struct{} {
	l := s.lanes[from]
	if l == nil {
		l = &lane{from: from}
		s.lanes[from] = l
		s.turns = append(s.turns, l)
	}
	turn := make(chan struct{})
	l.waiters = append(l.waiters, turn)
	return turn
}

// leave gives up waiting; a slot that came in the same moment is passed on.
func (s *slots) leave(from netip.Addr, turn chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lanes[from]
	if l != nil {
		if i := slices.Index(l.waiters, turn); i >= 0 {
			l.waiters = slices.Delete(l.waiters, i, i+1)
			if len(l.waiters) == 0 {
				delete(s.lanes, from)
				s.turns = slices.DeleteFunc(s.turns, func(o *lane) bool { return o == l })
			}
			return
		}
	}
	s.releaseLocked()
}
