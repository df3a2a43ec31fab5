package outbound

import (
	"sync"
	"sync/atomic"

	"natsd/internal/buffer"
)

// Shared is a body that several queues send. It is immutable and goes back to the pool when the last
// reference is released.
type Shared struct {
	refs  atomic.Int32
	bytes []byte
}

var sharedPool = sync.Pool{New: func() any { return new(Shared) }}

// Share copies body and tail into a new body with one reference, which the caller releases.
func Share(body []byte, tail string) *Shared {
	s := newShared()
	s.bytes = append(append(buffer.Get(len(body)+len(tail)), body...), tail...)
	return s
}

func newShared() *Shared {
	s := sharedPool.Get().(*Shared)
	s.refs.Store(1)
	return s
}

// Len is the number of bytes.
func (s *Shared) Len() int { return len(s.bytes) }

func (s *Shared) retain() { s.refs.Add(1) }

// Release gives up one reference.
func (s *Shared) Release() {
	if s.refs.Add(-1) == 0 {
		buffer.Put(s.bytes)
		s.bytes = nil
		sharedPool.Put(s)
	}
}
