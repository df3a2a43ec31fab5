package admin

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/go-chi/httprate"

	"natsd/internal/admin/api"
)

// How much one identity, or one address without any, may ask for.
const (
	requestsPer = 10 * time.Second
	requests    = 2000 // within requestsPer, of somebody who proved who he is
	strangers   = 100  // of an address, without proof or with a wrong one
	heavyAtOnce = 4    // long listings that are made at the same time
	heavyWait   = 250 * time.Millisecond
)

// limits keeps requests from taking what messages need. What is too much is refused at once, so that
// the client knows and nothing piles up.
type limits struct {
	known, unknown *httprate.RateLimiter
	slots          chan struct{}
}

func newLimits() *limits {
	return &limits{
		known:   httprate.NewRateLimiter(requests, requestsPer),
		unknown: httprate.NewRateLimiter(strangers, requestsPer),
		slots:   make(chan struct{}, heavyAtOnce),
	}
}

// exceeded counts a request and tells whether it is one too many.
func (l *limits) exceeded(c *call) bool {
	if c.who.method == api.MethodNone {
		return l.unknown.OnLimit(c.w, c.r, address(c.r))
	}
	return l.known.OnLimit(c.w, c.r, c.who.String())
}

// mayTry tells whether an address may still show credentials. Only wrong ones count, see failed.
func (l *limits) mayTry(c *call) bool {
	_, tries, err := l.unknown.Status("try " + address(c.r))
	return err == nil && tries < strangers
}

// failed counts a wrong credential.
func (l *limits) failed(c *call) { _ = l.unknown.OnLimit(discard{}, c.r, "try "+address(c.r)) }

// discard takes the headers of an answer that is not given.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}

// heavy waits a moment for a slot. Done gives it back.
func (l *limits) heavy(ctx context.Context) (done func(), err error) {
	patience := time.NewTimer(heavyWait)
	defer patience.Stop()
	select {
	case l.slots <- struct{}{}:
		return func() { <-l.slots }, nil
	case <-patience.C:
		return nil, api.Problemf(api.RateLimited, "too many long listings are asked for at the same time")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// address is where a request comes from, without the port.
func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return httprate.CanonicalizeIP(host)
}
