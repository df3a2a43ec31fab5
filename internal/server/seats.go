package server

import "context"

// seats bounds how many clients are served at once, so that their sockets leave descriptors for
// monitoring, the log and configuration files. A client that finds no seat waits in the queue of the
// listener. A nil seats has room for everybody.
type seats chan struct{}

// newSeats returns the seats that the descriptors of this process allow.
func newSeats() seats {
	limit := maxDescriptors()
	if limit <= 0 {
		return nil
	}
	spare := min(64, limit/4+8)
	return make(seats, max(1, limit-spare))
}

// full reports whether take would wait.
func (s seats) full() bool { return s != nil && len(s) == cap(s) }

// take takes a seat, waiting for one; it is false when ctx has ended.
func (s seats) take(ctx context.Context) bool {
	if s == nil {
		return ctx.Err() == nil
	}
	select {
	case s <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// leave gives a seat back.
func (s seats) leave() {
	if s != nil {
		<-s
	}
}
