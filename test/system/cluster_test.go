package system

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/nats-io/nats.go"

	"natsd/test/harness"
)

// mesh is a cluster of servers that all have a route to each other.
type mesh []*harness.Server

// form starts servers of these kinds. More is text for all configurations.
func form(t *testing.T, more string, kinds ...harness.Kind) mesh {
	t.Helper()
	var m mesh
	seed := ""
	for i, k := range kinds {
		scope := harness.NewScope(t)
		m = append(m, member(t, k, i, scope, seed, more))
		if seed == "" {
			seed = fmt.Sprintf("%q", "nats://"+scope.Addr("cluster_port"))
		}
	}
	m.joined(t, len(m))
	return m
}

// member starts server number i of a cluster.
func member(t *testing.T, k harness.Kind, i int, scope *harness.Scope, seed, more string) *harness.Server {
	t.Helper()
	conf := fmt.Sprintf("server_name: n%d\n%s%s\ncluster {\n name: C1\n listen: %q\n routes: [%s]\n}\n",
		i, more, accounts, scope.Addr("cluster_port"), seed)
	return harness.Start(t, k, conf, harness.WithScope(scope))
}

// joined waits until every server says that so many are active.
func (m mesh) joined(t *testing.T, servers int) {
	t.Helper()
	for _, s := range m {
		knows(t, s, servers)
	}
}

// knows waits until a server says that so many are active.
func knows(t *testing.T, s *harness.Server, servers int) {
	t.Helper()
	nc := connect(t, s, "sys")
	defer nc.Close()
	own := id(t, s)
	active := func() any { return ask(t, nc, "$SYS.REQ.SERVER."+own+".STATSZ", "").Statsz["active_servers"] }
	if !harness.Eventually(patience, func() bool { return active() == float64(servers) }) {
		_, routes, err := s.Get("/routez")
		t.Fatalf("%s (%s) says that %v servers are active, want %d; its routes (%v): %s", s.Addr, s.Kind, active(), servers, err, routes)
	}
}

// mixed is a cluster of both makes.
func mixed(t *testing.T, more string) mesh {
	t.Helper()
	return form(t, more, harness.Natsd, harness.Peer, harness.Natsd)
}

// names returns the servers that answered, sorted.
func names(all []*answer) string {
	var out []string
	for _, a := range all {
		out = append(out, fmt.Sprint(a.Server["name"]))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// TestMeshAnswers plays the requests of the nats command in a mixed cluster, from a server of each make:
// every server answers each request once.
func TestMeshAnswers(t *testing.T) {
	t.Parallel()
	m := mixed(t, "")
	apps := make([]*nats.Conn, len(m))
	for i, s := range m {
		apps[i] = connect(t, s, "app")
		if err := apps[i].Flush(); err != nil {
			t.Fatal(err)
		}
	}
	for from := range 2 {
		sys := connect(t, m[from], "sys")
		for i := range commands {
			c := &commands[i]
			t.Run(fmt.Sprintf("%s from n%d", c.name, from), func(t *testing.T) {
				t.Parallel()
				subject, body := c.fill(m[from], t)
				most, want := len(m), "n0 n1 n2"
				switch {
				case strings.Contains(body, "server_name"), strings.Contains(c.subject, "ID"):
					most, want = 1, fmt.Sprintf("n%d", from)
					if c.newer && from == 1 {
						return // the old server does not know itself
					}
				case c.newer:
					most, want = 2, "n0 n2"
				}
				if got := names(askAll(t, sys, subject, body, most)); got != want {
					t.Errorf("%s answered, want %s", got, want)
				}
			})
		}
		for _, subject := range []string{"$SYS.REQ.ACCOUNT.PING.CONNZ", "$SYS.REQ.SERVER.PING.CONNZ", "$SYS.REQ.ACCOUNT.PING.STATZ"} {
			t.Run(fmt.Sprintf("%s from n%d", subject, from), func(t *testing.T) {
				t.Parallel()
				all := askAll(t, apps[from], subject, `{"acc":"OTHER","auth":true}`, len(m))
				if got := names(all); got != "n0 n1 n2" {
					t.Errorf("%s answered", got)
				}
				for _, a := range all {
					if a.Error != nil || strings.Contains(string(a.raw), "OTHER") {
						t.Errorf("%s", a.raw)
					}
				}
			})
		}
		t.Run(fmt.Sprintf("one of the others by its id from n%d", from), func(t *testing.T) {
			t.Parallel()
			if a := ask(t, sys, "$SYS.REQ.SERVER."+id(t, m[2])+".VARZ", ""); a.Data["server_name"] != "n2" {
				t.Errorf("%s", a.raw)
			}
		})
	}
	if a := ask(t, apps[0], "$SYS.REQ.USER.INFO", ""); a.Server["name"] != "n0" || a.Server["cluster"] != "C1" {
		t.Errorf("%s", a.raw)
	}
}

// TestMeshEvents holds that what happens at one server is heard at the others, whatever make both are.
func TestMeshEvents(t *testing.T) {
	t.Parallel()
	m := mixed(t, "")
	for _, way := range [][2]int{{0, 1}, {1, 0}, {0, 2}} {
		from, to := m[way[0]], m[way[1]]
		all := events(t, to)
		if !harness.Eventually(patience, func() bool { return listensTo(t, from, to) }) {
			t.Fatal("the interest in events does not get through")
		}
		app := connect(t, from, "app")
		name := fmt.Sprintf("n%d", way[0])
		for _, form := range []string{"$SYS.ACCOUNT.APP.SERVER.CONNS", "$SYS.ACCOUNT.APP.CONNECT", "", "$SYS.ACCOUNT.APP.DISCONNECT"} {
			if form == "" {
				app.Close()
				continue
			}
			v := next(t, all, form)
			if server := v["server"].(map[string]any); server["name"] != name {
				t.Errorf("%s to n%d: %s is from %v", name, way[1], form, server["name"])
			}
		}
	}
}

// listensTo tells whether what one server tells arrives at another.
func listensTo(t *testing.T, from, at *harness.Server) bool {
	t.Helper()
	listener, talker := connect(t, at, "sys"), connect(t, from, "sys")
	defer listener.Close()
	defer talker.Close()
	sub, err := listener.SubscribeSync("probe")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := talker.Publish("probe", nil); err != nil {
		t.Fatal(err)
	}
	_, err = sub.NextMsg(quiet)
	return err == nil
}

// TestMeshLimit holds that the connections at all servers count for the limit of an account.
func TestMeshLimit(t *testing.T) {
	t.Parallel()
	m := mixed(t, "")
	told := make([]*nats.Subscription, len(m))
	for i, s := range m {
		told[i] = events(t, s)
	}
	// hear waits until all servers still there have heard how many connections one of them has.
	hear := func(name string, conns int) {
		t.Helper()
		for i, s := range m {
			if s.Exited() {
				continue
			}
			for {
				v := next(t, told[i], "$SYS.SERVER.ACCOUNT.FEW.CONNS")
				if v["conns"] == float64(conns) && v["server"].(map[string]any)["name"] == name {
					break
				}
			}
			knows(t, s, len(m)) // by now it has made of it what there is to make
		}
	}
	refused := func(s *harness.Server) bool {
		nc, err := nats.Connect("nats://"+s.Addr, nats.UserInfo("few", "p"), nats.NoReconnect())
		if err != nil {
			return strings.Contains(err.Error(), "maximum account active connections exceeded")
		}
		nc.Close()
		return false
	}
	var few []*nats.Conn
	for i, s := range m {
		few = append(few, connect(t, s, "few", nats.NoReconnect()))
		hear(fmt.Sprintf("n%d", i), 1)
	}
	for i, s := range m {
		if !refused(s) {
			t.Errorf("n%d takes a fourth connection", i)
		}
	}
	few[0].Close()
	hear("n0", 0)
	if refused(m[2]) {
		t.Error("n2 does not hear that n0 has one less")
	}
	hear("n2", 1) // whose second connection was for the question only
	// What a lost server had does not count any more.
	few[0] = connect(t, m[0], "few", nats.NoReconnect())
	if err := m[1].Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if !harness.Eventually(patience, func() bool { return !refused(m[0]) }) {
		t.Error("n0 counts what was at a server that is no more")
	}
	for _, i := range []int{0, 2} {
		if few[i].IsClosed() {
			t.Errorf("the connection at n%d was closed", i)
		}
	}
}

// TestMeshSubscribers counts subscribers all over the cluster.
func TestMeshSubscribers(t *testing.T) {
	t.Parallel()
	m := mixed(t, "")
	for _, s := range m {
		nc := connect(t, s, "sys")
		if _, err := nc.SubscribeSync("foo.*"); err != nil {
			t.Fatal(err)
		}
		if _, err := nc.QueueSubscribeSync("foo.bar", "q"); err != nil {
			t.Fatal(err)
		}
		if err := nc.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	for i, s := range m {
		nc := connect(t, s, "sys")
		for body, want := range map[string]string{"foo.bar": "6", "foo.bar q": "3", "foo.x": "3"} {
			r, err := nc.Request("$SYS.DEBUG.SUBSCRIBERS", []byte(body), patience)
			if err != nil || string(r.Data) != want {
				t.Errorf("n%d, %q: %v, %v, want %s", i, body, r, err, want)
			}
		}
	}
}

// TestMeshReturn kills a server and starts it again, several times and under traffic: the others count what
// is there, and every server is asked and answers once.
func TestMeshReturn(t *testing.T) {
	t.Parallel()
	m := mixed(t, "")
	scope := harness.NewScope(t)
	v, err := m[0].Varz()
	if err != nil {
		t.Fatal(err)
	}
	seed := fmt.Sprintf("%q", fmt.Sprintf("nats://127.0.0.1:%v", v["cluster"].(map[string]any)["cluster_port"]))
	sys := connect(t, m[0], "sys")
	for round := range 3 {
		s := member(t, harness.Natsd, 3, scope, seed, "")
		knows(t, m[0], 4)
		app := connect(t, s, "app", nats.NoReconnect())
		if err := app.Flush(); err != nil {
			t.Fatal(err)
		}
		if got := names(askAll(t, sys, "$SYS.REQ.SERVER.PING", "", 4)); got != "n0 n1 n2 n3" {
			t.Errorf("round %d: %s answered", round, got)
		}
		if !harness.Eventually(patience, func() bool { return s.Signal(syscall.SIGKILL) != nil || s.Exited() }) {
			t.Fatal("does not die")
		}
		knows(t, m[0], 3)
		knows(t, m[2], 3)
		if got := names(askAll(t, sys, "$SYS.REQ.SERVER.PING", "", 3)); got != "n0 n1 n2" {
			t.Errorf("round %d, after the end: %s answered", round, got)
		}
	}
}

// TestMeshFarewell holds that the others hear of the end of a server, and count it no more.
func TestMeshFarewell(t *testing.T) {
	t.Parallel()
	m := form(t, "lame_duck_duration: 30s\nlame_duck_grace_period: 1s\n", harness.Natsd, harness.Natsd, harness.Peer, harness.Natsd)
	all := events(t, m[0])
	if err := m[1].Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if v := next(t, all, "$SYS.SERVER.*.SHUTDOWN"); v["name"] != "n1" {
		t.Errorf("%v", v)
	}
	knows(t, m[0], 3)
	connect(t, m[3], "app")
	if err := m[3].Signal(syscall.SIGUSR2); err != nil {
		t.Fatal(err)
	}
	if v := next(t, all, "$SYS.SERVER.*.LAMEDUCK"); v["name"] != "n3" {
		t.Errorf("%v", v)
	}
	if err := m[2].Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	knows(t, m[0], 2)
	if m, err := all.NextMsg(quiet); err == nil && strings.HasSuffix(m.Subject, ".SHUTDOWN") {
		t.Errorf("%s: %s", m.Subject, m.Data)
	} else if err != nil && !errors.Is(err, nats.ErrTimeout) {
		t.Error(err)
	}
}
