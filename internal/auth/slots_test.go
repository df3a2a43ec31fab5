package auth

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func addr(n byte) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, 0, n}) }

// TestSlotsTakeTurns: a flood from one address holds up another by one comparison.
func TestSlotsTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(1)
		if err := s.acquire(t.Context(), addr(9)); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var order strings.Builder
		var wg sync.WaitGroup
		for _, from := range []byte{1, 1, 1, 1, 2, 3, 3} {
			wg.Go(func() {
				if s.acquire(t.Context(), addr(from)) != nil {
					return
				}
				mu.Lock()
				order.WriteByte('0' + from)
				mu.Unlock()
				time.Sleep(time.Second)
				s.release()
			})
			synctest.Wait() // so that they queue in this order
		}
		s.release()
		wg.Wait()
		if got := order.String(); got != "1231311" {
			t.Errorf("served in the order %s, want 1231311", got)
		}
		if s.free != 1 || len(s.lanes) != 0 || len(s.turns) != 0 {
			t.Errorf("left over: %d free, %d lanes, %d turns", s.free, len(s.lanes), len(s.turns))
		}
	})
}

func TestSlotsGiveUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(1)
		if err := s.acquire(t.Context(), addr(1)); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if err := s.acquire(ctx, addr(2)); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v", err)
				}
			})
		}
		wg.Wait()
		s.release()
		if s.free != 1 || len(s.lanes) != 0 || len(s.turns) != 0 {
			t.Errorf("left over: %d free, %d lanes, %d turns", s.free, len(s.lanes), len(s.turns))
		}
	})
}

// TestSlotsRace lets many take, keep and give up slots: never more than the limit, none is lost.
func TestSlotsRace(t *testing.T) {
	t.Parallel()
	const limit = 3
	s := newSlots(limit)
	var busy atomic.Int32
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			for range 200 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(200))*time.Microsecond)
				if s.acquire(ctx, addr(byte(i%5))) == nil {
					if busy.Add(1) > limit {
						t.Error("more than the limit run")
					}
					busy.Add(-1)
					s.release()
				}
				cancel()
			}
		})
	}
	wg.Wait()
	if s.free != limit || len(s.lanes) != 0 || slices.ContainsFunc(s.turns, func(l *lane) bool { return l != nil }) {
		t.Errorf("left over: %d free, %d lanes, %d turns", s.free, len(s.lanes), len(s.turns))
	}
}
