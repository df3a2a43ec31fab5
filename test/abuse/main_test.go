package abuse

import (
	"fmt"
	"os"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"natsd/test/harness"
)

func TestMain(m *testing.M) {
	if order := os.Getenv(floodEnv); order != "" {
		if err := beFlood(order); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(harness.Run(m))
}

const hello = `{"verbose":false,"pedantic":false}`

func start(t *testing.T, conf string, opts ...harness.Option) *harness.Server {
	t.Helper()
	return harness.Start(t, harness.Target(), conf, opts...)
}

// natsdOnly skips a test that is known to fail against the peer, and says why.
func natsdOnly(t *testing.T, why string) {
	t.Helper()
	if harness.Target() == harness.Peer {
		t.Skip("nats-server: " + why)
	}
}

// soak returns the short or, with NATSD_SOAK=1, the long form of a number.
func soak(short, long int) int {
	switch {
	case os.Getenv("NATSD_SOAK") == "1":
		return long
	case harness.Race:
		return max(1, short/5)
	}
	return short
}

// healthy fails the test unless a well-behaved client is served in time.
func healthy(t *testing.T, s *harness.Server, connect string) {
	t.Helper()
	began := time.Now()
	c, _ := harness.Client(t, s.Addr, connect)
	c.MustSend(t, "SUB healthy 1\r\nPUB healthy 2\r\nok\r\n")
	if m := c.Expect(t, "MSG"); string(m.Body) != "ok" {
		t.Errorf("a good client got %q", m.Body)
	}
	took := time.Since(began)
	bounded(t, took <= 3*time.Second, "a good client waited %v", took)
	_ = c.Close()
}

// bounded fails the test unless a figure of time or memory is within its bound. Under the race
// detector such figures say nothing and are only logged.
func bounded(t *testing.T, ok bool, format string, args ...any) {
	t.Helper()
	switch {
	case ok:
	case harness.Race:
		t.Logf("not counted under the race detector: "+format, args...)
	default:
		t.Errorf(format, args...)
	}
}

// open opens n raw connections at once, without reading anything, and gives each to use.
func open(t *testing.T, s *harness.Server, n int, use func(i int, c *harness.Conn) error) {
	t.Helper()
	var g errgroup.Group
	g.SetLimit(64)
	for i := range n {
		g.Go(func() error {
			c, err := harness.Open(s.Addr)
			if err != nil {
				return err
			}
			t.Cleanup(func() { _ = c.Close() })
			return use(i, c)
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}

const (
	mib      = 1 << 20
	patience = 10 * time.Second
)
