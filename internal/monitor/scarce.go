package monitor

import (
	"sync"
	"time"
)

// scarceFor is how long an answer that stops the whole program while it is made serves all who ask.
const scarceFor = time.Second

// scarce is such an answer. Anybody can ask the monitoring port for it, as often as he likes.
type scarce[T any] struct {
	mu    sync.Mutex // held while it is made: those who ask meanwhile wait for the same
	fresh bool
	value T
}

// get returns the answer. Nobody may change it.
func (s *scarce[T]) get(make func() T) T {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.fresh {
		s.value, s.fresh = make(), true
		time.AfterFunc(scarceFor, s.forget)
	}
	return s.value
}

// forget lets go of the answer, which may be large.
func (s *scarce[T]) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	var none T
	s.value, s.fresh = none, false
}
