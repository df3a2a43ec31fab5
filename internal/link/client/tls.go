package client

import (
	"context"
	"crypto/tls"
	"fmt"
	"sync"
	"time"

	"natsd/internal/config"
	"natsd/internal/transport/tlsconn"
)

// serverTLS prepares the configuration of the listener.
func serverTLS(t *config.TLS) *tls.Config { return tlsconn.ServerConfig(t.Config) }

// ratePeriod is what a limit of TLS handshakes counts in, and how often refusals are told.
const ratePeriod = time.Second

// rate counts TLS handshakes within one period.
type rate struct {
	mu      sync.Mutex // a leaf
	since   time.Time
	n       int
	refused int // not told yet
}

// allow counts one in and reports false when limit per second is reached; 0 is no limit. With tell
// the refusal is the first since they were told last.
func (r *rate) allow(limit int) (ok, tell bool) {
	if limit <= 0 {
		return true, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := time.Now(); now.Sub(r.since) >= ratePeriod {
		r.since, r.n = now, 0
	}
	r.n++
	if r.n <= limit {
		return true, false
	}
	r.refused++
	return false, r.refused == 1
}

// take returns how many were refused and starts over.
func (r *rate) take() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.refused
	r.refused = 0
	return n
}

// mayHandshake tells whether one more client may start TLS now. The log gets one line per period,
// not one per client: it is a flood that is refused here.
func (l *Link) mayHandshake(limit int) bool {
	ok, tell := l.handshakes.allow(limit)
	if tell {
		l.tasks.Go("throttle", func(ctx context.Context) {
			select {
			case <-ctx.Done():
			case <-time.After(ratePeriod):
			}
			l.log.Warn(fmt.Sprintf("Rejected %d connections due to TLS rate limiting", l.handshakes.take()))
		})
	}
	return ok
}
