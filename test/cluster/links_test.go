package cluster

import (
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"natsd/test/harness"
)

// cable is a link between two servers that can be cut, or swallow everything without a word.
type cable struct {
	ln net.Listener
	to string

	mu    sync.Mutex
	hole  bool
	conns []net.Conn
	wake  chan struct{} // closed when the hole ends
}

// lay lays a cable to an address, on a port of its own.
func lay(t *testing.T, to string) *cable {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	c := &cable{ln: ln, to: to, wake: make(chan struct{})}
	var wg sync.WaitGroup
	wg.Go(func() { c.accept(&wg) })
	t.Cleanup(func() {
		_ = ln.Close()
		c.swallow(false)
		c.cut()
		wg.Wait()
	})
	return c
}

func (c *cable) accept(wg *sync.WaitGroup) {
	for {
		a, err := c.ln.Accept()
		if err != nil {
			return
		}
		b, err := net.Dial("tcp", c.to)
		if err != nil {
			_ = a.Close()
			continue
		}
		c.mu.Lock()
		c.conns = append(c.conns, a, b)
		c.mu.Unlock()
		wg.Go(func() { c.pump(a, b) })
		wg.Go(func() { c.pump(b, a) })
	}
}

// pump moves bytes one way.
func (c *cable) pump(from, to net.Conn) {
	defer func() { _ = to.Close() }()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		for c.closedIn() {
			c.mu.Lock()
			wake := c.wake
			c.mu.Unlock()
			<-wake
		}
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			if err != io.EOF { //nolint:errorlint // as Read returns it
				_ = from.Close()
			}
			return
		}
	}
}

func (c *cable) closedIn() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.hole
}

// swallow makes the cable a black hole, or a cable again.
func (c *cable) swallow(yes bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hole && !yes {
		close(c.wake)
		c.wake = make(chan struct{})
	}
	c.hole = yes
}

// cut ends all connections.
func (c *cable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, x := range c.conns {
		_ = x.Close()
	}
	c.conns = nil
}

// cabled starts three servers; the last one has only cables to the others.
func cabled(t *testing.T, s spec) (*mesh, []*cable) {
	t.Helper()
	m := form(t, of(2, s)...)
	var cables []*cable
	seeds := ""
	for _, n := range m.members {
		c := lay(t, n.route)
		cables = append(cables, c)
		seeds += " nats://" + c.ln.Addr().String()
	}
	s.seeds = seeds
	s.cluster += "\nadvertise: \"127.0.0.1:1\"" // nobody gets past the cables
	m.add(s)
	m.joined(2)
	return m, cables
}

// Links that come and go do not touch others; when they stay, interest is exact and the pools are whole.
func TestFlappingLinks(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]spec{"plain": {}, "compressed": {cluster: "compression: s2_fast"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, cables := cabled(t, s)
			x := run(t, m, [2]int{0, 1}, [2]int{1, 0})
			nc := m.members[2].dial(t)
			rounds, warm := scale(2, 25), scale(1, 5)
			var before []footprint
			for round := range rounds {
				if round == warm {
					before = footprints(m.members)
				}
				var subs []*nats.Subscription
				for i := range 200 {
					sub, err := nc.SubscribeSync(fmt.Sprintf("s.2.%d", i))
					check(t, err)
					subs = append(subs, sub)
					if i%10 == 0 {
						cables[i/10%2].cut()
						<-time.After(time.Duration(i%7) * 10 * time.Millisecond)
					}
				}
				check(t, nc.Flush())
				began := time.Now()
				for _, n := range m.members[:2] {
					if !harness.Eventually(2*patience, func() bool { return len(n.subjects()) == 200 }) {
						t.Errorf("%s knows %d of 200 subscriptions; routes %s", n.name, len(n.subjects()), n.table())
					}
				}
				m.whole(t)
				t.Logf("whole again %v after the last cut", time.Since(began))
				for _, sub := range subs {
					check(t, sub.Unsubscribe())
				}
				check(t, nc.Flush())
				for _, n := range m.members[:2] {
					eventually(t, "no interest at "+n.name, func() bool { return len(n.subjects()) == 0 })
				}
			}
			notGrown(t, m.members, before, rounds-warm)
			x.stop(t)
			crosses(t, m.members[0], m.members[2])
			crosses(t, m.members[2], m.members[1])
		})
	}
}

// A link that swallows everything is noticed by both ends, and made anew when it is mended.
func TestBlackHole(t *testing.T) {
	t.Parallel()
	m, cables := cabled(t, spec{cluster: "ping_interval: 500ms, ping_max: 2"})
	x := run(t, m, [2]int{0, 1}, [2]int{1, 0})
	for range scale(1, 5) {
		for _, c := range cables {
			c.swallow(true)
		}
		for i, n := range m.members {
			eventually(t, n.name+" to notice", func() bool { return n.remotes() == []int{1, 1, 0}[i] })
		}
		for _, c := range cables {
			c.swallow(false)
			c.cut()
		}
		m.joined(2)
		crosses(t, m.members[0], m.members[2])
		crosses(t, m.members[2], m.members[1])
	}
	x.stop(t)
}
