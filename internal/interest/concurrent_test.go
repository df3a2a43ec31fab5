package interest_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"natsd/internal/interest"
)

// TestConcurrentUse has subscribers come and go under publishers and walkers. A
// subscriber that stays must be found by every match, and one that a publisher
// knows to be gone must not be.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	const rounds = 3000
	x := interest.New[int]()
	for i, f := range []string{"a.b", "a.*", "a.>", "*.b", ">"} {
		x.Insert(f, "", -1-i)
		x.Insert(f, "q", -100-i)
	}
	var changing, reading sync.WaitGroup
	var done atomic.Bool
	for w := range 3 {
		changing.Go(func() {
			var r interest.Result[int]
			for i := range rounds {
				v := w*rounds + i
				filter := []string{"a.b", "a.*", "*.b", "a.>", fmt.Sprintf("a.%d", v), fmt.Sprintf("a.%d.>", v)}[i%6]
				queue := []string{"", "q", "r"}[i%3]
				x.Insert(filter, queue, v)
				if i%16 == 0 {
					if x.Match([]byte("a.b"), &r); i%6 < 4 && !holds(&r, v) {
						t.Errorf("%d is not found after its insertion", v)
					}
				}
				x.Remove(filter, queue, v)
				if i%16 == 0 {
					if x.Match([]byte("a.b"), &r); holds(&r, v) {
						t.Errorf("%d is found after its removal", v)
					}
				}
			}
		})
	}
	for range 2 {
		reading.Go(func() {
			var r interest.Result[int]
			for !done.Load() {
				x.Match([]byte("a.b"), &r)
				for i := range 5 {
					if !holds(&r, -1-i) || !holds(&r, -100-i) {
						t.Errorf("a subscriber that stays is missing from %v", r)
						return
					}
				}
			}
		})
	}
	reading.Go(func() {
		for cursor := 0; !done.Load(); {
			cursor = x.Walk(cursor, 5, func(_, _ string, _ int) {})
			x.Stats()
		}
	})
	changing.Wait()
	done.Store(true)
	reading.Wait()
	if x.Len() != 10 {
		t.Errorf("%d subscriptions, want 10", x.Len())
	}
}

// TestCacheByGeneration keeps a result the way publishers do, and checks that it
// is never older than the last change that the publisher can know of.
func TestCacheByGeneration(t *testing.T) {
	t.Parallel()
	x := interest.New[int]()
	var added atomic.Int64
	var changing sync.WaitGroup
	changing.Go(func() {
		for i := 1; i <= 5000; i++ {
			x.Insert("a.*", "", i)
			added.Store(int64(i))
		}
	})
	var r interest.Result[int]
	kept := ^uint64(0)
	for known := int64(0); known < 5000; {
		known = added.Load()
		if g := x.Generation(); g != kept {
			x.Match([]byte("a.b"), &r)
			kept = g
		}
		if int64(len(r.Plain)) < known {
			t.Fatalf("the kept result has %d subscribers when %d were there", len(r.Plain), known)
		}
	}
	changing.Wait()
}

func holds(r *interest.Result[int], v int) bool {
	if slices.Contains(r.Plain, v) {
		return true
	}
	for _, g := range r.Groups {
		if slices.Contains(g.Members, v) {
			return true
		}
	}
	return false
}
