package cluster

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"natsd/test/harness"
)

// kinds are the meshes that basic traffic is tried on.
var kinds = map[string][]spec{
	"two natsd":        of(2, spec{}),
	"natsd and peer":   {{kind: harness.Natsd}, {kind: harness.Peer}},
	"peer and natsd":   {{kind: harness.Peer}, {kind: harness.Natsd}},
	"three of both":    {{kind: harness.Natsd}, {kind: harness.Peer}, {kind: harness.Natsd}},
	"without pool":     of(2, spec{cluster: "pool_size: -1"}),
	"one connection":   of(2, spec{cluster: "pool_size: 1"}),
	"unequal pools":    {{cluster: "pool_size: 2"}, {cluster: "pool_size: 5"}, {cluster: "pool_size: -1"}},
	"compressed":       of(3, spec{cluster: "compression: s2_fast"}),
	"better, accept":   {{cluster: "compression: s2_better"}, {}, {cluster: "compression: off"}},
	"auto":             of(2, spec{cluster: "compression { mode: s2_auto, rtt_thresholds: [0s, 0s, 1h] }"}),
	"compressed, peer": {{cluster: "compression: s2_best"}, {kind: harness.Peer}, {cluster: "compression: s2_best"}},
}

func each(t *testing.T, f func(t *testing.T, m *mesh)) {
	t.Helper()
	for name, specs := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, form(t, specs...))
		})
	}
}

// Plain subscribers everywhere get every message once, with its header, reply and order.
func TestMessagesReachEverybody(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, m *mesh) {
		const count = 200
		var conns []*nats.Conn
		var subs []*nats.Subscription
		for _, n := range m.members {
			nc := n.dial(t)
			for _, subject := range []string{"foo.*", "foo.bar"} {
				sub, err := nc.SubscribeSync(subject)
				check(t, err)
				subs = append(subs, sub)
			}
			check(t, nc.Flush())
			conns = append(conns, nc)
		}
		for i, n := range m.members {
			eventually(t, fmt.Sprintf("interest of others at %s", n.name), func() bool { return n.subs() == 2*(len(m.members)-1) })
			for k := range count {
				msg := nats.NewMsg("foo.bar")
				msg.Data = fmt.Appendf(nil, "%d.%d", i, k)
				if k%3 == 0 {
					msg.Header.Set("K", fmt.Sprint(k))
				}
				if k%5 == 0 {
					msg.Reply = fmt.Sprintf("reply.%d", k)
				}
				if k == 100 {
					msg.Data = append(msg.Data, make([]byte, 300_000)...)
				}
				check(t, conns[i].PublishMsg(msg))
			}
			check(t, conns[i].Flush())
			for x, sub := range subs {
				for k := range count {
					got, err := sub.NextMsg(patience)
					if err != nil {
						t.Fatalf("subscription %d, message %d of %s: %v", x, k, n.name, err)
					}
					want := fmt.Sprintf("%d.%d", i, k)
					if string(got.Data[:len(want)]) != want || k%3 == 0 && got.Header.Get("K") != fmt.Sprint(k) ||
						k%3 != 0 && len(got.Header) > 0 || (got.Reply != "") != (k%5 == 0) || k == 100 && len(got.Data) != len(want)+300_000 {
						t.Fatalf("subscription %d: got %.20q %v %q, want %s", x, got.Data, got.Header, got.Reply, want)
					}
				}
			}
		}
		for _, sub := range subs {
			if got, err := sub.NextMsg(20 * time.Millisecond); err == nil {
				t.Errorf("one message too many: %q", got.Data)
			}
		}
	})
}

// Of a queue group over all servers one member gets each message, spread over the servers by the number
// of members.
func TestQueueGroupsSpanServers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, m *mesh) {
		const count = 3000
		last := len(m.members) - 1
		counts := make([]chan int, len(m.members))
		total := 0
		for i, n := range m.members {
			counts[i] = make(chan int, 2*count)
			members := 1
			if i == last {
				members = 3
			}
			for range members {
				nc := n.dial(t)
				_, err := nc.QueueSubscribe("work", "group", func(*nats.Msg) { counts[i] <- 1 })
				check(t, err)
				check(t, nc.Flush())
				total++
			}
		}
		nc := m.members[0].dial(t)
		eventually(t, "interest of others", func() bool { return m.members[0].subs() == last })
		<-time.After(100 * time.Millisecond) // the weights follow
		for i := range count {
			check(t, nc.Publish("work", fmt.Append(nil, i)))
		}
		check(t, nc.Flush())
		sum := func() (n int) {
			for _, c := range counts {
				n += len(c)
			}
			return n
		}
		eventually(t, "all messages", func() bool { return sum() >= count })
		<-time.After(50 * time.Millisecond)
		if sum() != count {
			t.Errorf("%d deliveries of %d", sum(), count)
		}
		if got, want := len(counts[last]), count*3/total; got < want/2 || got > want*3/2 {
			t.Errorf("the server with 3 of %d members got %d of %d", total, got, count)
		}
	})
}

// A request is answered across the mesh, and one that nobody takes is refused at once.
func TestRequestsAndNoResponders(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, m *mesh) {
		server, client := m.members[len(m.members)-1].dial(t), m.members[0].dial(t)
		if _, err := client.Request("svc", nil, patience); !errors.Is(err, nats.ErrNoResponders) {
			t.Fatalf("nobody there: %v", err)
		}
		sub, err := server.Subscribe("svc", func(msg *nats.Msg) { _ = msg.Respond(append([]byte("re: "), msg.Data...)) })
		check(t, err)
		check(t, server.Flush())
		eventually(t, "interest", func() bool { return m.members[0].subs() == 1 })
		for i := range 50 {
			got, err := client.Request("svc", fmt.Append(nil, i), patience)
			if err != nil || string(got.Data) != fmt.Sprintf("re: %d", i) {
				t.Fatalf("request %d: %v %v", i, got, err)
			}
		}
		check(t, sub.Unsubscribe())
		check(t, server.Flush())
		eventually(t, "interest to end", func() bool {
			_, err := client.Request("svc", nil, 100*time.Millisecond)
			return errors.Is(err, nats.ErrNoResponders)
		})
	})
}
