package logging

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"natsd/internal/task"
)

// Bounds of a syslog connection. A caller never waits: lines queue up to a number, then they are lost.
const (
	syslogQueue   = 4096
	syslogTimeout = 5 * time.Second // of a dial and of a write
	syslogRetry   = time.Second     // between attempts to connect again
	syslogLinger  = 2 * time.Second // given to what is queued at close
	syslogLength  = 32 << 10        // bytes of a datagram; the rest of a line is cut off
)

// facilityDaemon is the facility of all messages, in the position that the priority number wants.
const facilityDaemon = 3 << 3

// severities are the syslog severities of the classes.
var severities = [...]int{classTrace: 7, classDebug: 7, classInfo: 5, classWarn: 4, classError: 3, classFatal: 2}

// syslog sends lines to a local or remote syslog server. One task owns the connection.
type syslog struct {
	dial     func(ctx context.Context) (net.Conn, error)
	local    bool
	target   string // for messages
	tag      string
	host     string
	stderr   io.Writer
	counters *counters
	tasks    *task.Group

	mu     sync.Mutex // guards what follows; queue against being closed
	closed bool
	queue  chan []byte
	outage outage
}

func openLocalSyslog(stderr io.Writer, c *counters) (*syslog, error) {
	return openSyslog("local syslog", true, dialLocal, stderr, c)
}

// dialLocal tries the places where a local syslog listens.
func dialLocal(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	for _, path := range []string{"/dev/log", "/var/run/syslog", "/var/run/log"} {
		for _, network := range []string{"unixgram", "unix"} {
			if c, err := d.DialContext(ctx, network, path); err == nil {
				return c, nil
			}
		}
	}
	return nil, errors.New("no local syslog server answers")
}

func openRemoteSyslog(address string, stderr io.Writer, c *counters) (*syslog, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("remote_syslog: not a URL") // the text of err holds the URL, and with it a password
	}
	var d net.Dialer
	target := u.Scheme + "://" + u.Host + u.Path
	switch u.Scheme {
	case "udp", "tcp":
		return openSyslog(target, false, func(ctx context.Context) (net.Conn, error) {
			return d.DialContext(ctx, u.Scheme, u.Host)
		}, stderr, c)
	case "unix":
		path := u.Host + u.Path
		return openSyslog(target, false, func(ctx context.Context) (net.Conn, error) {
			conn, err := d.DialContext(ctx, "unix", path)
			if err != nil {
				conn, err = d.DialContext(ctx, "unixgram", path)
			}
			return conn, err
		}, stderr, c)
	default:
		return nil, fmt.Errorf("remote_syslog: unknown scheme %q, want udp, tcp or unix", u.Scheme)
	}
}

func openSyslog(target string, local bool, dial func(context.Context) (net.Conn, error), stderr io.Writer, c *counters) (*syslog, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	s := &syslog{
		dial: dial, local: local, target: target, host: host, tag: filepath.Base(os.Args[0]),
		stderr: stderr, counters: c, tasks: task.New(context.Background(), nil),
		outage: outage{stderr: stderr, counters: c}, queue: make(chan []byte, syslogQueue),
	}
	ctx, cancel := context.WithTimeout(context.Background(), syslogTimeout)
	defer cancel()
	conn, err := dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", target, err)
	}
	s.tasks.Go("syslog", func(ctx context.Context) { s.run(ctx, conn) })
	return s, nil
}

var errQueueFull = errors.New("it takes lines too slowly")

func (s *syslog) write(level slog.Level, line []byte) (note, error) {
	message := s.message(level, time.Now(), line)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return note{}, errClosed
	}
	select {
	case s.queue <- message:
		return s.outage.over(), nil
	default:
		s.outage.lose(s.target, errQueueFull)
		return note{}, errQueueFull
	}
}

// message frames a line in the traditional form of the syslog protocol.
func (s *syslog) message(level slog.Level, now time.Time, line []byte) []byte {
	priority := facilityDaemon | severities[classOf(level)]
	if len(line) > syslogLength {
		line = append(line[:syslogLength:syslogLength], '\n')
	}
	if s.local {
		return fmt.Appendf(nil, "<%d>%s %s[%d]: %s", priority, now.Format(time.Stamp), s.tag, os.Getpid(), line)
	}
	return fmt.Appendf(nil, "<%d>%s %s %s[%d]: %s", priority, now.Format(time.RFC3339), s.host, s.tag, os.Getpid(), line)
}

// run sends what is queued until the queue is closed, and ends early with ctx.
func (s *syslog) run(ctx context.Context, conn net.Conn) {
	l := &link{syslog: s, conn: conn}
	defer l.hangUp()
	for message := range s.queue {
		if ctx.Err() != nil || !l.deliver(ctx, message) {
			s.counters.dropped.Add(1)
		}
	}
}

// link is the connection as its task sees it.
type link struct {
	*syslog
	conn net.Conn  // nil when there is none
	told time.Time // the last outage on standard error
}

// deliver sends one message and tries again, on new connections, until the server has taken it or
// ctx ends. Meanwhile the queue fills up.
func (l *link) deliver(ctx context.Context, message []byte) bool {
	err := l.send(ctx, message)
	if err == nil || isTooLong(err) {
		return err == nil
	}
	l.counters.failing.Store(true)
	loud := time.Since(l.told) >= tellInterval
	if loud {
		l.told = time.Now()
		tell(l.stderr, "%s does not take log lines, trying again: %v", l.target, err)
	}
	for {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(syslogRetry):
		}
		if err := l.send(ctx, message); err != nil {
			continue
		}
		l.counters.failing.Store(false)
		if loud {
			tell(l.stderr, "%s takes log lines again", l.target)
		}
		return true
	}
}

// send makes one attempt, on a new connection if there is none.
func (l *link) send(ctx context.Context, message []byte) error {
	if l.conn == nil {
		dialCtx, cancel := context.WithTimeout(ctx, syslogTimeout)
		defer cancel()
		conn, err := l.dial(dialCtx)
		if err != nil {
			return err
		}
		l.conn = conn
	}
	conn := l.conn
	err := conn.SetWriteDeadline(time.Now().Add(syslogTimeout))
	if err == nil {
		stop := context.AfterFunc(ctx, func() { _ = conn.SetWriteDeadline(time.Now()) })
		_, err = conn.Write(message)
		stop()
	}
	if err != nil && !isTooLong(err) {
		l.hangUp()
	}
	return err
}

func (l *link) hangUp() {
	if l.conn != nil {
		_ = l.conn.Close() // each write was checked
		l.conn = nil
	}
}

func (s *syslog) reopen() error { return ErrNotFile }

// close sends what is queued, as far as that is possible within a short time.
func (s *syslog) close(bool) error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.queue)
	}
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), syslogLinger)
	defer cancel()
	err := s.tasks.WaitFor(ctx)
	s.tasks.Stop()
	s.tasks.Wait()
	return err
}
