package cluster

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// The link to a server goes down without a word while everybody has messages for it: the others find out
// by PING, hold no more for it than was published until then, and lose nothing among each other; it is one
// of them again when the link is up.
func TestLinkDown(t *testing.T) {
	t.Parallel()
	l := newLAN(t, 3)
	specs := of(3, spec{cluster: "ping_interval: 500ms, ping_max: 2"})
	for i := range specs {
		specs[i].on = l.place(i)
	}
	m := form(t, specs...)
	m.whole(t)
	x := run(t, m, [2]int{0, 1}, [2]int{1, 0})
	far := m.members[2].dial(t)
	for _, subject := range []string{"flow.*.*", "bulk"} {
		_, err := far.Subscribe(subject, func(*nats.Msg) {})
		check(t, err)
	}
	check(t, far.Flush())
	for _, n := range m.members[:2] {
		eventually(t, "interest at "+n.name, func() bool { return slices.Contains(n.all(), "bulk") })
	}
	b := publishBulk(t, m.members[0])
	rounds, warm := scale(2, 20), scale(1, 5)
	var before []footprint
	for round := range rounds {
		if round == warm {
			before = footprints(m.members)
		}
		cutOff(t, l, m, x, b)
	}
	notGrown(t, m.members, before, rounds-warm)
	b.end()
	x.stop(t)
}

// cutOff cuts the last of three servers off for some seconds.
func cutOff(t *testing.T, l *lan, m *mesh, x *traffic, b *bulk) {
	t.Helper()
	n := m.members[0]
	stale := n.Log.Count("Router connection closed: Stale Connection - Remote: n2")
	published := func() int64 { // with what comes around the payloads
		sum := b.bytes.Load()
		for _, f := range x.flows {
			sum += 128 * int64(f.sent.Load())
		}
		return sum
	}
	before := published()
	l.plug(t, 2, false)
	began, most := time.Now(), int64(0)
	for i, n := range m.members {
		eventually(t, n.name+" to notice", func() bool {
			most = max(most, m.members[0].pending())
			return n.remotes() == []int{1, 1, 0}[i]
		})
	}
	noticed := time.Since(began)
	if now := n.Log.Count("Router connection closed: Stale Connection - Remote: n2"); now == stale {
		t.Errorf("%s ended no route to the lost server as stale", n.name)
	}
	if bound := published() - before + 1<<20; most == 0 || most > bound { // a little was on its way
		t.Errorf("%d bytes waited for the route, %d at most were published", most, bound)
	}
	x.goesOn(t)
	<-time.After(time.Second) // in which the servers dial in vain
	x.goesOn(t)
	if left := n.pending(); left > 1<<20 {
		t.Errorf("%d bytes still wait for a route", left)
	}
	l.plug(t, 2, true)
	began = time.Now()
	m.joined(2)
	m.whole(t)
	t.Logf("cut off: noticed by all after %v, %d bytes waited at most; whole %v after the link was up",
		noticed.Round(time.Millisecond), most, time.Since(began).Round(time.Millisecond))
	crosses(t, n, m.members[2])
	crosses(t, m.members[2], m.members[1])
}

// bulk is a publisher of large messages that a link which is down does not take.
type bulk struct {
	bytes atomic.Int64 // published
	quit  atomic.Bool
	wg    sync.WaitGroup
}

func publishBulk(t *testing.T, n *member) *bulk {
	t.Helper()
	nc, b := n.dial(t), &bulk{}
	b.wg.Go(func() {
		for data := make([]byte, 8<<10); !b.quit.Load() && nc.Publish("bulk", data) == nil; <-time.After(time.Millisecond) {
			b.bytes.Add(int64(len(data)))
		}
	})
	t.Cleanup(b.end)
	return b
}

func (b *bulk) end() {
	b.quit.Store(true)
	b.wg.Wait()
}

// pending is the most that waits for one route of a server.
func (n *member) pending() int64 {
	var z struct {
		Routes []struct {
			Pending int64 `json:"pending_size"`
		} `json:"routes"`
	}
	_ = n.GetJSON("/routez", &z)
	var most int64
	for _, r := range z.Routes {
		most = max(most, r.Pending)
	}
	return most
}

// goesOn waits until another message of each flow has come.
func (x *traffic) goesOn(t *testing.T) {
	t.Helper()
	for _, f := range x.flows {
		before := f.sent.Load()
		eventually(t, "traffic of "+f.name, func() bool { return f.got.Load() > before+100 })
	}
}
