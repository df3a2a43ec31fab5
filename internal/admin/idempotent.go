package admin

import (
	"crypto/sha256"
	"net/http"
	"sync"
	"time"

	"natsd/internal/admin/api"
)

const (
	replayPeriod = 24 * time.Hour
	mostReplays  = 500
	longestKey   = 128
)

// replays are the answers to requests that came with an Idempotency-Key: who sends one again, because the
// answer got lost, has it done once and gets the same answer. Refusals are not kept: they did nothing.
type replays struct {
	mu  sync.Mutex // a leaf
	by  map[string]*replay
	all []*replay // by age
}

// replay is one request. The lock of replays guards it.
type replay struct {
	key     string // of who asks, and his
	request [sha256.Size]byte
	at      time.Time
	done    bool
	out     any
}

// begin notes a request. First is false when it is known; then it may be under way still.
func (p *replays) begin(key string, request [sha256.Size]byte) (known replay, first bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.all) > 0 && (len(p.all) >= mostReplays || time.Since(p.all[0].at) > replayPeriod) {
		p.removeLocked(p.all[0])
	}
	if r := p.by[key]; r != nil {
		return *r, false
	}
	if p.by == nil {
		p.by = map[string]*replay{}
	}
	r := &replay{key: key, request: request, at: time.Now()}
	p.by[key] = r
	p.all = append(p.all, r)
	return replay{}, true
}

// end keeps the answer, or forgets a request that came to nothing.
func (p *replays) end(key string, out any, keep bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.by[key]
	switch {
	case r == nil:
	case keep:
		r.done, r.out = true, out
	default:
		p.removeLocked(r)
	}
}

func (p *replays) removeLocked(r *replay) {
	delete(p.by, r.key)
	for i, x := range p.all {
		if x == r {
			p.all = append(p.all[:i:i], p.all[i+1:]...)
			return
		}
	}
}

// once serves a request that has an Idempotency-Key one time only.
func (c *call) once(serve func() (any, error)) (out any, err error) {
	key := c.r.Header.Get("Idempotency-Key")
	if key == "" || c.r.Method != http.MethodPost || !c.route.mutates() {
		return serve()
	}
	if len(key) > longestKey {
		return nil, api.Problemf(api.BadRequest, "the Idempotency-Key has more than %d bytes", longestKey)
	}
	body, err := c.takeBody()
	if err != nil {
		return nil, err
	}
	key = c.who.String() + "\n" + key
	request := sha256.Sum256([]byte(c.r.URL.Path + "?" + c.r.URL.RawQuery + "\n" + string(body)))
	known, first := c.api.replays.begin(key, request)
	switch {
	case first:
	case known.request != request:
		return nil, api.Problemf(api.Conflict, "this Idempotency-Key belongs to another request")
	case !known.done:
		return nil, api.Problemf(api.Conflict, "the request with this Idempotency-Key is under way")
	default:
		c.w.Header().Set("Idempotency-Replayed", "true")
		return known.out, nil
	}
	keep := false
	defer func() { c.api.replays.end(key, repeatable(out), keep) }() // also after a panic
	out, err = serve()
	ans, _ := out.(answer)
	keep = err == nil && !ans.done
	return out, err
}

// repeatable is an answer as it is given again. A secret is shown once.
func repeatable(out any) any {
	if t, ok := out.(*api.IssuedToken); ok {
		again := *t
		again.Secret = ""
		return &again
	}
	return out
}
