package client

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"natsd/internal/auth"
	"natsd/internal/broker"
	"natsd/internal/config"
	"natsd/internal/conn"
	"natsd/internal/logging"
	"natsd/internal/status"
	"natsd/internal/task"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what has to come.
const patience = 20 * time.Second

// tracer switches debug and trace lines.
type tracer struct{ on atomic.Bool }

func (t *tracer) DebugOn() bool { return t.on.Load() }
func (t *tracer) TraceOn() bool { return t.on.Load() }

// lines collects a log.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// house is a link with what it needs, behind a real listener.
type house struct {
	*Link
	t      testing.TB
	tracer tracer
	log    lines
	ln     net.Listener
}

// options loads a configuration.
func options(t testing.TB, text string) *config.Options {
	t.Helper()
	path := filepath.Join(t.TempDir(), "natsd.conf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o, report := config.Load(config.Source{Path: path, Environ: map[string]string{}})
	if err := report.Err(); err != nil {
		t.Fatal(err)
	}
	return o
}

// build makes a link that serves text, a configuration, but does not listen.
func build(t testing.TB, text string) *house {
	t.Helper()
	o := options(t, text)
	a, err := auth.New(o, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := broker.New()
	b.Open("$G")
	b.Open("$SYS")
	for i := range o.Accounts {
		b.Open(o.Accounts[i].Name).SetLimits(&o.Accounts[i].Limits)
	}
	h := &house{t: t}
	log, err := logging.Open(logging.Config{Format: "logfmt", Debug: true, Trace: true, Stderr: &h.log})
	if err != nil {
		t.Fatal(err)
	}
	tasks := task.New(context.Background(), nil)
	h.Link = New(b, conn.NewRegistry(100, nil), tasks, log.Logger(), &h.tracer)
	h.Apply(NewSettings(o, a, Info{ServerID: "N", ServerName: "test", Proto: 1, Host: "127.0.0.1", Port: 4222}))
	t.Cleanup(func() {
		h.Stop()
		tasks.Stop()
		tasks.Wait()
		_ = log.Close()
	})
	return h
}

// open makes a link that listens.
func open(t testing.TB, text string) *house {
	t.Helper()
	h := build(t, text)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.ln = ln
	h.tasks.Go("accept", func(context.Context) {
		for {
			sock, err := ln.Accept()
			if err != nil {
				return
			}
			h.tasks.Go("client", func(ctx context.Context) { h.Serve(ctx, sock, func() {}) })
		}
	})
	t.Cleanup(func() { _ = ln.Close() })
	return h
}

// peer is the client's side of a connection.
type peer struct {
	net.Conn
	t    testing.TB
	in   *bufio.Reader
	step int // of a script, for messages
}

// raw connects and reads nothing.
func (h *house) raw() *peer {
	h.t.Helper()
	c, err := net.Dial("tcp", h.ln.Addr().String())
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return &peer{Conn: c, t: h.t, in: bufio.NewReaderSize(c, 64<<10)}
}

// dial connects and reads the first INFO.
func (h *house) dial() *peer {
	h.t.Helper()
	p := h.raw()
	if line := p.line(); !strings.HasPrefix(line, "INFO {") {
		h.t.Fatalf("INFO: %q", line)
	}
	return p
}

// quiet is what most clients say in CONNECT; more adds fields.
func quiet(more string) string {
	return `CONNECT {"verbose":false,"pedantic":false,"protocol":1` + more + "}\r\n"
}

// enter connects a client that says quiet and more.
func (h *house) enter(more string) *peer {
	h.t.Helper()
	p := h.dial()
	p.say(quiet(more) + "PING\r\n")
	p.expect("PONG")
	if line := p.line(); !strings.HasPrefix(line, "INFO {") {
		h.t.Fatalf("second INFO: %q", line)
	}
	return p
}

func (p *peer) say(text string) {
	p.t.Helper()
	if _, err := p.Write([]byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

// line reads one line without its end.
func (p *peer) line() string {
	p.t.Helper()
	line, err := p.in.ReadString('\n')
	if err != nil {
		p.t.Fatalf("step %d: read %q: %v", p.step, line, err)
	}
	return strings.TrimSuffix(line, "\r\n")
}

// expect reads these lines. INFO stands for any INFO.
func (p *peer) expect(want ...string) {
	p.t.Helper()
	for _, w := range want {
		got := p.line()
		if w == "INFO" && strings.HasPrefix(got, "INFO {") {
			continue
		}
		if got != w {
			p.t.Fatalf("step %d: read %q, want %q", p.step, got, w)
		}
	}
}

// sync makes sure that everything said so far has been carried out, and that nothing unexpected came.
func (p *peer) sync() {
	p.t.Helper()
	p.say("PING\r\n")
	p.expect("PONG")
}

// ended reads up to the end and returns what came.
func (p *peer) ended() string {
	p.t.Helper()
	text, err := io.ReadAll(p.in)
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		p.t.Fatalf("step %d: still open after %q", p.step, text)
	}
	return string(text)
}

// until waits for ok.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain for " + what)
		}
	}
}

// reason is why connection id ended.
func (h *house) reason(id uint64) string {
	h.t.Helper()
	reason := ""
	until(h.t, fmt.Sprintf("the end of connection %d", id), func() bool {
		for _, c := range h.registry.Closed.Append(nil) {
			if c.Facts.CID == id {
				reason = c.Reason
				return true
			}
		}
		return false
	})
	return reason
}

// inMemory makes a session on a pipe whose other end is drained; nothing serves it but the test.
func (h *house) inMemory(t testing.TB) (*Session, net.Conn) {
	t.Helper()
	near, far := net.Pipe()
	c := conn.New(near, h.registry, h.tasks, func() *conn.Settings { return &h.Settings().Conn })
	s := newSession(h.Link, h.Settings(), c)
	c.Start(s, &status.Facts{CID: c.ID, Start: time.Now()})
	c.SetTransport(discard{})
	t.Cleanup(func() {
		_ = near.Close()
		_ = far.Close()
		s.Closed(conn.ClientClosed)
		c.Out.Close()
	})
	return s, far
}

// discard is a transport that takes everything and receives nothing.
type discard struct{}

func (discard) Receive(func([]byte, bool) error) error { return io.EOF }
func (discard) Write(v [][]byte, _ bool) (int, error) {
	n := 0
	for _, p := range v {
		n += len(p)
	}
	return n, nil
}
func (discard) SetWriteDeadline(time.Time) error { return nil }
func (discard) Close() error                     { return nil }

// stuck is a transport that takes nothing until the test ends.
type stuck struct{ test context.Context }

func (stuck) Receive(func([]byte, bool) error) error { return io.EOF }
func (s stuck) Write(_ [][]byte, wait bool) (int, error) {
	if !wait {
		return 0, nil
	}
	<-s.test.Done()
	return 0, io.ErrClosedPipe
}
func (stuck) SetWriteDeadline(time.Time) error { return nil }
func (stuck) Close() error                     { return nil }

// onWrite is a transport that shows each piece it is given.
type onWrite func(p []byte)

func (onWrite) Receive(func([]byte, bool) error) error { return io.EOF }
func (f onWrite) Write(v [][]byte, _ bool) (int, error) {
	n := 0
	for _, p := range v {
		f(p)
		n += len(p)
	}
	return n, nil
}
func (onWrite) SetWriteDeadline(time.Time) error { return nil }
func (onWrite) Close() error                     { return nil }

// feed lets the session consume text as one read.
func (s *Session) feed(text string) conn.Reason {
	b := broker.Begin()
	why := s.Consume(b, []byte(text))
	b.End(0)
	return why
}

// mustSubscribe subscribes and returns the subscription.
func (s *Session) mustSubscribe(t testing.TB, subject, queue, sid string) *broker.Sub {
	t.Helper()
	if why := s.feed(strings.Join(strings.Fields("SUB "+subject+" "+queue+" "+sid), " ") + "\r\n"); why != conn.Open {
		t.Fatal(why)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	sub := s.subs.get([]byte(sid))
	if sub == nil {
		t.Fatalf("SUB %s %s %s has no effect", subject, queue, sid)
	}
	return sub
}

// message is a run of one message from nobody in particular.
func message(subject, body string) *broker.Run {
	size := strconv.Itoa(len(body))
	return &broker.Run{Subject: []byte(subject), From: new(broker.Origin), Fan: 1, Msgs: []broker.Msg{
		{Body: []byte(body), HeaderLen: -1, SizeTok: []byte(size)},
	}}
}

// nowhere is a socket that goes nowhere.
type nowhere struct{ net.Conn }

func (nowhere) RemoteAddr() net.Addr             { return nil }
func (nowhere) SetReadDeadline(time.Time) error  { return nil }
func (nowhere) SetWriteDeadline(time.Time) error { return nil }
func (nowhere) Close() error                     { return nil }
