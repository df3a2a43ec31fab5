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
	began := time.Now()
	for range 200 {
		c.MustSend(t, "PUB "+long+" 0\r\n\r\n")
	}
	for range 400 {
		c.Expect(t, "MSG")
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("200 publishes took %v", took)
	}
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
	began := time.Now()
	b.Reset()
	const publishes = 20_000
	for range publishes {
		fmt.Fprintf(&b, "PUB other.%s 0\r\n\r\nPUB nobody.%s.z 0\r\n\r\n", subject(20, false), subject(20, false))
	}
	c.MustSend(t, b.String()+"PING\r\n")
	c.Expect(t, "PONG")
	took := time.Since(began)
	t.Logf("%d publishes against 2000 wildcard subscriptions of 20 tokens: %v", 2*publishes, took.Round(time.Millisecond))
	if took > 8*time.Second {
		t.Error("matching explodes")
	}
	if rss := s.RSS(); rss > 200*mib {
		t.Errorf("the process has grown to %d MiB", rss/mib)
	}
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
	if each > 1200 {
		t.Errorf("a subscription costs %d bytes", each)
	}
	_ = c.Close()
	gone := harness.Eventually(10*time.Second, func() bool {
		v, err := s.Varz()
		return err == nil && v["subscriptions"].(float64) < 1000
	})
	if !gone {
		t.Error("the subscriptions stay after their client has gone")
	}
	healthy(t, s, hello)
}
