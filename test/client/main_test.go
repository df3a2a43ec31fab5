package client

import (
	"os"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"natsd/test/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Run(m)) }

// patience is how long something may take that should take no time.
const patience = 10 * time.Second

// start runs the server under test.
func start(t *testing.T, conf string, opts ...harness.Option) *harness.Server {
	t.Helper()
	return harness.Start(t, harness.Target(), conf, opts...)
}

// dial connects the Go client and closes it with the test.
func dial(t *testing.T, s *harness.Server, opts ...nats.Option) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect("nats://"+s.Addr, append([]nats.Option{nats.Timeout(patience)}, opts...)...)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	t.Cleanup(nc.Close)
	return nc
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// subscribe subscribes synchronously and waits until the server has it.
func subscribe(t *testing.T, nc *nats.Conn, subject string) *nats.Subscription {
	t.Helper()
	sub := must[*nats.Subscription](t)(nc.SubscribeSync(subject))
	check(t, nc.Flush())
	return sub
}

// next returns the next message's text.
func next(t *testing.T, sub *nats.Subscription) *nats.Msg {
	t.Helper()
	return must[*nats.Msg](t)(sub.NextMsg(patience))
}

// silent fails the test if a message comes.
func silent(t *testing.T, sub *nats.Subscription) {
	t.Helper()
	if m, err := sub.NextMsg(100 * time.Millisecond); err == nil {
		t.Fatalf("unexpected message %q on %s", m.Data, m.Subject)
	}
}

// arrives waits for something on a channel.
func arrives[T any](t *testing.T, what string, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatalf("%s: nothing after %v", what, patience)
		panic("unreachable")
	}
}
