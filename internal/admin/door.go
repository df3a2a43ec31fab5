package admin

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"

	"natsd/internal/admin/api"
)

// doorPeriod is for how long somebody who asks for too much is refused without a look.
const doorPeriod = time.Second

// door is where the requests of one connection come in. It is shut for a moment to who has just been refused for
// asking too much: to find that out anew for each of thousands of requests a second would cost messages more
// than answering them. Others who come by the same connection, as through a proxy, are let in.
type door struct {
	mu         sync.Mutex // a leaf
	until      time.Time
	credential string // that was shown when it was shut
}

type doorKey struct{}

func withDoor(ctx context.Context) context.Context {
	return context.WithValue(ctx, doorKey{}, new(door))
}

func doorOf(r *http.Request) *door {
	d, _ := r.Context().Value(doorKey{}).(*door)
	return d
}

// shut refuses from now on what comes with the credential of r.
func (d *door) shut(r *http.Request) {
	if d == nil { // a request that did not come by Serve
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.until, d.credential = time.Now().Add(doorPeriod), r.Header.Get("Authorization")
}

// refuses tells whether the door is shut to r.
func (d *door) refuses(r *http.Request) bool {
	if d == nil {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.until.IsZero() && time.Now().Before(d.until) && d.credential == r.Header.Get("Authorization")
}

var errTooMany = api.Problemf(api.RateLimited, "too many requests")

// shutAnswer is the body of a refusal at the door.
var shutAnswer = sync.OnceValue(func() []byte {
	body, _ := json.Marshal(errTooMany) // it has nothing that cannot be written
	return append(body, '\n')
})

// atTheDoor refuses who finds the door shut.
func (a *API) atTheDoor(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !doorOf(r).refuses(r) {
			next.ServeHTTP(w, r)
			return
		}
		a.counts.add(string(api.RateLimited))
		h := w.Header()
		h.Set("Content-Type", api.ProblemType)
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		a.settings.Load().permitOrigin(h, r.Header.Get("Origin"))
		h.Set("Retry-After", strconv.Itoa(int(doorPeriod/time.Second)))
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = w.Write(shutAnswer())
	})
}
