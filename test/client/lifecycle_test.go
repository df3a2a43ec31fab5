package client

import (
	"encoding/json"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"natsd/test/harness"
)

// TestReconnect: the server is killed and comes back at the same port; the client finds it again,
// subscribes again and sends what it kept.
func TestReconnect(t *testing.T) {
	t.Parallel()
	scope := harness.NewScope(t)
	s := start(t, "", harness.WithScope(scope))
	lost, back := make(chan error, 1), make(chan struct{}, 1)
	nc := dial(t, s,
		nats.ReconnectWait(50*time.Millisecond), nats.MaxReconnects(-1),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { lost <- err }),
		nats.ReconnectHandler(func(*nats.Conn) { back <- struct{}{} }))
	sub := subscribe(t, nc, "foo")
	for round, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		check(t, s.Signal(sig))
		must[int](t)(s.WaitExit(patience))
		arrives(t, "disconnect", lost)
		check(t, nc.Publish("foo", fmt.Append(nil, round)))
		s = start(t, "", harness.WithScope(scope))
		arrives(t, "reconnect", back)
		if got := string(next(t, sub).Data); got != fmt.Sprint(round) {
			t.Errorf("round %d: got %q", round, got)
		}
	}
}

// TestShutdown: SIGTERM and SIGINT end the server at once, with clients connected.
func TestShutdown(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			s := start(t, "")
			closed := make(chan struct{})
			nc := dial(t, s, nats.NoReconnect(), nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
			subscribe(t, nc, "foo")
			check(t, s.Signal(sig))
			code := must[int](t)(s.WaitExit(5 * time.Second))
			if code != 0 && harness.Target() == harness.Natsd {
				t.Errorf("exit code %d", code)
			}
			arrives(t, "closed handler", closed)
		})
	}
}

// TestLameDuck: clients are told, keep working during the grace period, are closed after it, and
// the process ends by itself.
func TestLameDuck(t *testing.T) {
	t.Parallel()
	s := start(t, "lame_duck_grace_period: \"1s\"\nlame_duck_duration: \"30s\"")
	told, closed := make(chan struct{}, 1), make(chan struct{})
	nc := dial(t, s, nats.NoReconnect(),
		nats.LameDuckModeHandler(func(*nats.Conn) { told <- struct{}{} }),
		nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	sub := subscribe(t, nc, "foo")
	check(t, s.Signal(syscall.SIGUSR2))
	arrives(t, "lame duck handler", told)
	check(t, nc.Publish("foo", []byte("still")))
	if got := string(next(t, sub).Data); got != "still" {
		t.Errorf("got %q", got)
	}
	if c, err := nats.Connect("nats://"+s.Addr, nats.Timeout(time.Second)); err == nil {
		c.Close()
		t.Error("a new client was accepted")
	}
	arrives(t, "closed handler", closed)
	if code := must[int](t)(s.WaitExit(patience)); code != 0 && harness.Target() == harness.Natsd {
		t.Errorf("exit code %d", code)
	}
}

// TestLameDuckAlone: with no client there is nobody to wait for.
func TestLameDuckAlone(t *testing.T) {
	t.Parallel()
	s := start(t, "lame_duck_grace_period: \"5s\"\nlame_duck_duration: \"30s\"")
	check(t, s.Signal(syscall.SIGUSR2))
	must[int](t)(s.WaitExit(3 * time.Second))
}

// TestClientSlow: a callback that does not return makes the client drop, not the server.
func TestClientSlow(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	slow := make(chan error, 100)
	nc := dial(t, s, nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		select {
		case slow <- err:
		default:
		}
	}))
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	sub := must[*nats.Subscription](t)(nc.Subscribe("s", func(*nats.Msg) { <-release }))
	check(t, sub.SetPendingLimits(10, -1))
	check(t, nc.Flush())
	for range 100 {
		check(t, nc.Publish("s", nil))
	}
	check(t, nc.Flush())
	if err := arrives(t, "slow consumer", slow); err != nats.ErrSlowConsumer { //nolint:errorlint // the client gives exactly this value
		t.Errorf("got %v", err)
	}
	if !nc.IsConnected() {
		t.Error("the server closed the connection")
	}
}

// TestServerSlow: a client that does not read is closed; others are not disturbed, and the closed
// one comes back by itself.
func TestServerSlow(t *testing.T) {
	t.Parallel()
	s := start(t, "max_pending: 1000000\nmax_payload: 100000\nwrite_deadline: \"5s\"")
	stuck, info := harness.Client(t, s.Addr, `{"verbose":false,"pedantic":false}`)
	stuck.MustSend(t, "SUB s 1\r\nPING\r\n")
	stuck.Expect(t, "PONG")
	good := dial(t, s)
	sub := must[*nats.Subscription](t)(good.SubscribeSync("s"))
	check(t, sub.SetPendingLimits(-1, -1))
	check(t, good.Flush())
	pub := dial(t, s)
	data := make([]byte, 100000)
	const n = 400 // 40 MB: far more than max_pending and the socket buffers hold
	for i := range n {
		check(t, pub.Publish("s", data))
		// In step with the publisher, so that this one is never behind.
		if got := len(next(t, sub).Data); got != len(data) {
			t.Fatalf("message %d has %d bytes", i, got)
		}
	}
	reason := must[string](t)(s.Reason(info.ID, patience))
	if reason != "Slow Consumer (Pending Bytes)" {
		t.Errorf("closed with %q", reason)
	}
	v := must[map[string]any](t)(s.Varz())
	// nats-server 2.9.10 counts the same client twice.
	if n := v["slow_consumers"]; n != 1.0 && harness.Target() == harness.Natsd {
		t.Errorf("varz counts %v slow consumers", n)
	}
}

// TestMaxConnections: one more than allowed is refused, and let in when another has gone.
func TestMaxConnections(t *testing.T) {
	t.Parallel()
	s := start(t, "max_connections: 2")
	a, _ := dial(t, s), dial(t, s)
	if nc, err := nats.Connect("nats://" + s.Addr); err == nil {
		nc.Close()
		t.Error("a third client was let in")
	}
	a.Close()
	ok := harness.Eventually(patience, func() bool {
		nc, err := nats.Connect("nats://" + s.Addr)
		if err == nil {
			nc.Close()
		}
		return err == nil
	})
	if !ok {
		t.Error("nobody is let in after one has gone")
	}
}

// TestAdvertise: the client learns the address that the server advertises.
func TestAdvertise(t *testing.T) {
	t.Parallel()
	s := start(t, `client_advertise: "nats.example.org:4333"`)
	line := harness.Dial(t, s.Addr).Expect(t, "INFO").Line
	var info struct {
		Host string `json:"host"`
		Port int    `json:"port"`
	}
	check(t, json.Unmarshal([]byte(line[len("INFO "):]), &info))
	if info.Host != "nats.example.org" || info.Port != 4333 {
		t.Errorf("INFO names %s:%d", info.Host, info.Port)
	}
	nc := dial(t, s)
	if nc.ConnectedServerVersion() == "" || nc.ConnectedServerId() == "" {
		t.Errorf("INFO lacks version or id: %s", line)
	}
}
