package admin

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/go-chi/httprate"
	"golang.org/x/time/rate"

	"natsd/internal/admin/api"
)

// How much one identity, or one address without any, may ask for.
const (
	requestsPer = 10 * time.Second
	requests    = 2000 // within requestsPer, of somebody who proved who he is
	strangers   = 100  // of an address, without proof or with a wrong one
	streamsOnce = 4    // long listings that are written without pages at the same time
	followers   = 256  // of events and of the log: each one more is work for whoever tells something
)

// How much of the processors long listings may have. A dashboard that asks for a few now and then finds time that
// was saved up; a flood gets what comes back, and messages hardly feel it.
const (
	listingShare = 0.0015                 // of the time of all processors, in the long run
	listingSaved = 100 * time.Millisecond // that is there after a quiet while
	longestRest  = 2 * time.Second        // after one long listing
	heavyQueue   = 16                     // that wait
	heavyWait    = 5 * time.Second        // for so long
)

// limits keeps requests from taking what messages need. What is too much is refused at once, so that
// the client knows and nothing piles up.
type limits struct {
	known, unknown *httprate.RateLimiter
	slots, queue   chan struct{} // of long listings
	listings       *rate.Limiter // microseconds that they may take
	streams        chan struct{}
	follows        chan struct{}
}

func newLimits() *limits {
	procs := runtime.GOMAXPROCS(0)
	return &limits{
		known:   httprate.NewRateLimiter(requests, requestsPer),
		unknown: httprate.NewRateLimiter(strangers, requestsPer),
		slots:   make(chan struct{}, max(1, procs/2)),
		queue:   make(chan struct{}, heavyQueue),
		listings: rate.NewLimiter(
			rate.Limit(float64(procs)*listingShare*float64(time.Second.Microseconds())), int(listingSaved.Microseconds()),
		),
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

// heavy waits a moment for the place of a long listing and for time to be left for it. Done gives the place
// back and takes what the listing took from that time.
func (l *limits) heavy(ctx context.Context) (done func(), err error) {
	tooMany := api.Problemf(api.RateLimited, "too many long listings are asked for")
	select {
	case l.queue <- struct{}{}:
		defer func() { <-l.queue }()
	default:
		return nil, tooMany
	}
	ctx, cancel := context.WithTimeoutCause(ctx, heavyWait, tooMany)
	defer cancel()
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if err := l.listings.Wait(ctx); err != nil {
		<-l.slots
		return nil, cmp.Or(context.Cause(ctx), error(tooMany))
	}
	began := time.Now()
	return sync.OnceFunc(func() {
		now := time.Now()
		l.listings.ReserveN(now, l.cost(now.Sub(began)))
		<-l.slots
	}), nil
}

// cost is what a listing takes from the time of all. A very long one takes no more than comes back while
// others can wait.
func (l *limits) cost(took time.Duration) int {
	most := min(int(float64(l.listings.Limit())*longestRest.Seconds()), l.listings.Burst())
	return min(int(took.Microseconds()), most)
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
