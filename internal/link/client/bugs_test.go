package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"natsd/internal/auth"
	"natsd/internal/broker"
	"natsd/internal/conn"
)

// A client that asks and asks but does not read is as slow as one that does not read messages.
func TestAnswersCountAsPending(t *testing.T) {
	t.Parallel()
	h := build(t, "max_pending: 1MB\nmax_payload: 100KB")
	s, _ := h.inMemory(t)
	s.conn.SetTransport(stuck{t.Context()})
	text := strings.Repeat("PING\r\n", 10_000)
	for range 100 {
		if s.feed(text) != conn.Open {
			break
		}
	}
	if why := s.conn.Reason(); why != conn.SlowConsumerPendingBytes {
		t.Errorf("ended with %q", why)
	}
}

// A connection that is told to go while it is being greeted goes at once.
func TestStopWhileGreeting(t *testing.T) {
	t.Parallel()
	h := open(t, "proxy_protocol: true")
	p := h.dial()
	p.say("PROX")
	time.Sleep(20 * time.Millisecond)
	start := time.Now()
	h.Stop()
	_, _ = io.ReadAll(p.in)
	h.reason(1)
	if d := time.Since(start); d > 3*time.Second {
		t.Errorf("took %v", d)
	}
}

// The end of one grant must not cut off a client that has got another since.
func TestSecondGrantHasItsOwnLife(t *testing.T) {
	t.Parallel()
	h := build(t, "")
	s, _ := h.inMemory(t)
	b := broker.Begin()
	defer b.End(0)
	if why := s.bind(b, &auth.Request{}, &auth.Grant{Account: "$G", Expires: time.Now().Add(100 * time.Millisecond)}); why != conn.Open {
		t.Fatal(why)
	}
	if why := s.bind(b, &auth.Request{}, &auth.Grant{Account: "$G"}); why != conn.Open {
		t.Fatal(why)
	}
	time.Sleep(300 * time.Millisecond)
	if why := s.conn.Reason(); why != conn.Open {
		t.Errorf("ended with %q", why)
	}
}

// A subscription that has ended must not come back to life because a delivery was under way, nor get
// anything once its end is confirmed.
func TestDeliveryDoesNotReviveASubscription(t *testing.T) {
	t.Parallel()
	h := build(t, "")
	s, _ := h.inMemory(t)
	sub := s.mustSubscribe(t, "foo", "", "1")
	run := message("foo", strings.Repeat("x", 500))
	for range broker.RunMax - 1 {
		run.Msgs = append(run.Msgs, run.Msgs[0])
	}
	stop, done := make(chan struct{}), make(chan struct{})
	h.tasks.Go("deliver", func(context.Context) {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				b := broker.Begin()
				s.Deliver(b, sub, run)
				b.End(0)
			}
		}
	})
	defer func() { close(stop); <-done }()
	for range 60 {
		sub.Closed.Store(false)
		s.mu.Lock()
		s.subs.add(sub)
		s.mu.Unlock()
		for n := sub.Delivered.Load(); sub.Delivered.Load() == n; {
			runtime.Gosched()
		}
		s.dropSubscriptions(nil)
		n := sub.Delivered.Load()
		time.Sleep(20 * time.Microsecond)
		if !sub.Closed.Load() || sub.Delivered.Load() != n {
			t.Fatal("the subscription lives again")
		}
	}
}

// Those who come at the same time as others that are turned away must not be turned away with them.
func TestMaxConnectionsIsExact(t *testing.T) {
	t.Parallel()
	const seats, clients = 5, 40
	h := open(t, fmt.Sprintf("max_connections: %d", seats))
	for range 3 {
		var in atomic.Int32
		var all sync.WaitGroup
		leave := make(chan struct{})
		var tried sync.WaitGroup
		for range clients {
			p := h.raw()
			tried.Add(1)
			all.Go(func() {
				defer p.Close()
				_, _ = p.Write([]byte("PING\r\n"))
				_, _ = p.in.ReadString('\n')
				if line, _ := p.in.ReadString('\n'); line == "PONG\r\n" {
					in.Add(1)
				}
				tried.Done()
				<-leave
			})
		}
		tried.Wait()
		if n := in.Load(); n != seats {
			t.Errorf("%d of %d are let in, want %d", n, clients, seats)
		}
		close(leave)
		all.Wait()
		until(t, "all to leave", func() bool { return h.registry.Len() == 0 })
	}
}

// A message for a queue group must not go to a member that is on its way out while there are others.
func TestClosingMembersGetNothing(t *testing.T) {
	t.Parallel()
	h := build(t, "")
	s, _ := h.inMemory(t)
	sub := s.mustSubscribe(t, "foo", "q", "1")
	s.conn.Close(conn.ServerShutdown) // last words are still sent
	b := broker.Begin()
	defer b.End(0)
	if n := s.Deliver(b, sub, message("foo", "x")); n != 0 {
		t.Errorf("took %d messages", n)
	}
}

// A client that has its last message may use the name of the subscription again at once.
func TestNameOfAnEndedSubscription(t *testing.T) {
	t.Parallel()
	h := build(t, "")
	s, _ := h.inMemory(t)
	old := s.mustSubscribe(t, "foo", "", "1")
	old.Closed.Store(true) // as the publisher of the last message does, before it cleans up
	again := s.mustSubscribe(t, "bar", "", "1")
	if again == old || again.Subject != "bar" {
		t.Errorf("subscribed to %s", again.Subject)
	}
	if n := h.broker.Account("$G").Index().Len(); n != 1 {
		t.Errorf("%d subscriptions are left", n)
	}
}

// Of many moments at which a reload may decide anew about a client, none gives it back the rights of
// its earlier CONNECT.
func TestRegrantDoesNotUndoConnect(t *testing.T) {
	t.Parallel()
	const wide = `accounts { A { users: [{user: a, password: a}] }, B { users: [{user: b, password: b}] } }`
	narrow := strings.ReplaceAll(wide, "}]", ", permissions: {publish: x}}]")
	h := build(t, wide)
	s, _ := h.inMemory(t)
	next := options(t, narrow)
	a, err := auth.New(next, nil)
	if err != nil {
		t.Fatal(err)
	}
	settings := []*Settings{h.Settings(), NewSettings(next, a, h.Settings().Info)}
	stop, done := make(chan struct{}), make(chan struct{})
	h.tasks.Go("regrant", func(ctx context.Context) {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				h.Apply(settings[i%2])
				s.Regrant(ctx)
			}
		}
	})
	defer func() { close(stop); <-done }()
	for range 300 {
		for _, name := range []string{"a", "b"} {
			if why := s.feed(fmt.Sprintf("CONNECT {\"user\":%[1]q,\"pass\":%[1]q}\r\n", name)); why != conn.Open {
				t.Fatal(why)
			}
			runtime.Gosched()
			if g, a := s.grant.Load(), s.account.Load(); g.User != name || g.Account != a.Name {
				t.Fatalf("%s has the grant of %s, account %s", name, g.User, a.Name)
			}
		}
	}
}

// A client that is silent holds no buffer: neither that of its last read nor that of a message which
// came in pieces.
func TestSilentClientsHoldNoBuffers(t *testing.T) {
	t.Parallel()
	h := build(t, "")
	s, _ := h.inMemory(t)
	var gone atomic.Int32
	texts := []string{"CONNECT {\"verbose\":false,\"pedantic\":false}\r\nSUB foo 1\r\nPUB foo 2\r\nhi\r\nPUB foo 20", "\r\n01234567890123456789\r\n"}
	for _, text := range texts {
		p := make([]byte, 1<<20)
		runtime.AddCleanup(&p[0], func(*atomic.Int32) { gone.Add(1) }, &gone)
		b := broker.Begin()
		s.Consume(b, p[:copy(p, text)])
		b.End(0)
	}
	until(t, "the reads to be let go", func() bool {
		runtime.GC()
		return int(gone.Load()) == len(texts)
	})
	runtime.KeepAlive(s)
}

// A client may answer as soon as it can see the request, whoever sent it the bytes.
func TestAnswersMayBeQuick(t *testing.T) {
	t.Parallel()
	h := build(t, `authorization { users: [{user: s, password: p, permissions: {subscribe: rq, allow_responses: {max: 2}}}] }`)
	s, _ := h.inMemory(t)
	if why := s.feed(`CONNECT {"user":"s","pass":"p","verbose":false}` + "\r\n"); why != conn.Open {
		t.Fatal(why)
	}
	sub := s.mustSubscribe(t, "rq", "", "1")
	var early atomic.Int32
	sent := 0
	s.conn.SetTransport(onWrite(func(p []byte) {
		if sent += bytes.Count(p, []byte("MSG ")); s.replies.Load().replies.Len() < sent {
			early.Add(1)
		}
	}))
	stop, done := make(chan struct{}), make(chan struct{})
	h.tasks.Go("flush", func(context.Context) {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				s.conn.Flush()
			}
		}
	})
	run := message("rq", strings.Repeat("x", 100))
	for i := range 8000 {
		run.Msgs[0].Reply = fmt.Appendf(nil, "in.%d", i)
		b := broker.Begin()
		s.Deliver(b, sub, run)
		b.End(0)
	}
	close(stop)
	<-done
	if n := early.Load(); n > 0 {
		t.Errorf("%d times a request was on its way before the right to answer it was there", n)
	}
}

// A client that has stopped to publish does not keep those whom it published to.
func TestTickForgetsMatches(t *testing.T) {
	t.Parallel()
	h := build(t, "")
	s, _ := h.inMemory(t)
	s.feed("CONNECT {\"verbose\":false}\r\n")
	var gone atomic.Int32
	func() {
		other, _ := h.inMemory(t)
		sub := other.mustSubscribe(t, "foo", "", "1")
		runtime.AddCleanup(sub, func(*atomic.Int32) { gone.Add(1) }, &gone)
		s.feed("PUB foo 0\r\n\r\n")
		other.dropSubscriptions(nil)
	}()
	s.tick()
	s.tick()
	until(t, "the subscription to go", func() bool {
		runtime.GC()
		return gone.Load() == 1
	})
	runtime.KeepAlive(s)
}

// A client that reads is not too slow because of what one read of a publisher brings: the server must have
// tried to send it.
func TestOneReadDoesNotMakeSlow(t *testing.T) {
	t.Parallel()
	for conf, deny := range map[string]string{
		"":                               "",
		"\nno_fast_producer_stall: true": "",
		"\n":                             ", deny: \"no.>\"",
	} {
		h := build(t, "max_payload: 2KB\nmax_pending: 16KB"+conf+`
			authorization { users: [{user: u, password: p, permissions: {publish: {allow: ">"`+deny+`}}}] }`)
		receiver, _ := h.inMemory(t)
		s, _ := h.inMemory(t)
		for _, x := range []*Session{receiver, s} {
			if why := x.feed("CONNECT {\"user\":\"u\",\"pass\":\"p\",\"verbose\":false,\"pedantic\":false}\r\n"); why != conn.Open {
				t.Fatal(why)
			}
		}
		for sid, subject := range []string{"foo", "*", ">"} {
			receiver.mustSubscribe(t, subject, "", fmt.Sprint(sid))
		}
		text := strings.Repeat("PUB foo 1000\r\n"+strings.Repeat("x", 1000)+"\r\n", 100)
		if deny != "" {
			text += strings.Repeat("PUB no.x 1\r\n1\r\n", 1000) // and -ERR for each
		}
		if why := s.feed(text); why != conn.Open || receiver.conn.Reason() != conn.Open {
			t.Errorf("%q: the publisher ended with %q, the receiver with %q", conf, why, receiver.conn.Reason())
		}
		if n := receiver.conn.Status().OutMsgs; n != 300 {
			t.Errorf("%q: %d messages of 300", conf, n)
		}
	}
}

// A client that is behind loses messages where publishers do not wait for it, but not all that it might
// still take, and not its connection, however many come at once.
func TestBehindLosesMessages(t *testing.T) {
	t.Parallel()
	h := build(t, "max_payload: 2KB\nmax_pending: 16KB\nno_fast_producer_stall: true")
	receiver, _ := h.inMemory(t)
	receiver.mustSubscribe(t, "foo", "", "1")
	receiver.conn.SetTransport(stuck{t.Context()})
	s, _ := h.inMemory(t)
	for range 3 {
		s.feed("CONNECT {\"verbose\":false,\"pedantic\":false}\r\nPUB foo 1\r\n1\r\n")
	}
	s.feed(strings.Repeat("PUB foo 1000\r\n"+strings.Repeat("x", 1000)+"\r\n", 100))
	if why, n := receiver.conn.Reason(), receiver.conn.Status().OutMsgs; why != conn.Open || n != 3+13 {
		t.Errorf("%d messages were queued, ended with %q", n, why)
	}
}

// A request that comes back to its sender gives it the right to answer, also when the answer comes at once.
func TestAnswersToOneself(t *testing.T) {
	t.Parallel()
	h := build(t, `authorization { users: [{user: s, password: p, permissions: {subscribe: ">", allow_responses: {max: 1}}}, {user: u, password: p}] }`)
	s, _ := h.inMemory(t)
	s.feed("CONNECT {\"user\":\"s\",\"pass\":\"p\",\"verbose\":false,\"pedantic\":false}\r\nSUB in 1\r\n")
	u, _ := h.inMemory(t)
	u.feed("CONNECT {\"user\":\"u\",\"pass\":\"p\",\"verbose\":false,\"pedantic\":false}\r\nPUB in in 0\r\n\r\n")
	out := &collect{}
	s.conn.SetTransport(out)
	s.feed(strings.Repeat("PUB in in 0\r\n\r\n", 3) + "PUB in 0\r\n\r\nPUB in 0\r\n\r\n")
	want := strings.Repeat("MSG in 1 in 0\r\n\r\n", 3) + "-ERR 'Permissions Violation for Publish to \"in\"'\r\nMSG in 1 0\r\n\r\n"
	if got := out.text.String(); got != want {
		t.Errorf("got %q", got)
	}
}
