package cluster

import (
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"natsd/test/harness"
)

// A client that knows one server learns of the others, and goes to one of them when its own is killed; its
// subscriptions go with it.
func TestClientsGoElsewhere(t *testing.T) {
	t.Parallel()
	for name, specs := range map[string][]spec{
		"natsd": of(3, spec{}),
		"mixed": {{}, {kind: harness.Peer}, {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := form(t, specs...)
			var back atomic.Int32
			nc := m.members[0].dial(t, nats.ReconnectWait(20*time.Millisecond), nats.MaxReconnects(-1),
				nats.ReconnectHandler(func(*nats.Conn) { back.Add(1) }))
			eventually(t, "the addresses of the other servers", func() bool { return len(nc.Servers()) >= 3 })
			var got atomic.Int32
			_, err := nc.Subscribe("foo", func(*nats.Msg) { got.Add(1) })
			check(t, err)
			check(t, nc.Flush())
			other := m.members[2].dial(t)
			check(t, m.members[0].Signal(syscall.SIGKILL))
			eventually(t, "another server", func() bool { return back.Load() > 0 && nc.IsConnected() })
			eventually(t, "a message by way of it", func() bool {
				_ = other.Publish("foo", nil)
				<-time.After(10 * time.Millisecond)
				return got.Load() > 0
			})
		})
	}
}

// A server in lame duck mode tells its clients where else to go, and the other servers send nobody there.
func TestLameDuck(t *testing.T) {
	t.Parallel()
	m := form(t, of(3, spec{conf: "lame_duck_duration: 30s, lame_duck_grace_period: 1s"})...)
	duck := m.members[0]
	leaving, _ := harness.Client(t, duck.Addr, `{"protocol":1,"verbose":false}`)
	leaving.ExpectInfo(t)
	staying, _ := harness.Client(t, m.members[1].Addr, `{"protocol":1,"verbose":false}`)
	staying.ExpectInfo(t)
	check(t, duck.Signal(syscall.SIGUSR2))
	info := leaving.ExpectInfo(t)
	want := []string{m.members[1].Addr, m.members[2].Addr}
	slices.Sort(want)
	slices.Sort(info.URLs)
	if !info.LameDuck || !slices.Equal(info.URLs, want) {
		t.Errorf("told %v, lame duck %v, want %v", info.URLs, info.LameDuck, want)
	}
	if info = staying.ExpectInfo(t); info.LameDuck || slices.Contains(info.URLs, duck.Addr) || len(info.URLs) != 2 {
		t.Errorf("others are told %v", info.URLs)
	}
	leaving.ExpectEOF(t, patience)
	_, err := duck.WaitExit(patience)
	check(t, err)
}

func TestAdvertising(t *testing.T) {
	t.Parallel()
	m := form(t, spec{conf: `client_advertise: "a.example:4333"`}, spec{cluster: "no_advertise: true"}, spec{})
	told := func(n *member) []string {
		var urls []string
		eventually(t, "INFO of "+n.name, func() bool {
			c, info := harness.Client(t, n.Addr, `{"protocol":1,"verbose":false}`)
			urls = info.URLs
			_ = c.Close()
			return n != m.members[2] || len(urls) == 2
		})
		slices.Sort(urls)
		return urls
	}
	if got, want := told(m.members[2]), []string{m.members[2].Addr, "a.example:4333"}; !slices.Equal(got, want) {
		t.Errorf("the third server tells %v, want %v", got, want)
	}
	if got := told(m.members[1]); slices.Contains(got, "a.example:4333") {
		t.Errorf("a server that does not advertise tells %v", got)
	}
	m.members[0].reload(t, "a.example:4333", "b.example:4444")
	eventually(t, "the new address", func() bool { return slices.Contains(told(m.members[2]), "b.example:4444") })
}
