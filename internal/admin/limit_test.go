package admin

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"natsd/internal/admin/api"
)

// oneListing makes one long listing.
func oneListing(ctx context.Context, l *limits, takes time.Duration) error {
	done, err := l.heavy(ctx)
	if err != nil {
		return err
	}
	time.Sleep(takes)
	done()
	return nil
}

// What was saved up is there at once; a flood gets the share that comes back.
func TestListingsHaveAShare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimits()
		began := time.Now()
		const takes = 5 * time.Millisecond
		for range listingSaved / takes {
			if err := oneListing(t.Context(), l, takes); err != nil {
				t.Fatal(err)
			}
		}
		if d := time.Since(began); d > 2*listingSaved {
			t.Errorf("listings that are saved up took %v", d)
		}
		began = time.Now()
		const n = 100
		for range n {
			if err := oneListing(t.Context(), l, takes); err != nil {
				t.Fatal(err)
			}
		}
		share := float64(n*takes.Microseconds()) / time.Since(began).Seconds()
		if most := float64(l.listings.Limit()); share > 1.2*most || share < most/2 {
			t.Errorf("listings took %.0f us of each second, may have %.0f", share, most)
		}
	})
}

// However long a listing takes, the next one can be had while somebody waits for it.
func TestALongListing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimits()
		for range 50 {
			if err := oneListing(t.Context(), l, time.Minute); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Who comes when many wait is told at once, who waits too long is told then, and neither takes a place.
func TestTooManyListings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimits()
		var hold []func()
		for range cap(l.slots) {
			done, err := l.heavy(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			hold = append(hold, done)
		}
		var g sync.WaitGroup
		for range heavyQueue {
			g.Go(func() { wantLimited(t, oneListing(t.Context(), l, 0)) })
		}
		synctest.Wait()
		began := time.Now()
		wantLimited(t, oneListing(t.Context(), l, 0))
		if time.Since(began) != 0 {
			t.Error("who is one too many has to wait")
		}
		g.Wait()
		if d := time.Since(began); d != heavyWait {
			t.Errorf("told after %v", d)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := oneListing(gone, l, 0); !errors.Is(err, context.Canceled) {
			t.Errorf("who has left gets %v", err)
		}
		for _, done := range hold {
			done()
		}
		if err := oneListing(t.Context(), l, 0); err != nil {
			t.Error(err)
		}
	})
}

func wantLimited(t *testing.T, err error) {
	t.Helper()
	if p, ok := errors.AsType[*api.Problem](err); !ok || p.Code != api.RateLimited {
		t.Errorf("got %v", err)
	}
}
