package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"

	"natsd/internal/task"
)

// endpoint is where a socket listens. Port 0 is off, -1 any free port.
type endpoint struct {
	host   string
	port   int
	scheme string // what is spoken there, for those that can speak two things
}

func (e endpoint) String() string { return net.JoinHostPort(e.host, strconv.Itoa(e.port)) }

// socket is one place where the server listens. A reload can move it: the new listener is bound while
// the old one still serves, and takes over without a gap.
type socket struct {
	tasks *task.Group
	name  string
	serve func(ctx context.Context, ln net.Listener) // returns when ctx ends or ln is closed

	mu    sync.Mutex // a leaf
	live  *listener  // nil: not listening
	next  *listener  // bound by a reload that is not through yet
	ended bool       // shut for good
}

// listener is a bound endpoint.
type listener struct {
	endpoint
	ln   net.Listener
	stop context.CancelFunc // nil while nobody serves it
}

func (l *listener) boundPort() int {
	if a, ok := l.ln.Addr().(*net.TCPAddr); ok {
		return a.Port
	}
	return 0
}

// close ends a listener and whoever serves it. Connections that it has brought go on.
func (l *listener) close() {
	if l.stop != nil {
		l.stop()
	}
	_ = l.ln.Close() // it may have been closed by who serves it
}

// addr is where the socket listens, nil if it does not.
func (s *socket) addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live == nil {
		return nil
	}
	return s.live.ln.Addr()
}

// port is the port that the socket listens on, or will when the reload under way is through; 0 if
// none.
func (s *socket) port() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.next != nil:
		return s.next.boundPort()
	case s.live != nil:
		return s.live.boundPort()
	default:
		return 0
	}
}

// open binds e. Port 0 opens nothing.
func (s *socket) open(e endpoint) error {
	if e.port == 0 {
		return nil
	}
	l, err := s.bind(e)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.live = l
	s.mu.Unlock()
	return nil
}

// start serves what has been opened, unless the socket was shut meanwhile.
func (s *socket) start() {
	var ctx context.Context
	s.mu.Lock()
	l := s.live
	if l != nil {
		ctx, l.stop = context.WithCancel(s.tasks.Context())
	}
	s.mu.Unlock()
	if l != nil {
		s.tasks.Go(s.name, func(context.Context) { s.serve(ctx, l.ln) })
	}
}

// shut stops listening for good: a reload that is under way does not open the socket again.
func (s *socket) shut() {
	s.mu.Lock()
	all := [...]*listener{s.live, s.next}
	s.live, s.next, s.ended = nil, nil, true
	s.mu.Unlock()
	for _, l := range all {
		if l != nil {
			l.close()
		}
	}
}

// errEnded is the answer to a reload that wants to move a socket which was shut.
var errEnded = errors.New("the server does not listen any more")

// prepare binds where a reload wants the socket to be.
func (s *socket) prepare(e endpoint) error {
	l, err := s.bind(e)
	if err != nil {
		return err
	}
	s.mu.Lock()
	ended := s.ended
	if !ended {
		s.next = l
	}
	s.mu.Unlock()
	if ended {
		l.close()
		return errEnded
	}
	return nil
}

// alone ends the sharing of a port that moving may have begun.
func (s *socket) alone() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live != nil {
		_ = sharePort(s.live.ln, false) // it was not shared, or it is shared with nobody any more
	}
}

// bind opens a listener. If the address is taken by this socket itself, both share the port until the
// old listener is closed; anybody else's claim to it is an error.
func (s *socket) bind(e endpoint) (*listener, error) {
	address := net.JoinHostPort(e.host, strconv.Itoa(max(e.port, 0)))
	ln, err := net.Listen("tcp", address)
	if err != nil && s.mayShare(e) {
		if shared, again := s.bindShared(address); again == nil {
			ln, err = shared, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", e, err)
	}
	return &listener{endpoint: e, ln: ln}, nil
}

// mayShare tells whether it is this socket's own listener that stands in the way of e.
func (s *socket) mayShare(e endpoint) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live != nil && e.port == s.live.boundPort()
}

// bindShared binds an address whose port the live listener has.
func (s *socket) bindShared(address string) (net.Listener, error) {
	s.mu.Lock()
	live := s.live
	s.mu.Unlock()
	if live == nil {
		return nil, errEnded
	}
	old := live.ln
	if err := sharePort(old, true); err != nil {
		return nil, err
	}
	config := net.ListenConfig{Control: shareControl}
	ln, err := config.Listen(context.Background(), "tcp", address)
	if err != nil {
		_ = sharePort(old, false) // nothing has changed
	}
	return ln, err
}
