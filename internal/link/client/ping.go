package client

import (
	"context"
	"errors"
	"time"

	"natsd/internal/wire"
)

// asked is a PING that somebody waits for the answer to.
type asked struct {
	sent  time.Time
	ahead int // PINGs before it that have not been answered
	done  chan time.Duration
}

// mostAsked bounds the PINGs that are under way because somebody asked.
const mostAsked = 16

// Errors of [Session.Ping].
var (
	ErrManyPings = errors.New("too many PINGs have not been answered yet")
	ErrEnded     = errors.New("the connection has ended")
)

// Ping sends a PING and waits for the answer. It returns how long that took.
func (s *Session) Ping(ctx context.Context) (time.Duration, error) {
	done, err := s.ask()
	if err != nil {
		return 0, err
	}
	s.write([]byte(wire.LinePing))
	s.conn.Flush()
	select {
	case rtt, ok := <-done:
		if !ok {
			return 0, ErrEnded
		}
		return rtt, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// ask notes a PING that is about to be sent. One that is given up stays: its answer may still come, and
// must not be taken for that of a later one.
func (s *Session) ask() (<-chan time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &s.timers
	switch {
	case t.ended:
		return nil, ErrEnded
	case len(t.asked) >= mostAsked:
		return nil, ErrManyPings
	}
	a := asked{sent: time.Now(), ahead: t.pings + len(t.asked), done: make(chan time.Duration, 1)}
	t.asked = append(t.asked, a)
	return a.done, nil
}

// answered gives a PONG to who waits for it. s.mu is held.
func (t *timers) answered(now time.Time) (rtt time.Duration, ok bool) {
	kept := t.asked[:0]
	for _, a := range t.asked {
		if a.ahead > 0 || ok {
			a.ahead = max(a.ahead-1, 0)
			kept = append(kept, a)
			continue
		}
		rtt, ok = max(1, now.Sub(a.sent)), true
		a.done <- rtt
	}
	clear(t.asked[len(kept):])
	t.asked = kept
	return rtt, ok
}
