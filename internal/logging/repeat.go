package logging

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Of lines that are the same to the byte, this many pass in a window; the rest is counted and told
// when the window ends. Debug and trace lines always pass: who asks for them wants each one.
const (
	repeatBurst  = 10
	repeatWindow = 10 * time.Second
	repeatTexts  = 256  // texts watched at a time; further ones pass unwatched
	repeatLength = 2048 // longer lines pass unwatched
)

// repeats limits repeated lines.
type repeats struct {
	wake chan struct{} // tells the task that something is held back

	mu    sync.Mutex // a leaf
	seen  map[string]*repeat
	swept time.Time
}

// repeat is one text within its window.
type repeat struct {
	entry  *entry
	since  time.Time
	passed int
	held   uint64
}

func newRepeats() *repeats {
	return &repeats{wake: make(chan struct{}, 1), seen: make(map[string]*repeat)}
}

// pass tells whether the line with this body may be written now.
func (r *repeats) pass(e *entry, body []byte) bool {
	if e.level < slog.LevelInfo || len(body) > repeatLength {
		return true
	}
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.seen[string(body)]
	if known == nil {
		if r.roomLocked(now) {
			r.seen[string(body)] = &repeat{entry: e, since: now, passed: 1}
		}
		return true
	}
	// What is held stays held until it has been told, even when that is late.
	if known.held == 0 && now.Sub(known.since) >= repeatWindow {
		known.since, known.passed = now, 0
	}
	if known.passed < repeatBurst {
		known.passed++
		return true
	}
	known.held++
	if known.held == 1 {
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
	return false
}

// roomLocked forgets texts whose window is over, at most once a second when there are many.
func (r *repeats) roomLocked(now time.Time) bool {
	if len(r.seen) < repeatTexts {
		return true
	}
	if now.Sub(r.swept) < time.Second {
		return false
	}
	r.swept = now
	for body, known := range r.seen {
		if known.held == 0 && now.Sub(known.since) >= repeatWindow {
			delete(r.seen, body)
		}
	}
	return len(r.seen) < repeatTexts
}

// due takes the texts with held lines whose window is over, or all of them, and tells how long it is
// until the next one: 0 when none is left.
func (r *repeats) due(all bool) (told []*entry, next time.Duration) {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	for body, known := range r.seen {
		if known.held == 0 {
			continue
		}
		if left := repeatWindow - now.Sub(known.since); left > 0 && !all {
			if next == 0 || left < next {
				next = left
			}
			continue
		}
		told = append(told, known.summary(now))
		delete(r.seen, body)
	}
	return told, next
}

// summary is the same line once more, with the number of times it was held back.
func (k *repeat) summary(now time.Time) *entry {
	e := *k.entry
	e.time = now
	e.attrs = append(slices.Clip(e.attrs), slog.Uint64("repeated", k.held))
	return &e
}

// run tells what was held back when its time has come, until ctx ends.
func (r *repeats) run(ctx context.Context, tell func(*entry)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		}
		for {
			told, next := r.due(false)
			for _, e := range told {
				tell(e)
			}
			if next == 0 {
				break
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(next):
			}
		}
	}
}
