package admin

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"natsd/internal/admin/api"
)

// What bounds those who wait for their turn.
const (
	turnWait    = 10 * time.Second
	mostWaiting = 64
	mostFromOne = 16   // address
	mostTurns   = 4096 // addresses that are remembered
)

// turns lets one at a time do what costs much before it is known who he is. Next is not who came first but
// who comes from where the last turn is longest ago: somebody who sends one wrong token after another, from
// however many addresses, stands behind everybody who comes from elsewhere.
type turns struct {
	mu      sync.Mutex // a leaf
	taken   bool
	waiting []*waiter // by arrival
	given   int       // turns until now
	last    map[string]int
}

// waiter is somebody who waits. The lock of turns guards what of him is not immutable.
type waiter struct {
	from string
	told chan bool // his turn has come, or he has to make room
}

var errBusy = api.Problemf(api.RateLimited, "too many unknown tokens are being looked at")

// take waits for a turn, for a bounded time. Without an error it has to be given back.
func (t *turns) take(ctx context.Context, from string) error {
	w, ok := t.queue(from)
	if w == nil {
		if ok {
			return nil
		}
		return errBusy
	}
	patience := time.NewTimer(turnWait)
	defer patience.Stop()
	var err error
	select {
	case ok := <-w.told:
		if !ok {
			return errBusy
		}
		return nil
	case <-patience.C:
		err = errBusy
	case <-ctx.Done():
		err = ctx.Err()
	}
	if !t.leave(w) && <-w.told { // it came just now
		t.give()
	}
	return err
}

// queue takes the turn when nobody has it, or a place in the queue. Neither is had when all places belong to
// those who come first.
func (t *turns) queue(from string) (w *waiter, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.taken {
		t.taken = true
		t.noteLocked(from)
		return nil, true
	}
	count := map[string]int{} // how many wait there
	for _, other := range t.waiting {
		count[other.from]++
	}
	if count[from] >= mostFromOne || len(t.waiting) >= mostWaiting && !t.makeRoomLocked(from, count) {
		return nil, false
	}
	w = &waiter{from: from, told: make(chan bool, 1)}
	t.waiting = append(t.waiting, w)
	return w, false
}

// makeRoomLocked sends away who comes last of all, if that is not who comes now: of the addresses that had
// their turn most lately one of that at which most wait. Count is how many wait at each.
func (t *turns) makeRoomLocked(from string, count map[string]int) bool {
	later := func(a, b string, more int) int { return cmp.Or(t.last[a]-t.last[b], count[a]-count[b]-more) }
	last := t.waiting[0]
	for _, w := range t.waiting {
		if later(w.from, last.from, 0) >= 0 {
			last = w
		}
	}
	if later(last.from, from, 1) <= 0 {
		return false
	}
	t.removeLocked(last)
	last.told <- false
	return true
}

// give passes the turn on.
func (t *turns) give() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.taken = len(t.waiting) > 0; !t.taken {
		return
	}
	next := slices.MinFunc(t.waiting, func(x, y *waiter) int { return t.last[x.from] - t.last[y.from] })
	t.removeLocked(next)
	t.noteLocked(next.from)
	next.told <- true
}

// leave tells whether w still waited; he does no more.
func (t *turns) leave(w *waiter) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.removeLocked(w)
}

func (t *turns) removeLocked(w *waiter) bool {
	i := slices.Index(t.waiting, w)
	if i < 0 {
		return false
	}
	t.waiting = slices.Delete(t.waiting, i, i+1)
	return true
}

// noteLocked remembers who has had a turn.
func (t *turns) noteLocked(from string) {
	if t.last == nil || len(t.last) >= mostTurns {
		t.last = map[string]int{}
	}
	t.given++
	t.last[from] = t.given
}
