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
// answer got lost, has it done once and gets the same answer. Refusals are not kept: they did nothing. When
// there are too many, those go first who have the most.
type replays struct {
	mu   sync.Mutex // a leaf
	by   map[replayKey]*replay
	all  []*replay      // by age
	held map[string]int // by who asks; none is 0
}

// replayKey is a key of somebody: those of others are theirs.
type replayKey struct{ who, key string }

// replay is one request. The lock of replays guards it.
type replay struct {
	replayKey
	request [sha256.Size]byte
	at      time.Time
	done    bool
	out     any
}

// begin notes a request. First is false when it is known; then it may be under way still.
func (p *replays) begin(key replayKey, request [sha256.Size]byte) (known replay, first bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.all) > 0 && time.Since(p.all[0].at) > replayPeriod {
		p.removeLocked(p.all[0])
	}
	if r := p.by[key]; r != nil {
		return *r, false
	}
	if len(p.all) >= mostReplays {
		p.makeRoomLocked()
	}
	if p.by == nil {
		p.by, p.held = map[replayKey]*replay{}, map[string]int{}
	}
	r := &replay{replayKey: key, request: request, at: time.Now()}
	p.by[key] = r
	p.held[key.who]++
	p.all = append(p.all, r)
	return replay{}, true
}

// makeRoomLocked forgets the oldest request of who has the most.
func (p *replays) makeRoomLocked() {
	out := p.all[0]
	for _, r := range p.all {
		if p.held[r.who] > p.held[out.who] {
			out = r
		}
	}
	p.removeLocked(out)
}

// end keeps the answer, or forgets a request that came to nothing.
func (p *replays) end(key replayKey, out any, keep bool) {
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
	delete(p.by, r.replayKey)
	if p.held[r.who]--; p.held[r.who] == 0 {
		delete(p.held, r.who)
	}
	for i, x := range p.all {
		if x == r {
			p.all = append(p.all[:i:i], p.all[i+1:]...)
			return
		}
	}
}

// once serves a request that has an Idempotency-Key one time only.
func (c *call) once(serve func() (any, error)) (out any, err error) {
	name := c.r.Header.Get("Idempotency-Key")
	if name == "" || c.r.Method != http.MethodPost || !c.route.mutates() {
		return serve()
	}
	if len(name) > longestKey {
		return nil, api.Problemf(api.BadRequest, "the Idempotency-Key has more than %d bytes", longestKey)
	}
	body, err := c.takeBody()
	if err != nil {
		return nil, err
	}
	key := replayKey{c.who.String(), name}
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
