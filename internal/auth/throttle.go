package auth

import (
	"context"
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"natsd/internal/config"
)

// throttle remembers failed logins by address and name, and says how long the next one has to
// wait. It counts failures only, so clients that log in rightly never wait, however many there are.
type throttle struct {
	seed maphash.Seed
	room int // most keys that are remembered

	mu       sync.Mutex
	failures map[throttleKey]tally // guarded by mu
}

// throttleKey is an address with a name of any length that a client gave.
type throttleKey struct {
	from netip.Addr
	name uint64
}

// tally counts failures within the window that began at since.
type tally struct {
	count int
	since time.Time
}

const throttleRoom = 1 << 16

func newThrottle() *throttle {
	return &throttle{seed: maphash.MakeSeed(), room: throttleRoom, failures: map[throttleKey]tally{}}
}

func (t *throttle) key(from netip.Addr, name string) throttleKey {
	return throttleKey{from.Unmap(), maphash.String(t.seed, name)}
}

// failed notes a failure.
func (t *throttle) failed(k throttleKey, rule config.FailureDelay) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	f, known := t.failures[k]
	if !known && len(t.failures) >= t.room {
		t.evictLocked(now, rule.Per)
	}
	if !known || now.Sub(f.since) >= rule.Per {
		f = tally{since: now}
	}
	f.count++
	t.failures[k] = f
}

// delay returns how long an attempt has to wait: nothing for the free failures, then from an eighth
// of the longest delay on twice as long each time.
func (t *throttle) delay(k throttleKey, rule config.FailureDelay) time.Duration {
	t.mu.Lock()
	f := t.failures[k]
	t.mu.Unlock()
	over := f.count - rule.Free
	if over < 0 || f.count == 0 || time.Since(f.since) >= rule.Per {
		return 0
	}
	return rule.Max >> max(0, 3-over)
}

// evictLocked makes room. Of a few keys, taken at random by map order, it drops one that is out of
// its window, or else the one with the fewest failures: made-up names cannot wash out a real one.
func (t *throttle) evictLocked(now time.Time, window time.Duration) {
	const sample = 16
	var victim throttleKey
	fewest, seen := 0, 0
	for k, f := range t.failures {
		if now.Sub(f.since) >= window {
			f.count = 0
		}
		if seen == 0 || f.count < fewest {
			victim, fewest = k, f.count
		}
		if seen++; seen == sample || fewest == 0 {
			break
		}
	}
	delete(t.failures, victim)
}

// wait sleeps for d; the error is that of ctx if it ends first.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
