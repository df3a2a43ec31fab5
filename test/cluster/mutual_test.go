package cluster

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"natsd/test/harness"
)

// everybody starts servers that all list all of them, themselves included.
func everybody(t *testing.T, specs ...spec) *mesh {
	t.Helper()
	var ports []string
	for range specs {
		ports = append(ports, fmt.Sprintf("127.0.0.1:%d", harness.Port(t)))
	}
	m := &mesh{t: t}
	for i, s := range specs {
		if s.kind == "" {
			s.kind = harness.Natsd
		}
		n := &member{name: fmt.Sprintf("n%d", i), scope: harness.NewScope(t), kind: s.kind, route: ports[i]}
		n.conf = fmt.Sprintf("server_name: %s\n%s\ncluster {\n  name: C1\n  listen: %q\n  routes: [%s]\n  %s\n}\n",
			n.name, s.conf, n.route, quoted("nats://"+strings.Join(ports, " nats://")), s.cluster)
		m.members = append(m.members, n)
	}
	for _, n := range m.members {
		n.start(t)
	}
	m.joined(len(specs) - 1)
	return m
}

// table lists the routes of a server, to see whether they change.
func (n *member) table() string {
	var out []string
	for _, r := range n.routes() {
		out = append(out, fmt.Sprintf("%s %d %q", r.RemoteName, r.RID, r.Account))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// Servers that all dial each other come to rest, with whole pools and without a connection too many.
func TestEverybodyDialsEverybody(t *testing.T) {
	t.Parallel()
	for name, specs := range map[string][]spec{
		"pools":      of(4, spec{}),
		"no pools":   of(3, spec{cluster: "pool_size: -1"}),
		"unequal":    {{cluster: "pool_size: 2"}, {cluster: "pool_size: 4"}, {cluster: "pool_size: 1"}},
		"compressed": of(3, spec{cluster: "compression: s2_fast"}),
		"mixed":      {{}, {kind: harness.Peer}, {}, {kind: harness.Peer}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := everybody(t, specs...)
			want := func(n, o int) int {
				size := func(i int) int {
					if specs[i].kind == harness.Peer || strings.Contains(specs[i].cluster, "-1") {
						return 0
					}
					var k int
					if _, err := fmt.Sscanf(specs[i].cluster, "pool_size: %d", &k); err != nil {
						return 3
					}
					return k
				}
				if size(n) == 0 || size(o) == 0 {
					return 1
				}
				return max(size(n), size(o)) + 1 // that of the system account
			}
			for i, n := range m.members {
				if n.kind == harness.Peer {
					continue
				}
				eventually(t, "whole pools of "+n.name, func() bool {
					have := map[string]int{}
					for _, r := range n.routes() {
						have[r.RemoteName]++
					}
					for o, other := range m.members {
						if o == i {
							continue
						}
						count := have[other.name]
						if other.kind == harness.Peer && count == 0 {
							count = have[""] // 2.9 tells no name
						}
						if count != want(i, o) && (other.kind != harness.Peer || count == 0) {
							return false
						}
					}
					return true
				})
			}
			var before []string
			for _, n := range m.members {
				before = append(before, n.table())
			}
			<-time.After(2500 * time.Millisecond)
			for i, n := range m.members {
				if now := n.table(); now != before[i] {
					t.Errorf("routes of %s changed:\n%s\n%s", n.name, before[i], now)
				}
			}
			crosses(t, m.members[0], m.members[len(specs)-1])
		})
	}
}

// A server that another one told of is not dialed again when it is gone, beyond connect_retries.
func TestServersHeardOfAreForgotten(t *testing.T) {
	t.Parallel()
	m := form(t, of(3, spec{})...)
	victim := m.members[2]
	code, err := victim.Stop()
	if err != nil || code != 0 {
		t.Fatal(code, err)
	}
	for _, n := range m.members[:2] {
		eventually(t, "end of the routes", func() bool { return n.remotes() == 1 })
	}
	<-time.After(1500 * time.Millisecond)
	for _, n := range m.members[:2] {
		if got := n.Log.Count("Error trying to connect to route"); got > 8 {
			t.Errorf("%s tried %d times to reach a server that it had heard of", n.name, got)
		}
	}
}
