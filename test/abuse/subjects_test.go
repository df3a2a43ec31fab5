package abuse

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"natsd/test/harness"
)

// TestTokenBomb: subjects of thousands of tokens, wildcard or not, and publishes that match them
// cost no more than their length.
func TestTokenBomb(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	c, _ := harness.Client(t, s.Addr, hello)
	long := strings.TrimSuffix(strings.Repeat("a.", 2000), ".")
	stars := strings.TrimSuffix(strings.Repeat("*.", 2000), ".")
	c.MustSend(t, "SUB "+strings.Repeat(".", 4000)+" 1\r\n")
	c.Expect(t, "-ERR")
	c.MustSend(t, "SUB "+long+" 2\r\nSUB "+stars+" 3\r\nPUB "+strings.Repeat(".", 4000)+" 0\r\n\r\nPING\r\n")
	c.Expect(t, "PONG")
	began := s.CPU()
	for range 200 {
		c.MustSend(t, "PUB "+long+" 0\r\n\r\n")
	}
	for range 400 {
		c.Expect(t, "MSG")
	}
	took := s.CPU() - began
	bounded(t, took <= time.Second, "200 publishes took %v of processor time", took)
	healthy(t, s, hello)
}

// TestWildcardBomb: many wildcards at every level do not make matching explode.
func TestWildcardBomb(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	c, _ := harness.Client(t, s.Addr, hello)
	r := rand.New(rand.NewPCG(7, 7))
	word := func(wild bool) string {
		if wild && r.IntN(2) == 0 {
			return "*"
		}
		return string(rune('a' + r.IntN(3)))
	}
	subject := func(tokens int, wild bool) string {
		var parts []string
		for range tokens {
			parts = append(parts, word(wild))
		}
		return strings.Join(parts, ".")
	}
	var b strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&b, "SUB nobody.%s 1%d\r\n", subject(20, true), i)
	}
	c.MustSend(t, b.String()+"PING\r\n")
	c.Expect(t, "PONG")
	began := s.CPU()
	b.Reset()
	publishes := soak(20_000, 500_000)
	for i := range publishes {
		fmt.Fprintf(&b, "PUB other.%s 0\r\n\r\nPUB nobody.%s.z 0\r\n\r\n", subject(20, false), subject(20, false))
		if i%5000 == 4999 || i == publishes-1 {
			c.MustSend(t, b.String()+"PING\r\n")
			c.Expect(t, "PONG")
			b.Reset()
		}
	}
	took := s.CPU() - began
	t.Logf("%d publishes against 2000 wildcard subscriptions of 20 tokens: %v of processor time", 2*publishes, took)
	bounded(t, took <= 200*time.Microsecond*time.Duration(publishes), "matching explodes")
	rss := s.RSS()
	bounded(t, rss <= 200*mib, "the process has grown to %d MiB", rss/mib)
}

// TestSubscriptionFlood: many distinct subscriptions cost little, and going away gives it back.
func TestSubscriptionFlood(t *testing.T) {
	t.Parallel()
	n := soak(100_000, 1_000_000)
	s := start(t, "")
	before := s.RSS()
	c, _ := harness.Client(t, s.Addr, hello)
	var b strings.Builder
	began := time.Now()
	for i := range n {
		fmt.Fprintf(&b, "SUB flood.%d.x %d\r\n", i, i)
		if b.Len() > mib {
			c.MustSend(t, b.String())
			b.Reset()
		}
	}
	c.MustSend(t, b.String()+"PING\r\n")
	c.Expect(t, "PONG")
	each := (s.RSS() - before) / int64(n)
	t.Logf("%d subscriptions in %v, %d bytes of resident memory each", n, time.Since(began).Round(time.Millisecond), each)
	bounded(t, each <= 600, "a subscription costs %d bytes", each)
	_ = c.Close()
	began = time.Now()
	gone := harness.Eventually(time.Minute, func() bool {
		v, err := s.Varz()
		return err == nil && v["subscriptions"].(float64) < 1000
	})
	if !gone {
		t.Error("the subscriptions stay after their client has gone")
	}
	t.Logf("gone after %v", time.Since(began).Round(time.Millisecond))
	healthy(t, s, hello)
}

// TestIdleConnections: a connection that says nothing costs little, before and after CONNECT.
func TestIdleConnections(t *testing.T) {
	t.Parallel()
	n := soak(1000, 10_000)
	for _, c := range []struct{ name, says string }{
		{"before CONNECT", ""},
		{"with a subscription", "CONNECT " + hello + "\r\nSUB idle 1\r\nPING\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, "")
			before := s.RSS()
			open(t, s, n, func(_ int, conn *harness.Conn) error {
				if _, err := conn.Next(patience); err != nil {
					return err
				}
				if c.says == "" {
					return nil
				}
				if err := conn.Send(c.says); err != nil {
					return err
				}
				_, err := conn.Next(patience)
				return err
			})
			each := (s.RSS() - before) / int64(n)
			t.Logf("%d connections, %d bytes of resident memory each", n, each)
			bounded(t, each <= 20<<10, "an idle connection costs %d bytes", each)
			healthy(t, s, hello)
		})
	}
}
