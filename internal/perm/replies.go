package perm

import (
	"bytes"
	"hash/maphash"
	"sync"
	"time"
)

// Bounds of what one connection may have open. Requests beyond them take the
// place of the oldest ones, which then cannot be answered any more.
const (
	maxReplies    = 1 << 16
	maxReplyBytes = 8 << 20

	// Room that is kept for the next requests when these are answered.
	keepReplies    = 256
	keepReplyBytes = 128
)

// Replies holds the reply subjects of the requests that one connection was
// given and may still answer. Deliveries add to it, publishing takes from it;
// both may happen at any time on any goroutine. It locks nothing else and
// calls nothing while locked. The nil Replies holds nothing.
type Replies struct {
	max     int32 // immutable; answers per request, negative for no limit
	expires int64 // immutable; nanoseconds, negative for no limit
	seed    maphash.Seed

	mu      sync.Mutex // guards all below
	byHash  map[uint64]int32
	pending []pending // used and free ones; the first is the head of both lists
	size    int       // bytes of all texts in use
}

// pending is one request that may be answered. All in use form a ring in the
// order they came, which is the order in which they expire; the ring starts and
// ends at pending[0], which holds none. Free ones hang on pending[0].count.
type pending struct {
	subject    []byte // own copy
	hash       uint64
	since      int64 // nanoseconds since 1970
	count      int32 // answers so far; of a free one: the next free one
	prev, next int32
}

// NewReplies returns an empty tracker for the right r, and nil, which tracks
// nothing, when r is nil.
func NewReplies(r *Responses) *Replies {
	r = r.resolve()
	if r == nil {
		return nil
	}
	return &Replies{
		max:     int32(min(r.Max, 1<<31-1)),
		expires: int64(r.Expires),
		seed:    maphash.MakeSeed(),
		byHash:  make(map[uint64]int32),
		pending: make([]pending, 1),
	}
}

// Add notes that a request with this reply subject was delivered at now. A
// second request with the same subject starts the count and the time anew. The
// bytes are copied. Call it for subjects only that the connection may not
// publish to anyway.
func (r *Replies) Add(reply []byte, now time.Time) {
	if r == nil || len(reply) == 0 {
		return
	}
	t := now.UnixNano()
	h := maphash.Bytes(r.seed, reply)
	r.mu.Lock()
	defer r.mu.Unlock()
	for first := r.pending[0].next; first != 0 && r.expired(first, t); first = r.pending[0].next {
		r.remove(first)
	}
	// Either the same subject or, very rarely, another one with the same hash,
	// which loses its place: a right may get lost, but never be made up.
	if old, ok := r.byHash[h]; ok {
		r.remove(old)
	}
	for len(r.byHash) >= maxReplies || len(r.byHash) > 0 && r.size+len(reply) > maxReplyBytes {
		r.remove(r.pending[0].next)
	}
	r.put(reply, h, t)
}

// Take reports whether a message may be published at now on reply as an answer,
// and counts it as one.
func (r *Replies) Take(reply []byte, now time.Time) bool {
	if r == nil {
		return false
	}
	h := maphash.Bytes(r.seed, reply)
	r.mu.Lock()
	defer r.mu.Unlock()
	i, ok := r.byHash[h]
	if !ok || !bytes.Equal(r.pending[i].subject, reply) {
		return false
	}
	if r.expired(i, now.UnixNano()) {
		r.remove(i)
		return false
	}
	p := &r.pending[i]
	if p.count++; p.count == r.max {
		r.remove(i)
	} else if r.max < 0 {
		p.count = 0
	}
	return true
}

// Len returns how many requests are held, expired ones included.
func (r *Replies) Len() int {
	if r == nil {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.byHash)
}

func (r *Replies) expired(i int32, now int64) bool {
	return r.expires >= 0 && now-r.pending[i].since > r.expires
}

func (r *Replies) put(reply []byte, h uint64, t int64) {
	i := r.pending[0].count
	if i != 0 {
		r.pending[0].count = r.pending[i].count
	} else {
		i = int32(len(r.pending))
		r.pending = append(r.pending, pending{})
	}
	last := r.pending[0].prev
	r.pending[i] = pending{
		subject: append(r.pending[i].subject[:0], reply...),
		hash:    h, since: t, prev: last,
	}
	r.pending[last].next = i
	r.pending[0].prev = i
	r.byHash[h] = i
	r.size += len(reply)
}

func (r *Replies) remove(i int32) {
	p := &r.pending[i]
	delete(r.byHash, p.hash)
	r.size -= len(p.subject)
	r.pending[p.prev].next, r.pending[p.next].prev = p.next, p.prev
	if len(r.byHash) == 0 && len(r.pending) > keepReplies {
		r.pending, r.byHash = make([]pending, 1), make(map[uint64]int32)
		return
	}
	if cap(p.subject) > keepReplyBytes {
		p.subject = nil
	}
	p.count, r.pending[0].count = r.pending[0].count, i
}
