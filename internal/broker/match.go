package broker

import (
	"bytes"
	"hash/maphash"

	"natsd/internal/interest"
)

// matches remembers what the subjects of one publisher matched. Each subject has one place, found by its
// hash, and takes it from the one before, memory included, so that remembering makes no garbage. What is
// remembered holds as long as the index has not changed. Where subjects hardly repeat, remembering costs
// more than it saves, so it is switched off for a while at a low hit rate.
type matches struct {
	account *Account
	last    *match
	known   *[maxMatches]*match

	lookups, hits int // in the current window
	off           int // lookups to go without remembering
}

type match struct {
	subject    []byte
	generation uint64
	result     interest.Result[*Sub]
}

const (
	maxMatches   = 1024 // per publisher
	maxReceivers = 256  // of a match that is kept beside the last one
	matchWindow  = 1024 // lookups after which the hit rate is looked at
	minHits      = matchWindow / 4
	offLookups   = 64 * matchWindow

	never = ^uint64(0) // a generation that no index reaches
)

var seed = maphash.MakeSeed()

// match returns what the subject of r matches now. The result is valid until the next call for the
// same origin at the same depth of the batch.
func (a *Account) match(b *Batch, r *Run) *interest.Result[*Sub] {
	// Origins of the server itself belong to no goroutine, and nested publishing must not touch what the
	// outer one goes through.
	if r.From.Kind == Internal || b.depth > 0 {
		return a.matchAnew(b, r)
	}
	c := r.From.matches.Load()
	if c == nil || c.account != a {
		c = &matches{account: a}
		r.From.matches.Store(c)
	}
	generation := a.index.Generation() // before the match: a change in between makes it stale
	m := c.last
	if m == nil || string(m.subject) != string(r.Subject) {
		if m = c.find(r.Subject); m == nil {
			return a.matchAnew(b, r)
		}
	}
	if m.generation != generation {
		m.generation = generation
		a.index.Match(r.Subject, &m.result)
		c.weigh(m)
	}
	return &m.result
}

// matchAnew matches without remembering.
func (a *Account) matchAnew(b *Batch, r *Run) *interest.Result[*Sub] {
	res := b.scratch()
	a.index.Match(r.Subject, res)
	return res
}

// find returns the match of subject, one that is not up to date if it is new, or nil while nothing is
// remembered.
func (c *matches) find(subject []byte) *match {
	if c.off > 0 {
		c.off--
		return nil
	}
	if c.last == nil { // most publishers have one subject
		c.last = &match{subject: bytes.Clone(subject), generation: never}
		return c.last
	}
	if c.known == nil {
		c.known = new([maxMatches]*match)
	}
	m := &c.known[place(subject)]
	switch {
	case *m == nil:
		*m = &match{}
		fallthrough
	case string((*m).subject) != string(subject):
		(*m).subject, (*m).generation = append((*m).subject[:0], subject...), never
	default:
		c.hits++
	}
	c.last = *m
	if c.lookups++; c.lookups == matchWindow {
		c.judge()
	}
	return c.last
}

func place(subject []byte) uint64 { return maphash.Bytes(seed, subject) % maxMatches }

// weigh keeps a match with many receivers only as the last one: delivering costs far more than matching
// then.
func (c *matches) weigh(m *match) {
	if len(m.result.Plain) > maxReceivers && c.known != nil {
		c.known[place(m.subject)] = nil
	}
}

// judge looks at the hit rate of the window that has ended.
func (c *matches) judge() {
	if c.hits < minHits {
		c.known, c.off = nil, offLookups
	}
	c.lookups, c.hits = 0, 0
}

// Forget drops what the origin remembers of its matches, and with it the subscribers that it has
// found. Any goroutine may call it, also while the origin publishes: that goes on with what it has in
// its hands.
func (o *Origin) Forget() { o.matches.Store(nil) }
