package broker

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"natsd/internal/outbound"
)

// full is a queue of 100 bytes that a writer is at work on.
func full(t *testing.T) *outbound.Queue {
	t.Helper()
	q := &outbound.Queue{}
	q.Lock()
	q.CopyLocked(make([]byte, 100))
	q.Unlock()
	if left, err := q.Flush(takes(0), 1); !left || err != nil {
		t.Fatalf("left %v, error %v", left, err)
	}
	return q
}

// takes sends at most n bytes.
func takes(n int) outbound.Send {
	return func(v [][]byte) (int, error) { return min(n, len(v[0])), nil }
}

// held is how long a publisher is held up for queues that may hold 68 bytes: until no more than 51 are pending.
func held(all ...*outbound.Queue) time.Duration {
	b := Begin()
	for _, q := range all {
		b.Slow(q, 68)
	}
	start := time.Now()
	b.Hold(10 * time.Millisecond)
	took := time.Since(start)
	b.End(0)
	return took
}

func TestHoldGoesAtThePaceOfTheConsumer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := full(t)
		var writer sync.WaitGroup
		writer.Go(func() {
			for left := true; left; {
				time.Sleep(8 * time.Millisecond)
				left, _ = q.Resume(takes(10), 1)
			}
		})
		defer writer.Wait()
		if got := held(q); got != 40*time.Millisecond {
			t.Errorf("held for %v", got)
		}
	})
}

// A consumer that stands still holds publishers up for a while, in small pieces, and then no more.
func TestHoldGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := full(t)
		for _, tt := range []struct{ piece, all time.Duration }{
			{10 * time.Millisecond, 310 * time.Millisecond},
			{50 * time.Millisecond, 2050 * time.Millisecond}, // it has moved
		} {
			total := time.Duration(0)
			for range 100 {
				got := held(q)
				if total += got; got > tt.piece {
					t.Errorf("held for %v in one go", got)
				}
			}
			if total != tt.all {
				t.Errorf("held for %v in all, want %v", total, tt.all)
			}
			if _, err := q.Resume(takes(1), 1); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Consumers that stand still do not keep publishers from waiting for one that moves, and cost no more than
// one of them.
func TestHoldSeesBehindOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := full(t)
		if _, err := q.Resume(takes(10), 1); err != nil { // it has shown that it moves
			t.Fatal(err)
		}
		var writer sync.WaitGroup
		writer.Go(func() {
			for left := true; left; {
				time.Sleep(8 * time.Millisecond)
				left, _ = q.Resume(takes(10), 1)
			}
		})
		defer writer.Wait()
		if got := held(full(t), full(t), q, full(t)); got != 32*time.Millisecond {
			t.Errorf("held for %v", got)
		}
	})
}
