package cluster

import (
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"natsd/test/harness"
)

// scale returns the short or, with NATSD_SOAK=1, the long form of a number.
func scale(short, long int) int {
	if os.Getenv("NATSD_SOAK") == "1" {
		return long
	}
	return short
}

// flow is a publisher of numbered messages and a subscriber on two servers.
type flow struct {
	name     string
	from, to *member
	sent     atomic.Uint32
	got      atomic.Uint32
	lost     atomic.Uint32 // numbers that were skipped
	early    atomic.Uint32 // numbers that came again or out of order
	last     uint32        // owned by the subscriber's callback
}

// traffic runs flows between the healthy servers of a mesh until stop is called.
type traffic struct {
	flows []*flow
	quit  chan struct{}
	wg    sync.WaitGroup
}

// run starts a flow for each pair.
func run(t *testing.T, m *mesh, pairs ...[2]int) *traffic {
	t.Helper()
	x := &traffic{quit: make(chan struct{})}
	for _, p := range pairs {
		f := &flow{from: m.members[p[0]], to: m.members[p[1]]}
		f.name = fmt.Sprintf("flow.%d.%d", p[0], p[1])
		nc := f.to.dial(t)
		sub, err := nc.Subscribe(f.name, f.receive)
		check(t, err)
		check(t, sub.SetPendingLimits(-1, -1))
		check(t, nc.Flush())
		x.flows = append(x.flows, f)
	}
	for _, f := range x.flows {
		nc := f.from.dial(t)
		eventually(t, "interest in "+f.name, func() bool {
			_, err := nc.Request(f.name, []byte{0, 0, 0, 0}, 10*time.Millisecond)
			return err != nil && err != nats.ErrNoResponders //nolint:errorlint // the client's own value
		})
		x.wg.Go(func() { f.publish(nc, x.quit) })
	}
	return x
}

func (f *flow) receive(m *nats.Msg) {
	n := binary.BigEndian.Uint32(m.Data)
	switch {
	case n == 0:
		return // the test for interest
	case n <= f.last:
		f.early.Add(1)
	default:
		f.lost.Add(n - f.last - 1)
		f.last = n
		f.got.Add(1)
	}
}

func (f *flow) publish(nc *nats.Conn, quit chan struct{}) {
	data := make([]byte, 64)
	for n := uint32(1); ; n++ {
		select {
		case <-quit:
			_ = nc.Flush()
			return
		default:
		}
		binary.BigEndian.PutUint32(data, n)
		if nc.Publish(f.name, data) != nil {
			return
		}
		f.sent.Store(n)
		if n%50 == 0 {
			_ = nc.Flush()
			<-time.After(2 * time.Millisecond)
		}
	}
}

// stop ends the traffic and fails the test unless every message came once and in order.
func (x *traffic) stop(t *testing.T) {
	t.Helper()
	close(x.quit)
	x.wg.Wait()
	for _, f := range x.flows {
		eventually(t, "all messages of "+f.name, func() bool { return f.got.Load()+f.lost.Load() >= f.sent.Load() })
		if f.lost.Load() > 0 || f.early.Load() > 0 {
			t.Errorf("%s: %d sent, %d came, %d lost, %d twice or out of order", f.name, f.sent.Load(), f.got.Load(), f.lost.Load(), f.early.Load())
		}
	}
}

// A server is killed and comes back, again and again: those that stay lose nothing among each other, and
// the mesh is whole afterwards.
func TestKilledServersComeBack(t *testing.T) {
	t.Parallel()
	for name, specs := range map[string][]spec{
		"three": of(3, spec{}),
		"five":  of(5, spec{}),
		"mixed": {{}, {kind: harness.Peer}, {}, {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := form(t, specs...)
			last := len(specs) - 1
			victim := m.members[last]
			pairs := [][2]int{{0, last - 1}, {last - 1, 0}}
			if last > 2 {
				pairs = append(pairs, [2]int{1, 0})
			}
			x := run(t, m, pairs...)
			nc := m.members[0].dial(t)
			sub, err := nc.SubscribeSync("back")
			check(t, err)
			check(t, nc.Flush())
			rounds, warm := scale(3, 30), scale(1, 5)
			var before []footprint
			for round := range rounds {
				if round == warm {
					m.whole(t)
					before = footprints(m.members[:last])
				}
				check(t, victim.Signal(syscall.SIGKILL))
				_, err := victim.WaitExit(patience)
				check(t, err)
				for _, n := range m.members[:last] {
					eventually(t, n.name+" to notice", func() bool { return n.remotes() == last-1 })
				}
				victim.start(t)
				m.joined(last)
				far := victim.dial(t)
				eventually(t, "message of the server that is back", func() bool {
					_ = far.Publish("back", fmt.Append(nil, round))
					_, err := sub.NextMsg(20 * time.Millisecond)
					return err == nil
				})
				far.Close()
			}
			m.whole(t)
			notGrown(t, m.members[:last], before, rounds-warm)
			x.stop(t)
		})
	}
}

// A server that stands still does not hold up the others, and is one of them again when it goes on.
func TestStoppedServers(t *testing.T) {
	t.Parallel()
	m := form(t, of(3, spec{cluster: "ping_interval: 1s, ping_max: 2", conf: "write_deadline: 2s"})...)
	x := run(t, m, [2]int{0, 1}, [2]int{1, 0})
	victim := m.members[2]
	nc := victim.dial(t)
	_, err := nc.Subscribe("flow.*.*", func(*nats.Msg) {})
	check(t, err)
	check(t, nc.Flush())
	for range scale(1, 5) {
		check(t, victim.Signal(syscall.SIGSTOP))
		for _, n := range m.members[:2] {
			eventually(t, n.name+" to give up", func() bool { return n.remotes() == 1 })
		}
		check(t, victim.Signal(syscall.SIGCONT))
		m.joined(2)
	}
	x.stop(t)
}

// Links are cut again and again, by an operator who ends routes: interest is exact afterwards, and nothing
// is left behind.
func TestInterestIsExactAfterTrouble(t *testing.T) {
	t.Parallel()
	m := form(t, of(3, spec{})...)
	var before []int // descriptors
	for _, n := range m.members {
		before = append(before, n.FDs())
	}
	var conns []*nats.Conn
	for _, n := range m.members {
		conns = append(conns, n.dial(t))
	}
	live := map[string]*nats.Subscription{}
	for round := range scale(15, 150) {
		for k := range 40 {
			who := (round + k) % len(conns)
			key := fmt.Sprintf("s.%d.%d", who, (round*7+k)%60)
			if sub := live[key]; sub != nil {
				check(t, sub.Unsubscribe())
				delete(live, key)
				continue
			}
			var sub *nats.Subscription
			var err error
			if k%3 == 0 {
				sub, err = conns[who].QueueSubscribeSync(key, "q")
			} else {
				sub, err = conns[who].SubscribeSync(key)
			}
			check(t, err)
			live[key] = sub
		}
		if round%5 == 4 { // a new pool size makes all routes anew
			n := m.members[round%len(m.members)]
			if round%2 == 0 {
				n.reload(t, "name: C1", "name: C1, pool_size: 4")
			} else {
				n.reload(t, "name: C1", "name: C1, compression: s2_fast")
			}
			n.conf = fmt.Sprintf("server_name: %s\ncluster { name: C1, listen: %q, routes: [%s] }\n", n.name, n.route, seeds(m, n))
			check(t, n.SetConfig(n.scope.Expand("listen: \"127.0.0.1:<port>\"\nhttp: \"127.0.0.1:<http_port>\"\n"+n.conf)))
			done := n.Log.Count("Reloaded server configuration")
			check(t, n.Signal(syscall.SIGHUP))
			eventually(t, "reload", func() bool { return n.Log.Count("Reloaded server configuration") > done })
		}
	}
	for _, nc := range conns {
		check(t, nc.Flush())
	}
	m.joined(2)
	for i, n := range m.members {
		var want []string
		for key := range live {
			var who, what int
			_, _ = fmt.Sscanf(key, "s.%d.%d", &who, &what)
			if who != i {
				want = append(want, key)
			}
		}
		slices.Sort(want)
		var got []string
		if !harness.Eventually(patience, func() bool { got = n.subjects(); return slices.Equal(got, want) }) {
			t.Errorf("interest at %s:\n%v\nwant\n%v\nroutes %s", n.name, got, want, n.table())
		}
	}
	for _, nc := range conns {
		nc.Close()
	}
	for i, n := range m.members {
		eventually(t, "no interest at "+n.name, func() bool { return n.subs() == 0 })
		if after := n.FDs(); after > before[i]+8 {
			t.Errorf("%s: %d descriptors, %d before", n.name, after, before[i])
		}
	}
}

func seeds(m *mesh, n *member) string {
	if n == m.members[0] {
		return ""
	}
	return fmt.Sprintf("%q", "nats://"+m.members[0].route)
}

// subjects are the subjects of other servers' subscriptions that begin with s, sorted.
func (n *member) subjects() []string {
	return slices.DeleteFunc(n.all(), func(s string) bool { return s[0] != 's' })
}

// all are the subjects of other servers' subscriptions, sorted.
func (n *member) all() []string {
	var z struct {
		Routes []struct {
			Subs []string `json:"subscriptions_list"`
		} `json:"routes"`
	}
	if n.GetJSON("/routez?subs=1", &z) != nil {
		return nil
	}
	var out []string
	for _, r := range z.Routes {
		out = append(out, r.Subs...)
	}
	slices.Sort(out)
	return out
}
