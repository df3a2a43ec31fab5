package status

import "sync"

// Ring remembers the last closed connections. Its methods may be called by any number of goroutines;
// its lock is a leaf that is held to store or copy pointers. The zero Ring remembers nothing.
type Ring struct {
	mu    sync.Mutex
	slots []*Closed // grows up to size, then is overwritten from next on
	size  int
	next  int
	total uint64
}

// NewRing makes a ring of size entries; size <= 0 remembers nothing.
func NewRing(size int) *Ring { return &Ring{size: max(size, 0)} }

// Add stores c, overwriting the oldest entry of a full ring. The caller must not change c any more.
func (r *Ring) Add(c *Closed) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.total++
	switch {
	case r.size == 0:
	case len(r.slots) < r.size:
		r.slots = append(r.slots, c)
	default:
		r.slots[r.next] = c
		r.next = (r.next + 1) % r.size
	}
}

// Append appends the entries to dst, oldest first.
func (r *Ring) Append(dst []*Closed) []*Closed {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.appendLocked(dst)
}

func (r *Ring) appendLocked(dst []*Closed) []*Closed {
	dst = append(dst, r.slots[r.next:]...)
	return append(dst, r.slots[:r.next]...)
}

// Total is how many connections were ever added.
func (r *Ring) Total() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.total
}

// Resize changes how many entries are remembered and keeps the newest.
func (r *Ring) Resize(size int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	size = max(size, 0)
	kept := r.appendLocked(nil)
	if len(kept) > size {
		kept = append([]*Closed(nil), kept[len(kept)-size:]...)
	}
	r.slots, r.size, r.next = kept, size, 0
}
