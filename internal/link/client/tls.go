package client

import (
	"crypto/tls"
	"sync"
	"time"

	"natsd/internal/config"
	"natsd/internal/transport/tlsconn"
)

// serverTLS prepares the configuration of the listener.
func serverTLS(t *config.TLS) *tls.Config { return tlsconn.ServerConfig(t.Config) }

// rate counts TLS handshakes within one second.
type rate struct {
	mu    sync.Mutex // a leaf
	since time.Time
	n     int
}

// allow counts one in and reports false when limit per second is reached; 0 is no limit.
func (r *rate) allow(limit int) bool {
	if limit <= 0 {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := time.Now(); now.Sub(r.since) >= time.Second {
		r.since, r.n = now, 0
	}
	r.n++
	return r.n <= limit
}
