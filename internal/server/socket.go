package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"natsd/internal/task"
)

// endpoint is where a socket listens: a TCP address, or a unix socket if that is its scheme. Port 0 is
// off, -1 any free port.
type endpoint struct {
	host   string
	port   int
	scheme string // what is spoken there, for those that can speak two things
	path   string // of a unix socket
}

// off tells that there is nothing to listen on.
func (e endpoint) off() bool { return e.port == 0 && e.scheme != unixScheme }

func (e endpoint) String() string {
	if e.scheme == unixScheme {
		return e.path
	}
	return net.JoinHostPort(e.host, strconv.Itoa(e.port))
}

// socket is one place where the server listens. A reload can move it: the new listener is bound while
// the old one still serves, and takes over without a gap.
type socket struct {
	tasks *task.Group
	name  string
	serve func(ctx context.Context, l *listener) // returns when ctx ends or l is closed
	bind  binder

	mu    sync.Mutex // a leaf
	live  *listener  // nil: not listening
	next  *listener  // bound by a reload that is not through yet
	ended bool       // shut for good
}

// binder opens a listener. Leaving are those that the same reload closes, nil at the start.
type binder func(ctx context.Context, e endpoint, leaving []*listener) (*listener, error)

// listener is a bound endpoint.
type listener struct {
	endpoint
	ln   net.Listener
	stop context.CancelFunc // nil while nobody serves it

	leaves atomic.Bool // accepting fails soon, and that is no error
	dead   atomic.Bool // nobody serves it any more

	accepted, errors atomic.Uint64 // connections, and failures to accept one
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

// How long a listener that leaves waits until everybody in its queue has been accepted, and how often it
// looks.
const (
	drainPeriod = time.Second
	drainLook   = 100 * time.Microsecond
)

// drain closes a listener when everybody who has come to it has been accepted. Its place has been taken
// by another one, where they go who come now.
func (l *listener) drain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, drainPeriod)
	defer cancel()
	look := time.NewTicker(drainLook)
	defer look.Stop()
	deafen(l.ln)
	l.leaves.Store(true)
	for !hangUp(l.ln) && ctx.Err() == nil {
		select {
		case <-look.C:
		case <-ctx.Done():
		}
	}
	l.close()
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

// serves tells that the socket does what it is there for, which may be nothing.
func (s *socket) serves() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live == nil || !s.live.dead.Load()
}

// open binds e, unless it is off.
func (s *socket) open(e endpoint) error {
	if e.off() {
		return nil
	}
	l, err := s.bind(context.Background(), e, nil)
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
	if l != nil && l.stop != nil {
		l = nil // it is served already
	}
	if l != nil {
		ctx, l.stop = context.WithCancel(s.tasks.Context())
	}
	s.mu.Unlock()
	if l != nil {
		s.tasks.Go(s.name, func(context.Context) {
			defer l.dead.Store(true)
			s.serve(ctx, l)
		})
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

// reopen listens again after shut.
func (s *socket) reopen(e endpoint) error {
	l, err := s.bind(s.tasks.Context(), e, nil)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.live, s.ended = l, false
	s.mu.Unlock()
	s.start()
	return nil
}

// errEnded is the answer to a reload that wants to move a socket which was shut.
var errEnded = errors.New("the server does not listen any more")

// prepare binds where a reload wants the socket to be. Leaving are the listeners that the same reload
// closes.
func (s *socket) prepare(ctx context.Context, e endpoint, leaving []*listener) error {
	l, err := s.bind(ctx, e, leaving)
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

// drop closes what a reload has bound that came to nothing.
func (s *socket) drop() {
	s.mu.Lock()
	l := s.next
	s.next = nil
	s.mu.Unlock()
	if l != nil {
		l.close()
	}
}

// alone ends the sharing of a port that moving may have begun.
func (s *socket) alone() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live != nil {
		_ = sharePort(s.live.ln, false) // it was not shared, or it is shared with nobody any more
	}
}

// bind opens a listener. If the address is taken by listeners that are leaving, they share the port
// with it until they are closed; anybody else's claim to it is an error.
func bind(ctx context.Context, e endpoint, leaving []*listener) (*listener, error) {
	address := net.JoinHostPort(e.host, strconv.Itoa(max(e.port, 0)))
	var config net.ListenConfig
	ln, err := config.Listen(ctx, "tcp", address)
	if err != nil && ctx.Err() == nil {
		if shared := bindShared(ctx, e.port, address, leaving); shared != nil {
			ln, err = shared, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", e, err)
	}
	return &listener{endpoint: e, ln: ln}, nil
}

// bindShared binds an address whose port some of these listeners have; nil if that is not what stands
// in the way.
func bindShared(ctx context.Context, port int, address string, leaving []*listener) net.Listener {
	var shared []*listener
	for _, l := range leaving {
		if l.boundPort() == port && sharePort(l.ln, true) == nil {
			shared = append(shared, l)
		}
	}
	if len(shared) == 0 {
		return nil
	}
	config := net.ListenConfig{Control: shareControl}
	ln, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		for _, l := range shared {
			_ = sharePort(l.ln, false) // nothing has changed
		}
		return nil
	}
	return ln
}
