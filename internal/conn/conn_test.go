package conn

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"natsd/internal/broker"
	"natsd/internal/status"
	"natsd/internal/task"
	"natsd/internal/transport/tcp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo is a session that sends back what it gets.
type echo struct {
	c      *Conn
	greet  Reason
	during func() // called while greeting, before the read deadline is taken off again
	words  string
	closed atomic.Int32
	why    Reason
	ready  chan struct{} // closed when the transport is set
}

func (e *echo) Greet(context.Context) Reason {
	t, err := tcp.New(e.c.Sock().(*net.TCPConn), nil)
	if err != nil {
		return ReadError
	}
	e.c.SetTransport(t)
	close(e.ready)
	if e.during != nil {
		e.during()
		_ = e.c.Sock().SetReadDeadline(time.Time{})
	}
	return e.greet
}

func (e *echo) Consume(b *broker.Batch, p []byte) Reason {
	if bytes.HasPrefix(p, []byte("bad")) {
		return ProtocolViolation
	}
	e.c.Out.Lock()
	e.c.Out.CopyLocked(p)
	e.c.Out.Unlock()
	b.Touch(e.c)
	return Open
}

func (e *echo) Farewell(Reason) {
	e.c.Out.Lock()
	defer e.c.Out.Unlock()
	if e.words != "" && !e.c.Out.ClosedLocked() {
		e.c.Out.CopyLocked([]byte(e.words))
	}
}

func (e *echo) Closed(why Reason) {
	e.why = why
	e.closed.Add(1)
}

func (e *echo) Subscriptions(int) []status.Sub { return nil }

type fixture struct {
	*echo
	registry *Registry
	tasks    *task.Group
	client   *net.TCPConn
	done     chan Reason
}

func serve(t *testing.T, set Settings, e *echo) *fixture {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	sock, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	tasks := task.New(context.Background(), nil)
	f := &fixture{echo: e, registry: NewRegistry(10, nil), tasks: tasks, client: client.(*net.TCPConn), done: make(chan Reason, 1)}
	if set.WriteDeadline == 0 {
		set.WriteDeadline = 10 * time.Second
	}
	e.c = New(sock, f.registry, tasks, func() *Settings { return &set })
	e.ready = make(chan struct{})
	e.c.Start(e, &status.Facts{CID: e.c.ID, Start: time.Now()})
	tasks.Go("serve", func(ctx context.Context) { f.done <- e.c.Serve(ctx) })
	t.Cleanup(func() {
		_ = client.Close()
		tasks.Wait()
	})
	<-e.ready
	return f
}

func (f *fixture) wait(t *testing.T, want Reason) {
	t.Helper()
	select {
	case why := <-f.done:
		if why != want || f.why != want || f.closed.Load() != 1 {
			t.Errorf("ended with %q, told %q %d times, want %q once", why, f.why, f.closed.Load(), want)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("does not end")
	}
	closed := f.registry.Closed.Append(nil)
	if f.registry.Len() != 0 || len(closed) != 1 || closed[0].Reason != want.String() {
		t.Errorf("registry: %d open, closed %+v", f.registry.Len(), closed)
	}
}

func TestServe(t *testing.T) {
	t.Parallel()
	f := serve(t, Settings{}, &echo{})
	if f.registry.Get(f.c.ID) != f.c || f.registry.Len() != 1 {
		t.Error("not registered")
	}
	for range 100 {
		f.say(t)
	}
	_ = f.client.Close()
	f.wait(t, ClientClosed)
}

// say sends a word and takes it back.
func (f *fixture) say(t *testing.T) {
	t.Helper()
	p := make([]byte, 5)
	if _, err := f.client.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(f.client, p); err != nil || string(p) != "hello" {
		t.Fatalf("got %q, err %v", p, err)
	}
}

func TestRenewMovesToAnotherGoroutine(t *testing.T) {
	t.Parallel()
	f := serve(t, Settings{}, &echo{words: "bye"})
	if f.c.Renew() {
		t.Error("renewed before there was any work")
	}
	for range 10 {
		f.say(t)
		if n := f.registry.Renew(); n != 1 {
			t.Errorf("%d renewed, want 1", n)
		}
	}
	for deadline := time.Now().Add(5 * time.Second); f.tasks.Counts()["receive"] != 1; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("tasks %v", f.tasks.Counts())
		}
	}
	if n := f.registry.Renew(); n != 0 {
		t.Errorf("%d renewed without work, want 0", n)
	}
	f.say(t)
	f.c.Close(Kicked)
	f.wait(t, Kicked)
	if rest, err := io.ReadAll(f.client); err != nil || string(rest) != "bye" {
		t.Errorf("last words %q, err %v", rest, err)
	}
}

// TestCloseWhileRenewing: both wake the reader by a deadline, and neither must undo the other's.
func TestCloseWhileRenewing(t *testing.T) {
	t.Parallel()
	for range 50 {
		f := serve(t, Settings{}, &echo{})
		f.say(t)
		f.tasks.Go("renew", func(context.Context) { f.c.Renew() })
		f.c.Close(Kicked)
		f.wait(t, Kicked)
	}
}

func TestEnds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		e    *echo
		do   func(f *fixture)
		want Reason
		told string
	}{
		{"greeting fails", &echo{greet: TLSHandshakeError, words: "never sent"}, func(*fixture) {}, TLSHandshakeError, ""},
		{"bad input", &echo{words: "bye"}, func(f *fixture) { _, _ = f.client.Write([]byte("bad")) }, ProtocolViolation, "bye"},
		{"kicked", &echo{words: "bye"}, func(f *fixture) { f.c.Close(Kicked) }, Kicked, "bye"},
		{"first reason counts", &echo{}, func(f *fixture) { f.c.Close(Kicked); f.c.Close(StaleConnection) }, Kicked, ""},
		{"slow consumer", &echo{words: "never sent"}, func(f *fixture) { f.c.Close(SlowConsumerPendingBytes) }, SlowConsumerPendingBytes, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := serve(t, Settings{}, tt.e)
			tt.do(f)
			got, _ := io.ReadAll(f.client)
			if string(got) != tt.told {
				t.Errorf("client read %q, want %q", got, tt.told)
			}
			f.wait(t, tt.want)
		})
	}
}

func TestCloseWhileGreeting(t *testing.T) {
	t.Parallel()
	e := &echo{words: "bye"}
	e.during = func() { e.c.Close(Kicked) }
	f := serve(t, Settings{}, e)
	if got, _ := io.ReadAll(f.client); string(got) != "bye" {
		t.Errorf("client read %q", got)
	}
	f.wait(t, Kicked)
}

// flood queues n bytes for a client that does not read.
func (f *fixture) flood(n int) {
	f.c.Out.Lock()
	f.c.Out.CopyLocked(make([]byte, n))
	f.c.Out.Unlock()
	f.c.Flush()
}

func TestStuckWritesGoOnInTheBackground(t *testing.T) {
	t.Parallel()
	f := serve(t, Settings{}, &echo{})
	const n = 30 << 20
	f.flood(n)
	if f.c.Out.Pending() == 0 {
		t.Fatal("nothing got stuck")
	}
	got, err := io.CopyN(io.Discard, f.client, n)
	if err != nil || got != n {
		t.Fatalf("%d bytes, err %v", got, err)
	}
	_ = f.client.Close()
	f.wait(t, ClientClosed)
}

// sluggish is a transport that takes what it is offered when it is told to.
type sluggish struct{ take chan struct{} }

func (*sluggish) Receive(func([]byte, bool) error) error { return io.EOF }
func (*sluggish) SetWriteDeadline(time.Time) error       { return nil }
func (*sluggish) Close() error                           { return nil }
func (s *sluggish) Write(v [][]byte, wait bool) (n int, _ error) {
	if !wait {
		return 0, nil
	}
	<-s.take
	for _, p := range v {
		n += len(p)
	}
	return n, nil
}

// What a slow client has taken counts soon, not when it has taken all that waits.
func TestStuckWritesShowProgress(t *testing.T) {
	t.Parallel()
	const pieces = 8
	tasks, slow := task.New(context.Background(), nil), &sluggish{make(chan struct{})}
	sock, other := net.Pipe()
	defer sock.Close()
	defer other.Close()
	c := New(sock, NewRegistry(1, nil), tasks, func() *Settings { return &Settings{WriteDeadline: time.Minute} })
	c.SetTransport(slow)
	c.Out.Lock()
	c.Out.CopyLocked(make([]byte, pieces*writePiece))
	c.Out.Unlock()
	c.Flush()
	for i := range pieces {
		c.Out.Lock()
		drained := c.Out.DrainedLocked()
		c.Out.Unlock()
		slow.take <- struct{}{}
		<-drained
		if n := c.Out.Pending(); n != (pieces-1-i)*writePiece {
			t.Fatalf("%d bytes are pending after %d pieces", n, i+1)
		}
	}
	tasks.Wait()
}

// The deadline is for all that waited when it was set, however little is sent at a time.
func TestWriteDeadlineIsForAllThatWaits(t *testing.T) {
	t.Parallel()
	f := serve(t, Settings{WriteDeadline: 300 * time.Millisecond}, &echo{})
	f.flood(30 << 20)
	start, p := time.Now(), make([]byte, 64<<10)
	for {
		if _, err := f.client.Read(p); err != nil {
			break
		}
		time.Sleep(10 * time.Millisecond) // all of it would take 5 s
	}
	f.wait(t, SlowConsumerWriteDeadline)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestWriteDeadlineEndsTheConnection(t *testing.T) {
	t.Parallel()
	f := serve(t, Settings{WriteDeadline: 50 * time.Millisecond}, &echo{words: "never sent"})
	f.flood(30 << 20)
	f.wait(t, SlowConsumerWriteDeadline)
	if f.registry.SlowConsumers.Load() != 1 {
		t.Error("slow consumer is not counted")
	}
}

// A deadline is for the write that waits: what is left of it must not end a connection that has long
// been well.
func TestWriteDeadlineDoesNotOutliveTheWrite(t *testing.T) {
	t.Parallel()
	f := serve(t, Settings{WriteDeadline: 500 * time.Millisecond}, &echo{})
	const n = 30 << 20
	f.flood(n)
	if _, err := io.CopyN(io.Discard, f.client, n); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second) // past the deadline of the last write
	if _, err := f.client.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 5)
	if _, err := io.ReadFull(f.client, p); err != nil || string(p) != "hello" {
		t.Errorf("got %q, err %v, reason %q", p, err, f.c.Reason())
	}
	_ = f.client.Close()
	f.wait(t, ClientClosed)
}

func TestRetriedWritesKeepTheConnectionWhileItMoves(t *testing.T) {
	t.Parallel()
	f := serve(t, Settings{WriteDeadline: 60 * time.Millisecond, RetryWrites: true}, &echo{})
	const n = 16 << 20
	f.flood(n)
	p := make([]byte, 256<<10)
	for left := n; left > 0; {
		got, err := f.client.Read(p[:min(len(p), left)])
		if err != nil {
			t.Fatalf("%d bytes left: %v", left, err)
		}
		left -= got
		time.Sleep(2 * time.Millisecond) // slower than one deadline for all of it
	}
	_ = f.client.Close()
	f.wait(t, ClientClosed)
}

func TestFarewellIsBoundedInTime(t *testing.T) {
	t.Parallel()
	f := serve(t, Settings{}, &echo{words: "bye"})
	f.flood(30 << 20)
	start := time.Now()
	f.c.Close(ServerShutdown)
	f.wait(t, ServerShutdown)
	if d := time.Since(start); d > 3*time.Second {
		t.Errorf("took %v", d)
	}
}

func TestReasonTexts(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for r := ClientClosed; r <= ProxyRequired; r++ {
		text := r.String()
		if text == "" || seen[text] || strings.TrimSpace(text) != text {
			t.Errorf("reason %d: %q", r, text)
		}
		seen[text] = true
	}
	if Reason(200).String() != "Unknown State" {
		t.Error("unknown reason")
	}
}

func TestCloseInterruptsWhatTheReaderWaitsFor(t *testing.T) {
	t.Parallel()
	f := serve(t, Settings{}, &echo{})
	ctx, done := f.c.Interruptible(t.Context(), time.Hour)
	defer done()
	f.c.Close(Kicked)
	select {
	case <-ctx.Done():
	case <-time.After(5 * time.Second):
		t.Error("still waiting")
	}
	late, done := f.c.Interruptible(t.Context(), time.Hour)
	defer done()
	if late.Err() == nil {
		t.Error("a closed connection begins to wait")
	}
	f.wait(t, Kicked)
}
