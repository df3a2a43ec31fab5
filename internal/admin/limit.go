package admin

import (
	"context"
	"net"
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/go-chi/httprate"

	"natsd/internal/admin/api"
)

// How much one identity, or one address without any, may ask for.
const (
	requestsPer = 10 * time.Second
	requests    = 2000 // within requestsPer, of somebody who proved who he is
	strangers   = 100  // of an address, without proof or with a wrong one
	heavyRest   = 20   // times as long as a long listing took, its place stays empty afterwards
	longestRest = 400 * time.Millisecond
	heavyQueue  = 16                       // that wait
	heavyWait   = heavyQueue * longestRest // whoever waits gets his turn
	streamsOnce = 4                        // long listings that are written without pages at the same time
	followers   = 256                      // of events and of the log: each one more is work for whoever tells something
)

// limits keeps requests from taking what messages need. What is too much is refused at once, so that
// the client knows and nothing piles up.
type limits struct {
	known, unknown *httprate.RateLimiter
	slots, queue   chan struct{} // of long listings
	streams        chan struct{}
	follows        chan struct{}
}

func newLimits() *limits {
	return &limits{
		known:   httprate.NewRateLimiter(requests, requestsPer),
		unknown: httprate.NewRateLimiter(strangers, requestsPer),
		slots:   make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
		queue:   make(chan struct{}, heavyQueue),
		streams: make(chan struct{}, streamsOnce),
		follows: make(chan struct{}, followers),
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

// heavy waits a moment for the place of a long listing. Done gives it back, after a rest: however many are
// asked for, they leave most of the processors to messages.
func (l *limits) heavy(ctx context.Context) (done func(), err error) {
	tooMany := api.Problemf(api.RateLimited, "too many long listings are asked for at the same time")
	select {
	case l.queue <- struct{}{}:
		defer func() { <-l.queue }()
	default:
		return nil, tooMany
	}
	patience := time.NewTimer(heavyWait)
	defer patience.Stop()
	select {
	case l.slots <- struct{}{}:
	case <-patience.C:
		return nil, tooMany
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	began := time.Now()
	return sync.OnceFunc(func() {
		time.AfterFunc(min(heavyRest*time.Since(began), longestRest), func() { <-l.slots })
	}), nil
}

// stream takes the place of a listing that is written as fast as its client reads.
func (l *limits) stream() (done func(), err error) {
	return seat(l.streams, "too many listings are being read at the same time")
}

// follow takes the place of a stream that goes on until its reader leaves.
func (l *limits) follow() (done func(), err error) {
	return seat(l.follows, "too many streams are being read at the same time")
}

// seat takes one of the places that there are, or tells that all are taken.
func seat(places chan struct{}, full string) (done func(), err error) {
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	default:
		return nil, api.Problemf(api.RateLimited, "%s", full)
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
