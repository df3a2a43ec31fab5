package broker

import "natsd/internal/interest"

// matches remembers what the subjects of one publisher matched. An entry holds as long as the index
// has not changed. Where subjects hardly repeat, remembering costs more than it saves, so it is
// switched off for a while at a low hit rate.
type matches struct {
	account *Account
	last    *match
	known   map[string]*match

	lookups, hits int // in the current window
	off           int // lookups to go without remembering
}

type match struct {
	subject    string
	generation uint64
	result     interest.Result[*Sub]
}

const (
	maxMatches   = 512  // per publisher
	maxReceivers = 256  // of a match that is kept beside the last one
	matchWindow  = 1024 // lookups after which the hit rate is looked at
	minHits      = matchWindow / 4
	offLookups   = 64 * matchWindow
)

// match returns what the subject of r matches now. The result is valid until the next call for the
// same origin at the same depth of the batch.
func (a *Account) match(b *Batch, r *Run) *interest.Result[*Sub] {
	if r.From.Kind == Internal { // its origins belong to no goroutine
		res := b.scratch()
		a.index.Match(r.Subject, res)
		return res
	}
	c := r.From.matches.Load()
	if c == nil || c.account != a {
		c = &matches{account: a}
		r.From.matches.Store(c)
	}
	generation := a.index.Generation()
	if m := c.last; m != nil && m.subject == string(r.Subject) {
		return a.refresh(m, r.Subject, generation)
	}
	if c.off > 0 {
		c.off--
		res := b.scratch()
		a.index.Match(r.Subject, res)
		return res
	}
	c.lookups++
	m := c.known[string(r.Subject)]
	if m != nil {
		c.hits++
	} else {
		m = &match{subject: string(r.Subject), generation: generation}
		a.index.Match(r.Subject, &m.result)
		c.add(m)
	}
	if c.lookups == matchWindow {
		c.judge()
		if c.off > 0 {
			return a.refresh(m, r.Subject, generation)
		}
	}
	c.last = m
	return a.refresh(m, r.Subject, generation)
}

// refresh brings m up to date. The generation was read before the match, so that a change in between
// makes the entry stale and never hides a subscription.
func (a *Account) refresh(m *match, subject []byte, generation uint64) *interest.Result[*Sub] {
	if m.generation != generation {
		m.generation = generation
		a.index.Match(subject, &m.result)
	}
	return &m.result
}

// add keeps m, unless it is so large that delivering costs far more than matching anyway.
func (c *matches) add(m *match) {
	if len(m.result.Plain) > maxReceivers {
		return
	}
	if c.known == nil || len(c.known) >= maxMatches {
		c.known = make(map[string]*match)
	}
	c.known[m.subject] = m
}

// judge looks at the hit rate of the window that has ended.
func (c *matches) judge() {
	if c.hits < minHits {
		c.known, c.last, c.off = nil, nil, offLookups
	}
	c.lookups, c.hits = 0, 0
}

// Forget drops what the origin remembers of its matches, and with it the subscribers that it has
// found. Any goroutine may call it, also while the origin publishes: that goes on with what it has in
// its hands.
func (o *Origin) Forget() { o.matches.Store(nil) }
