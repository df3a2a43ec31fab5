package abuse

import (
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"natsd/test/harness"
)

// Far more connz than the server can make is asked for while traffic flows: what is too much is refused
// at once, and messages hardly feel it.
func TestConnzFlood(t *testing.T) {
	natsdOnly(t, "has no admin API")
	if os.Getenv("NATSD_SOAK") != "1" {
		t.Skip("measures a busy server: NATSD_SOAK=1 runs it")
	}
	const (
		clients = 10000
		rate    = 2000 // requests a second
		period  = 10 * time.Second
	)
	s := start(t, "max_connections: 20000\nping_interval: \"10m\"\n")
	crowd(t, s, clients)
	traffic(t, s)
	probe := newProbe(t, s)

	probe.run(2 * time.Second) // warm
	var ratios []float64
	for range 3 {
		cpu := s.CPU()
		calm := probe.run(period)
		calmCPU := s.CPU() - cpu

		flood := startFlood(t, s.Admin, rate, period+3*time.Second)
		probe.run(2 * time.Second) // what was saved up for listings is soon gone
		cpu = s.CPU()
		busy := probe.run(period)
		busyCPU := s.CPU() - cpu
		answers := flood.wait(t)

		t.Logf("calm: p50 %v, p99 %v, server used %v in %v", quantile(calm, 0.5), quantile(calm, 0.99), calmCPU, period)
		t.Logf("busy: p50 %v, p99 %v, server used %v in %v", quantile(busy, 0.5), quantile(busy, 0.99), busyCPU, period)
		t.Logf("answers: %s", answers)
		if answers.Refused == 0 || answers.Served == 0 || answers.Failed > 0 {
			t.Errorf("some should be refused, some served, none fail: %s", answers)
		}
		ratios = append(ratios, float64(quantile(busy, 0.99))/float64(quantile(calm, 0.99)))
	}
	slices.Sort(ratios)
	t.Logf("p99 with the flood over p99 without: %.2f", ratios)
	if median := ratios[len(ratios)/2]; median > 1.5 {
		t.Errorf("the flood makes messages %.2f times as slow", median)
	}
}

// crowd connects clients that subscribe and are silent.
func crowd(t *testing.T, s *harness.Server, n int) {
	t.Helper()
	var g errgroup.Group
	g.SetLimit(64)
	for i := range n {
		g.Go(func() error {
			c, err := net.Dial("tcp", s.Addr)
			if err != nil {
				return err
			}
			t.Cleanup(func() { _ = c.Close() })
			fmt.Fprintf(c, "CONNECT {\"verbose\":false,\"name\":\"c%d\"}\r\nSUB quiet.%d 1\r\nPING\r\n", i, i)
			var p [4096]byte
			for seen := 0; ; {
				m, err := c.Read(p[seen:])
				if err != nil {
					return err
				}
				if seen += m; string(p[max(seen-6, 0):seen]) == "PONG\r\n" {
					return nil
				}
			}
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}

// traffic publishes a steady stream to a subscriber, until the test ends.
func traffic(t *testing.T, s *harness.Server) {
	t.Helper()
	sub, _ := harness.Client(t, s.Addr, hello)
	sub.MustSend(t, "SUB load 1\r\nPING\r\n")
	sub.Expect(t, "PONG")
	pub, _ := harness.Client(t, s.Addr, hello)
	var g sync.WaitGroup
	stop := make(chan struct{})
	g.Go(func() { _, _ = io.Copy(io.Discard, sub) })
	g.Go(func() {
		text := ""
		for range 20 {
			text += "PUB load 16\r\n0123456789abcdef\r\n"
		}
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for pub.Send(text) == nil {
			select {
			case <-tick.C:
			case <-stop:
				return
			}
		}
	})
	t.Cleanup(func() {
		close(stop)
		_, _ = sub.Close(), pub.Close()
		g.Wait()
	})
}

// probe measures how long messages take.
type probe struct {
	t    *testing.T
	conn *harness.Conn
}

func newProbe(t *testing.T, s *harness.Server) *probe {
	t.Helper()
	c, _ := harness.Client(t, s.Addr, hello)
	c.MustSend(t, "SUB probe 1\r\nPING\r\n")
	c.Expect(t, "PONG")
	return &probe{t, c}
}

// run sends a message about every two milliseconds to itself.
func (p *probe) run(d time.Duration) []time.Duration {
	p.t.Helper()
	var out []time.Duration
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(d); time.Now().Before(end); <-tick.C {
		began := time.Now()
		p.conn.MustSend(p.t, "PUB probe 2\r\nok\r\n")
		p.conn.Expect(p.t, "MSG")
		out = append(out, time.Since(began))
	}
	return out
}

func quantile(all []time.Duration, q float64) time.Duration {
	all = slices.Sorted(slices.Values(all))
	return all[int(float64(len(all)-1)*q)].Round(time.Microsecond)
}
