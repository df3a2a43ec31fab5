package cluster

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"natsd/test/harness"
)

// reload replaces text of the configuration and waits until it is in force.
func (n *member) reload(t *testing.T, old, replacement string) {
	t.Helper()
	if !strings.Contains(n.conf, old) {
		t.Fatalf("%s: no %q in\n%s", n.name, old, n.conf)
	}
	n.conf = strings.Replace(n.conf, old, replacement, 1)
	before := n.Log.Count("Reloaded server configuration")
	check(t, n.SetConfig(n.scope.Expand("listen: \"127.0.0.1:<port>\"\nhttp: \"127.0.0.1:<http_port>\"\n"+n.conf)))
	check(t, n.Signal(syscall.SIGHUP))
	eventually(t, "reload of "+n.name, func() bool { return n.Log.Count("Reloaded server configuration") > before })
}

// crosses fails the test unless a message from one server reaches a client of the other.
func crosses(t *testing.T, from, to *member, opts ...nats.Option) {
	t.Helper()
	far, nc := to.dial(t, opts...), from.dial(t, opts...)
	defer far.Close()
	defer nc.Close()
	sub, err := far.SubscribeSync("crosses." + to.name)
	check(t, err)
	check(t, sub.SetPendingLimits(-1, -1))
	eventually(t, fmt.Sprintf("message from %s to %s", from.name, to.name), func() bool {
		_ = nc.Publish("crosses."+to.name, nil)
		_, err := sub.NextMsg(20 * time.Millisecond)
		return err == nil
	})
}

// names returns the remotes of a server's routes, without repetitions.
func (n *member) names() []string {
	var out []string
	for _, r := range n.routes() {
		out = append(out, r.RemoteName)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestClusteringGoesOnAndOff(t *testing.T) {
	t.Parallel()
	m := form(t, of(2, spec{})...)
	a, b := m.members[0], m.members[1]
	for range 2 {
		crosses(t, a, b)
		a.reload(t, fmt.Sprintf("listen: %q", a.route), "port: 0")
		m.joined(0)
		if c, err := harness.Open(a.route); err == nil {
			_ = c.Close()
			t.Error("the cluster listener is still open")
		}
		a.reload(t, "port: 0", fmt.Sprintf("listen: %q", a.route))
		m.joined(1)
	}
	crosses(t, b, a)
}

func TestRoutesFollowTheConfiguration(t *testing.T) {
	t.Parallel()
	m := form(t, spec{})
	a := m.members[0]
	b, c := m.add(spec{seeds: "nats://127.0.0.1:1"}), m.add(spec{seeds: "nats://127.0.0.1:1"})
	empty := "routes: [" + quoted("nats://127.0.0.1:1") + "]"
	b.reload(t, empty, fmt.Sprintf("routes: [%q, %q]", "nats://"+a.route, "nats://"+c.route))
	m.joined(2) // a and c hear of each other
	crosses(t, a, c)
	if got := a.names(); !slices.Equal(got, []string{"n1", "n2"}) {
		t.Errorf("a has routes to %v", got)
	}
	b.reload(t, fmt.Sprintf(", %q", "nats://"+c.route), "")
	crosses(t, b, a)
	// The route of a to c was heard of; it stays.
	crosses(t, a, c)
	// A route back to itself does no harm.
	b.reload(t, "routes: [", fmt.Sprintf("routes: [%q, ", "nats://"+b.route))
	crosses(t, b, a)
}

func TestRoutesStayWhenTheyAreNamedLater(t *testing.T) {
	t.Parallel()
	m := form(t, of(3, spec{cluster: "pool_size: -1"})...)
	b, c := m.members[1], m.members[2] // which have heard of each other
	rids := func() (ids []uint64, configured int) {
		for _, r := range b.routes() {
			ids = append(ids, r.RID)
			if r.Configured {
				configured++
			}
		}
		slices.Sort(ids)
		return ids, configured
	}
	before, _ := rids()
	b.reload(t, "routes: [", fmt.Sprintf("routes: [%q, ", "nats://"+c.route))
	eventually(t, "both are configured", func() bool {
		_, n := rids()
		return n == 2
	})
	crosses(t, b, c)
	if after, _ := rids(); len(before) != 2 || !slices.Equal(before, after) {
		t.Errorf("connections %v are now %v", before, after)
	}
}

func TestRoutesAreMadeAnew(t *testing.T) {
	t.Parallel()
	for name, c := range map[string][2]string{
		"pool size":    {"pool_size: 3", "pool_size: 5"},
		"pool off":     {"pool_size: 3", "pool_size: -1"},
		"compression":  {"compression: off", "compression: s2_better"},
		"level":        {"compression: off", "compression: accept"},
		"cluster name": {"name: C1", "name: C2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := form(t, of(3, spec{cluster: "pool_size: 3, compression: off"})...)
			for _, n := range m.members {
				n.reload(t, c[0], c[1])
			}
			m.joined(2)
			crosses(t, m.members[0], m.members[2])
			crosses(t, m.members[2], m.members[1])
			want := map[string]int{"pool size": 6, "pool off": 1}[name]
			if want == 0 {
				want = 4
			}
			for _, n := range m.members {
				eventually(t, "all connections of the pools", func() bool { return len(n.routes()) == 2*want })
			}
		})
	}
}

func TestPermissionsByReload(t *testing.T) {
	t.Parallel()
	for _, kind := range []harness.Kind{harness.Natsd, harness.Peer} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			m := form(t, spec{}, spec{kind: kind})
			a, b := m.members[0], m.members[1]
			nc := a.dial(t)
			for _, s := range []string{"a.1", "b.1", "c.>"} {
				_, err := nc.SubscribeSync(s)
				check(t, err)
			}
			check(t, nc.Flush())
			eventually(t, "all interest", func() bool { return b.subs() == 3 })
			a.reload(t, "name: C1", "name: C1, permissions { import: [\"a.>\"], export: [\"b.>\"] }")
			eventually(t, "what may be imported", func() bool { return b.subs() == 1 })
			far := b.dial(t)
			for _, s := range []string{"a.1", "b.1", "c.>"} {
				_, err := far.SubscribeSync(s)
				check(t, err)
			}
			check(t, far.Flush())
			eventually(t, "what may be exported", func() bool { return a.subs() == 1 })
			a.reload(t, "import: [\"a.>\"]", "import: [\"a.>\", \"c.>\"]")
			eventually(t, "more to import", func() bool { return b.subs() == 2 })
			a.reload(t, "export: [\"b.>\"]", "export: [\"b.>\", \"c.>\"]")
			eventually(t, "more to export", func() bool { return a.subs() == 2 })
		})
	}
}

func TestAccountsGetConnectionsOfTheirOwn(t *testing.T) {
	t.Parallel()
	const accounts = `accounts { ACCA { users: [{user: a, password: a}] }, ACCB { users: [{user: b, password: b}] } }`
	m := form(t, of(3, spec{conf: accounts, cluster: "accounts: [ACCB]"})...)
	as := func(user string) nats.Option { return nats.UserInfo(user, user) }
	both := func() {
		t.Helper()
		crosses(t, m.members[0], m.members[1], as("a"))
		crosses(t, m.members[2], m.members[0], as("b"))
	}
	own := func(account string) (n int) {
		for _, member := range m.members {
			for _, r := range member.routes() {
				if r.Account == account {
					n++
				}
			}
		}
		return n
	}
	eventually(t, "connections for ACCB", func() bool { return own("ACCB") == 6 })
	both()
	for _, n := range m.members {
		n.reload(t, "accounts: [ACCB]", "accounts: [ACCA]")
	}
	eventually(t, "connections for ACCA only", func() bool { return own("ACCA") == 6 && own("ACCB") == 0 })
	both()
}

func TestAuthorization(t *testing.T) {
	t.Parallel()
	m := form(t, spec{cluster: `authorization { user: u, password: "$2a$04$8wd9mcUbDWWgMfsSlZh3K.Zj6jtxYKuk2kQ4nVQ3pJY0qZbOmAGaW" }`})
	a := m.members[0]
	bad := m.add(spec{seeds: "nats://u:wrong@" + a.route})
	eventually(t, "refusal", func() bool { return bad.Log.Count("Authorization Violation") > 0 })
	if strings.Contains(bad.Log.String(), "wrong") || strings.Contains(a.Log.String(), "wrong") {
		t.Error("the password is in the log")
	}
	m.joined(0)
}

func TestPasswordsByReload(t *testing.T) {
	t.Parallel()
	m := form(t, of(2, spec{cluster: "authorization { user: u, password: p1 }", seeds: "nats://127.0.0.1:1"})[0])
	a := m.members[0]
	b := m.add(spec{cluster: "authorization { user: u, password: p1 }", seeds: "nats://u:p1@" + a.route})
	c := m.add(spec{cluster: "authorization { user: u, password: p1 }", seeds: "nats://u:p1@" + a.route, kind: harness.Peer})
	m.joined(2) // b and c by gossip, with the cluster's password
	a.reload(t, "password: p1", "password: p2")
	eventually(t, "routes with the old password to end", func() bool { return a.remotes() == 0 })
	b.reload(t, "u:p1@", "u:p2@")
	eventually(t, "b with the new one", func() bool { return slices.Contains(a.names(), "n1") })
	crosses(t, a, b)
	_ = c
}

func TestTLS(t *testing.T) {
	t.Parallel()
	const tls = `tls { cert_file: "<certs>/server.pem", key_file: "<certs>/server.key", ca_file: "<certs>/ca.pem", timeout: 5 }`
	pin, err := harness.Certs(t).KeyHash("server")
	check(t, err)
	for name, specs := range map[string][]spec{
		"natsd":      of(3, spec{cluster: tls}),
		"compressed": of(2, spec{cluster: tls + "\ncompression: s2_fast"}),
		"both":       {{cluster: tls}, {cluster: tls, kind: harness.Peer}, {cluster: tls}},
		"pinned":     of(2, spec{cluster: strings.Replace(tls, "timeout", `pinned_certs: ["`+pin+`"], timeout`, 1)}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := form(t, specs...)
			crosses(t, m.members[0], m.members[1])
			crosses(t, m.members[len(specs)-1], m.members[0])
			plain := m.add(spec{})
			<-time.After(1500 * time.Millisecond)
			if n := plain.remotes(); n != 0 {
				t.Errorf("a server without TLS has %d routes", n)
			}
		})
	}
}

// A certificate that is not pinned, or names none of the servers that are listed, is not let in.
func TestTLSRefusals(t *testing.T) {
	t.Parallel()
	const tls = `tls { cert_file: "<certs>/%s.pem", key_file: "<certs>/%s.key", ca_file: "<certs>/ca.pem", insecure: true %s }`
	for name, guard := range map[string]string{
		"pinned":     `, pinned_certs: ["` + strings.Repeat("00", 32) + `"]`,
		"known urls": `, verify_cert_and_check_known_urls: true`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := form(t, spec{seeds: "nats://elsewhere.example:1", cluster: fmt.Sprintf(tls, "server", "server", guard)})
			stranger := m.add(spec{cluster: fmt.Sprintf(tls, "dns", "dns", "")})
			a := m.members[0]
			eventually(t, "refusal", func() bool { return a.Log.Count("TLS handshake error") > 0 })
			if n := stranger.remotes(); n != 0 {
				t.Errorf("%d routes", n)
			}
		})
	}
}
