package client

import (
	"context"
	"io"
	"runtime"
	"strings"
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
	for range 200 {
		sub.Closed.Store(false)
		s.mu.Lock()
		s.subs = map[string]*broker.Sub{"1": sub}
		s.mu.Unlock()
		for n := sub.Delivered.Load(); sub.Delivered.Load() == n; {
			runtime.Gosched()
		}
		s.dropSubscriptions()
		n := sub.Delivered.Load()
		time.Sleep(20 * time.Microsecond)
		if !sub.Closed.Load() || sub.Delivered.Load() != n {
			t.Fatal("the subscription lives again")
		}
	}
}
