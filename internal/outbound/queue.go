package outbound

import (
	"sync"
	"sync/atomic"
	"time"

	"natsd/internal/buffer"
)

const (
	firstBuffer = 4 << 10 // of a queue that was empty
	maxVector   = 64      // chunks given to one call of send
)

// chunk is a run of bytes to send: a shared body, or a piece of a buffer of the queue.
type chunk struct {
	bytes  []byte
	shared *Shared
	last   []byte // pooled buffer that nothing behind this chunk has a piece of
}

func (c *chunk) release() {
	if c.shared != nil {
		c.shared.Release()
	}
	buffer.Put(c.last)
	*c = chunk{}
}

// Queue is the outbound side of one connection. The zero value is ready for use.
//
// Append with the lock held: [Queue.Lock], then the methods whose names end in Locked, then
// [Queue.Unlock]. The lock is a leaf: nothing else may be locked or waited for while it is held.
type Queue struct {
	mu      sync.Mutex
	tail    []byte  // open for appending; pooled
	cut     int     // bytes of tail that chunks has
	chunks  []chunk // complete, older than the rest of tail
	pending int     // bytes appended and not sent yet, those of the writer included
	marked  bool    // somebody has promised to flush
	busy    bool    // a writer is at work; it owns flight and vec
	closed  bool
	drained chan struct{} // closed when the writer has made room; nil while nobody waits
	left    time.Time     // when bytes were left to a writer
	moved   time.Time     // when that one made room last; zero until it has

	seen atomic.Int64 // pending, as of the last flush or write

	// Msgs and Bytes are what CountLocked has been told, as of the last flush. Anyone may read them.
	Msgs, Bytes atomic.Int64

	msgs, bytes int64 // counted since

	flight []chunk   // what the writer sends, first byte not sent yet first
	sent   int       // bytes of flight[0] that have been sent
	vec    [][]byte  // argument of send
	one    [1][]byte // backing of vec while there is but one chunk
	many   *vector   // backing of vec otherwise; pooled
}

type vector [maxVector][]byte

var vectors = sync.Pool{New: func() any { return new(vector) }}

// Lock locks the queue for appending.
func (q *Queue) Lock() { q.mu.Lock() }

// Unlock ends appending.
func (q *Queue) Unlock() { q.mu.Unlock() }

// PendingLocked is the number of bytes that have not been sent.
func (q *Queue) PendingLocked() int { return q.pending }

// ClosedLocked reports whether the queue takes no more bytes.
func (q *Queue) ClosedLocked() bool { return q.closed }

// RoomLocked returns the open buffer with room for at least n more bytes. The caller appends to it
// and hands it to [Queue.CommitLocked].
func (q *Queue) RoomLocked(n int) []byte {
	if cap(q.tail)-len(q.tail) < n {
		q.nextLocked(n)
	}
	return q.tail
}

// CommitLocked takes back the buffer of RoomLocked with bytes appended.
func (q *Queue) CommitLocked(b []byte) {
	q.pending += len(b) - len(q.tail)
	q.tail = b
}

// CopyLocked appends a copy of p.
func (q *Queue) CopyLocked(p []byte) {
	q.pending += len(p)
	for {
		n := min(len(p), cap(q.tail)-len(q.tail))
		q.tail = append(q.tail, p[:n]...)
		if p = p[n:]; len(p) == 0 {
			return
		}
		q.nextLocked(min(len(p), buffer.Max))
	}
}

// ShareLocked appends a body by reference, without its first from bytes.
func (q *Queue) ShareLocked(s *Shared, from int) {
	s.retain()
	q.cutLocked()
	q.addLocked(chunk{bytes: s.bytes[from:], shared: s})
	q.pending += len(s.bytes) - from
}

// nextLocked opens a buffer with room for n bytes. Buffers grow with what piles up: a busy queue gets
// few large ones, an idle one a small one.
func (q *Queue) nextLocked(n int) {
	size := max(firstBuffer, min(4*cap(q.tail), buffer.Max), n)
	q.sealLocked()
	q.tail = buffer.Get(size)
}

// sealLocked closes the open buffer.
func (q *Queue) sealLocked() {
	if len(q.tail) == 0 {
		buffer.Put(q.tail)
	} else {
		q.cutLocked()
		q.chunks[len(q.chunks)-1].last = q.tail
	}
	q.tail, q.cut = nil, 0
}

// cutLocked makes a chunk of what has been appended to the open buffer.
func (q *Queue) cutLocked() {
	if q.cut < len(q.tail) {
		q.addLocked(chunk{bytes: q.tail[q.cut:]})
		q.cut = len(q.tail)
	}
}

// CountLocked counts messages and the bytes of their bodies. Adding them up costs less than an atomic
// operation for each.
func (q *Queue) CountLocked(msgs, bytes int) {
	q.msgs += int64(msgs)
	q.bytes += int64(bytes)
}

// tellLocked publishes the counts.
func (q *Queue) tellLocked() {
	q.seen.Store(int64(q.pending))
	if q.msgs > 0 {
		q.Msgs.Add(q.msgs)
		q.Bytes.Add(q.bytes)
		q.msgs, q.bytes = 0, 0
	}
}

// MarkLocked records that the caller will flush, and reports whether nobody else had promised it.
func (q *Queue) MarkLocked() bool {
	first := !q.marked
	q.marked = true
	return first
}

// BehindLocked reports whether bytes have been left to a writer: the other side reads more slowly than they
// come.
func (q *Queue) BehindLocked() bool { return !q.left.IsZero() }

// PaceLocked returns for how long nothing could be sent of what is left to a writer, and whether that
// one has ever sent anything. It is zero while there is no writer.
func (q *Queue) PaceLocked(now time.Time) (still time.Duration, moves bool) {
	switch {
	case !q.busy || q.left.IsZero():
		return 0, false
	case q.moved.IsZero():
		return now.Sub(q.left), false
	default:
		return now.Sub(q.moved), true
	}
}

// DrainedLocked returns a channel that is closed when the writer has made progress.
func (q *Queue) DrainedLocked() <-chan struct{} {
	if q.drained == nil {
		q.drained = make(chan struct{})
	}
	return q.drained
}

// Pending is the number of bytes that had not been sent when the queue was flushed or written last. It
// takes no lock.
func (q *Queue) Pending() int { return int(q.seen.Load()) }

// Send sends bytes of v in order and returns how many it took; fewer than there are means that no
// more can be sent now. It must not keep v. An error ends the queue.
type Send func(v [][]byte) (int, error)

// Flush sends what is queued, in at most rounds calls of send, unless a writer is at work already:
// that one will see what has been appended. It reports whether bytes are left; then the caller is
// still the writer and has to call [Queue.Resume] until nothing is left.
func (q *Queue) Flush(send Send, rounds int) (left bool, err error) {
	q.mu.Lock()
	q.marked = false
	q.tellLocked()
	if q.busy || q.closed || q.pending == 0 {
		q.mu.Unlock()
		return false, nil
	}
	q.busy = true
	return q.writeLocked(send, rounds)
}

// Resume goes on sending for the writer that [Queue.Flush] has left bytes to.
func (q *Queue) Resume(send Send, rounds int) (left bool, err error) {
	q.mu.Lock()
	return q.writeLocked(send, rounds)
}

// writeLocked is entered with the lock held by the only writer and returns without it.
func (q *Queue) writeLocked(send Send, rounds int) (bool, error) {
	defer q.mu.Unlock()
	for ; rounds > 0 && !q.closed; rounds-- {
		want := q.loadLocked()
		if want == 0 {
			q.restLocked()
			return false, nil
		}
		q.mu.Unlock()
		n, err := send(q.vec)
		q.mu.Lock()
		clear(q.vec)
		q.doneLocked(n)
		if err != nil {
			q.closeLocked()
		} else if n == want {
			continue
		}
		if q.closed {
			q.restLocked()
			return false, err
		}
		q.paceLocked(n)
		return true, nil
	}
	if q.closed || q.pending == 0 {
		q.restLocked()
		return false, nil
	}
	q.paceLocked(1)
	return true, nil
}

// paceLocked notes that bytes are left, after n of them have been sent.
func (q *Queue) paceLocked(n int) {
	switch {
	case q.left.IsZero():
		q.left = time.Now()
	case n > 0:
		q.moved = time.Now()
	}
}

// loadLocked fills flight and vec and returns the number of bytes in vec.
func (q *Queue) loadLocked() int {
	if len(q.flight) == 0 {
		q.sealLocked()
		q.flight, q.chunks = q.chunks, q.flight[:0]
		q.sent = 0
	}
	q.vec = q.one[:0]
	if len(q.flight) > 1 {
		if q.many == nil {
			q.many = vectors.Get().(*vector)
		}
		q.vec = q.many[:0]
	}
	n := 0
	for i := range q.flight[:min(len(q.flight), maxVector)] {
		b := q.flight[i].bytes
		if i == 0 {
			b = b[q.sent:]
		}
		q.vec = append(q.vec, b)
		n += len(b)
	}
	return n
}

// doneLocked drops the first n bytes of flight.
func (q *Queue) doneLocked(n int) {
	q.pending -= n
	q.seen.Store(int64(q.pending))
	n += q.sent
	i := 0
	for ; i < len(q.flight) && n >= len(q.flight[i].bytes); i++ {
		n -= len(q.flight[i].bytes)
		q.flight[i].release()
	}
	q.sent = n
	left := copy(q.flight, q.flight[i:])
	clear(q.flight[left:])
	q.flight = q.flight[:left]
	if q.drained != nil {
		close(q.drained)
		q.drained = nil
	}
}

// restLocked ends the writer's turn and gives the bookkeeping back.
func (q *Queue) restLocked() {
	q.busy, q.vec = false, nil
	q.left, q.moved = time.Time{}, time.Time{}
	if q.many != nil {
		vectors.Put(q.many)
		q.many = nil
	}
	if q.closed {
		q.dropLocked()
	}
	giveBack(q.flight)
	q.flight = nil
	if len(q.chunks) == 0 {
		giveBack(q.chunks)
		q.chunks = nil
	}
}

// Close discards what is queued and takes no more. Bytes that a writer has in its hands are released
// when it returns.
func (q *Queue) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closeLocked()
	if !q.busy {
		q.dropLocked()
	}
}

func (q *Queue) closeLocked() {
	q.closed = true
	if q.drained != nil {
		close(q.drained)
		q.drained = nil
	}
}

func (q *Queue) dropLocked() {
	q.sealLocked()
	for i := range q.flight {
		q.flight[i].release()
	}
	for i := range q.chunks {
		q.chunks[i].release()
	}
	q.flight, q.chunks, q.pending, q.sent = nil, nil, 0, 0
}
