package abuse

import (
	"os"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"natsd/test/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Run(m)) }

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
	if os.Getenv("NATSD_SOAK") == "1" {
		return long
	}
	return short
}

// healthy fails the test unless a well-behaved client is served within a second.
func healthy(t *testing.T, s *harness.Server, connect string) {
	t.Helper()
	began := time.Now()
	c, _ := harness.Client(t, s.Addr, connect)
	c.MustSend(t, "SUB healthy 1\r\nPUB healthy 2\r\nok\r\n")
	if m := c.Expect(t, "MSG"); string(m.Body) != "ok" {
		t.Errorf("a good client got %q", m.Body)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("a good client waited %v", took)
	}
	_ = c.Close()
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
