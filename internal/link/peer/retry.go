package peer

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	retryDelay  = time.Second // between two tries
	maxDelay    = 30 * time.Second
	retryJitter = 100 * time.Millisecond // so that two servers do not keep dialing each other at once
)

// Policy says how often and at what pace something is tried again.
type Policy struct {
	Retries int  // after the first try; negative is without end
	Backoff bool // wait longer each time
}

// delay is how long to wait after try n, counted from 1.
func (p Policy) delay(n int) time.Duration {
	d := retryDelay
	if p.Backoff {
		for ; n > 1 && d < maxDelay; n-- {
			d *= 2
		}
	}
	return min(d, maxDelay)
}

// Jitter is a short random time.
func Jitter() time.Duration { return rand.N(retryJitter) }

// Again is how long to wait before a link that was lost is made anew. One that the operator has asked for
// gets the other side the time to start.
func Again(wanted bool) time.Duration {
	if wanted {
		return retryDelay + Jitter()
	}
	return Jitter()
}

// Try calls once until it returns nil, the policy gives up or ctx ends. Policy is asked before each try.
// Failed is told of each error, how many there have been, and when the next try comes: never for the zero
// time. Before the first try it waits for first.
func Try(ctx context.Context, first time.Duration, policy func() Policy, once func(ctx context.Context) error, failed func(err error, attempt int, next time.Time)) {
	if !sleep(ctx, first) {
		return
	}
	for attempt := 1; ; attempt++ {
		err := once(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		p := policy()
		if p.Retries >= 0 && attempt > p.Retries {
			failed(err, attempt, time.Time{})
			return
		}
		d := p.delay(attempt) + Jitter()
		failed(err, attempt, time.Now().Add(d))
		if !sleep(ctx, d) {
			return
		}
	}
}

// sleep waits for d and reports false if ctx has ended.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
