package broker

import (
	"sync"
	"time"

	"natsd/internal/interest"
	"natsd/internal/outbound"
)

// RunMax is the largest number of messages in a [Run].
const RunMax = 64

// Flusher is a consumer that has been given bytes and sends them when told to.
type Flusher interface {
	// Flush sends what is queued as far as that goes without blocking.
	Flush()
}

// Batch is the unit of work: what one read of one publisher brings, or a few reads that follow each other at
// once. Each consumer it touches is flushed once, at End. A batch belongs to one goroutine from Begin to End.
type Batch struct {
	Now  time.Time   // when the batch began
	Msgs [RunMax]Msg // room for the publisher's run

	msgs, bytes int // that sinks have taken, not counted by the publisher yet

	touched []Flusher
	queued  int    // bytes that sinks, as far as the publisher has counted them, and links have taken since the last flush
	reads   int    // that went into the batch
	slow    []slow // consumers that are nearly full
	held    bool   // the publisher has waited for some

	depth   int // nested calls of Publish
	results []*interest.Result[*Sub]
	shared  [RunMax]*outbound.Shared // bodies of the outermost run, copied for sharing
	one     Run
	copies  []Copy // for links; each nested run has its own at the end
}

var batches = sync.Pool{New: func() any { return new(Batch) }}

// Begin returns a batch to work with until [Batch.End].
func Begin() *Batch {
	b := batches.Get().(*Batch)
	b.Now = time.Now()
	return b
}

// Sent notes what a sink has taken.
func (b *Batch) Sent(msgs, bytes int) {
	b.msgs += msgs
	b.bytes += bytes
}

// Forwarded notes what a link has taken, which counts it by itself.
func (b *Batch) Forwarded(bytes int) { b.queued += bytes }

// Taken returns what sinks have taken since it was called before. The publisher calls it at the end of each
// read, for its totals.
func (b *Batch) Taken() (msgs, bytes int) {
	msgs, bytes = b.msgs, b.bytes
	b.queued += bytes
	b.msgs, b.bytes = 0, 0
	return msgs, bytes
}

// When a batch takes in another read before it ends.
const (
	smallWrite = 32 << 10 // bytes to a consumer, on average
	mostReads  = 4
)

// Another is asked after a read behind which there is more to be read. It tells whether that should come into the
// same batch, because its consumers would get small writes else: writes are what costs most.
func (b *Batch) Another() bool {
	b.reads++
	return b.reads < mostReads && len(b.slow) == 0 && b.queued < smallWrite*len(b.touched)
}

// Touch has f flushed at the end of the batch. The caller makes sure that a consumer is touched once,
// with [outbound.Queue.MarkLocked].
func (b *Batch) Touch(f Flusher) { b.touched = append(b.touched, f) }

// slow is a consumer that a publisher waits for.
type slow struct {
	q    *outbound.Queue
	mark int // bytes pending that are no reason to wait
}

// Slow notes a consumer whose queue, of limit bytes, is nearly full, so that the publisher waits at the
// end until it is not. Waiting for any progress at all would not do: the publisher would go on adding
// more than the consumer takes.
func (b *Batch) Slow(q *outbound.Queue, limit int64) {
	for _, have := range b.slow {
		if have.q == q {
			return
		}
	}
	b.slow = append(b.slow, slow{q, mark(limit)})
}

// NearlyFull tells whether publishers should wait for a queue that may hold limit bytes.
func NearlyFull(pending int, limit int64) bool { return pending > mark(limit) }

// mark is how many of the bytes that a queue may hold are no reason to wait.
func mark(limit int64) int { return int(limit / 4 * 3) }

// Flush flushes the consumers touched so far. A publisher that is going to wait for something calls
// it first, so that nobody waits with it.
func (b *Batch) Flush() {
	for i, f := range b.touched {
		f.Flush()
		b.touched[i] = nil
	}
	b.touched = b.touched[:0]
	b.queued = 0
}

// End flushes, holds the publisher up for slow consumers for at most stall without progress, and gives
// the batch back. It returns whether the publisher was held up, then or by [Batch.Hold].
func (b *Batch) End(stall time.Duration) (stalled bool) {
	b.Flush()
	b.Hold(stall)
	stalled, b.held, b.reads = b.held, false, 0
	batches.Put(b)
	return stalled
}

// How long publishers wait for slow consumers, in stall periods. One that has shown that it moves is
// waited for, so that publishers go at its pace. One that has not is lost, most likely, and those beside
// it shall not feel it: soon nobody waits for it any more.
const (
	patience = 25 // in one go

	waitForMoving = 5 // from one sign of life to the next, in one go
	lostIfMoving  = 200
	waitForOthers = 1
	lostIfOthers  = 30
)

// Hold holds the publisher up for slow consumers. A publisher that has a lot to say calls it now and
// then, so that it does not fill what is left of a queue in one go.
func (b *Batch) Hold(d time.Duration) {
	if len(b.slow) == 0 {
		return
	}
	if b.Flush(); d > 0 {
		b.stall(d)
	}
	clear(b.slow)
	b.slow = b.slow[:0]
}

// stall waits until the slow consumers have caught up, or one that moves lets it wait for too long. The others
// are waited for together, so that they do not stand before those that move.
func (b *Batch) stall(d time.Duration) {
	end := time.Now().Add(patience * d)
	timer := time.NewTimer(d)
	defer timer.Stop()
	others := true // may be waited for
	for _, s := range b.slow {
		for {
			now := time.Now()
			s.q.Lock()
			still, moves := s.q.PaceLocked(now)
			wait, lost := waitForOthers*d, lostIfOthers*d
			if moves {
				wait, lost = waitForMoving*d, lostIfMoving*d
			}
			if s.q.ClosedLocked() || s.q.PendingLocked() <= s.mark || still > lost || !moves && !others {
				s.q.Unlock()
				break
			}
			progress := s.q.DrainedLocked()
			s.q.Unlock()
			b.held = true
			timer.Reset(min(wait, end.Sub(now)))
			select {
			case <-progress:
				continue
			case <-timer.C:
			}
			if moves {
				return
			}
			others = false
		}
	}
}

func (b *Batch) enter() { b.depth++ }

func (b *Batch) leave(r *Run) {
	b.depth--
	if b.depth > 0 || r.Fan <= 1 {
		return
	}
	for i := range r.Msgs {
		if s := b.shared[i]; s != nil {
			s.Release()
			b.shared[i] = nil
		}
	}
}

// scratch returns a result for the current depth of nested publishing.
func (b *Batch) scratch() *interest.Result[*Sub] {
	for len(b.results) <= b.depth {
		b.results = append(b.results, new(interest.Result[*Sub]))
	}
	return b.results[b.depth]
}
