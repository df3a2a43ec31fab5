package outbound

import "sync"

// A queue borrows its lists of chunks, so that it holds none while it is empty.
var lists = sync.Pool{New: func() any { return new([maxVector]chunk) }}

// addLocked appends c to the chunks.
func (q *Queue) addLocked(c chunk) {
	if q.chunks == nil {
		q.chunks = lists.Get().(*[maxVector]chunk)[:0]
	}
	q.chunks = append(q.chunks, c)
}

// giveBack takes a list whose chunks have all been released. Lists that had to grow are left to the
// garbage collector.
func giveBack(l []chunk) {
	if cap(l) == maxVector {
		lists.Put((*[maxVector]chunk)(l[:maxVector]))
	}
}
