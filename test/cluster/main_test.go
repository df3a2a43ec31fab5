package cluster

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"natsd/test/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Run(m)) }

// patience is how long something may take that should take a moment.
const patience = 15 * time.Second

// member is one server of a mesh.
type member struct {
	*harness.Server

	name  string
	route string // address of its cluster listener
	scope *harness.Scope
	kind  harness.Kind
	conf  string
	on    place
}

// place is where a member of a mesh lives; the zero value is beside the test.
type place struct {
	host   string // of the cluster listener
	server []harness.Option
}

// mesh is a cluster under test.
type mesh struct {
	t       *testing.T
	members []*member
}

// spec says how a member of a mesh is made.
type spec struct {
	kind    harness.Kind
	cluster string // further text for the cluster block
	conf    string // further text at the top level
	seeds   string // routes; empty is the first member
	on      place
}

// form starts servers that find each other by the first one, and waits until all have.
func form(t *testing.T, specs ...spec) *mesh {
	t.Helper()
	m := &mesh{t: t}
	for _, s := range specs {
		m.add(s)
	}
	m.joined(len(specs) - 1)
	return m
}

// of returns n specs of servers of the kind under test.
func of(n int, s spec) []spec {
	out := make([]spec, n)
	for i := range out {
		out[i] = s
		if out[i].kind == "" {
			out[i].kind = harness.Natsd
		}
	}
	return out
}

// add starts one more server.
func (m *mesh) add(s spec) *member {
	m.t.Helper()
	if s.kind == "" {
		s.kind = harness.Natsd
	}
	n := &member{name: fmt.Sprintf("n%d", len(m.members)), scope: harness.NewScope(m.t), kind: s.kind, on: s.on}
	n.route = n.scope.Addr("cluster_port")
	if s.on.host != "" {
		n.route = fmt.Sprintf("%s:%d", s.on.host, n.scope.Port("cluster_port"))
	}
	seeds := s.seeds
	if seeds == "" && len(m.members) > 0 {
		seeds = "nats://" + m.members[0].route
	}
	n.conf = fmt.Sprintf("server_name: %s\n%s\ncluster {\n  name: C1\n  listen: %q\n  routes: [%s]\n  %s\n}\n",
		n.name, s.conf, n.route, quoted(seeds), s.cluster)
	n.start(m.t)
	m.members = append(m.members, n)
	return n
}

func quoted(urls string) string {
	var out []string
	for u := range strings.FieldsSeq(urls) {
		out = append(out, fmt.Sprintf("%q", u))
	}
	return strings.Join(out, ", ")
}

// start starts the server, again after it has ended.
func (n *member) start(t *testing.T) {
	t.Helper()
	n.Server = harness.Start(t, n.kind, n.conf, append([]harness.Option{harness.WithScope(n.scope)}, n.on.server...)...)
}

// joined waits until every server knows that many others.
func (m *mesh) joined(others int) {
	m.t.Helper()
	for _, n := range m.members {
		if n.Exited() {
			continue
		}
		if !harness.Eventually(patience, func() bool { return n.remotes() == others }) {
			m.t.Fatalf("%s knows %d other servers, want %d", n.name, n.remotes(), others)
		}
	}
}

func (n *member) remotes() int {
	var z struct {
		Remotes int `json:"remotes"`
	}
	if n.GetJSON("/varz", &z) != nil {
		return -1
	}
	return z.Remotes
}

// routez is what the tests look at of a row.
type routez struct {
	RID         uint64 `json:"rid"`
	RemoteID    string `json:"remote_id"`
	RemoteName  string `json:"remote_name"`
	Solicited   bool   `json:"did_solicit"`
	Configured  bool   `json:"is_configured"`
	Account     string `json:"account"`
	Compression string `json:"compression"`
	Subs        int    `json:"subscriptions"`
	InMsgs      int64  `json:"in_msgs"`
	OutMsgs     int64  `json:"out_msgs"`
}

func (n *member) routes() []routez {
	var z struct {
		Routes []routez `json:"routes"`
	}
	if n.GetJSON("/routez", &z) != nil {
		return nil
	}
	return z.Routes
}

// subs is how many subscriptions of others a server has in its index, as routez tells, without those of
// the system account.
func (n *member) subs() int {
	var z struct {
		Routes []struct {
			Subs []struct {
				Account string `json:"account"`
				Subject string `json:"subject"`
			} `json:"subscriptions_list_detail"`
		} `json:"routes"`
	}
	if n.GetJSON("/routez?subs=detail", &z) != nil {
		return -1
	}
	count := 0
	for _, r := range z.Routes {
		for _, s := range r.Subs {
			if !strings.HasPrefix(s.Subject, "$") && !strings.HasPrefix(s.Subject, "_R_.") {
				count++
			}
		}
	}
	return count
}

// dial connects the Go client and closes it with the test.
func (n *member) dial(t *testing.T, opts ...nats.Option) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect("nats://"+n.Addr, append([]nats.Option{nats.Timeout(patience), nats.SetCustomDialer(n.Server)}, opts...)...)
	if err != nil {
		t.Fatalf("connect to %s: %v", n.name, err)
	}
	t.Cleanup(nc.Close)
	return nc
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually fails the test unless ok becomes true.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	if !harness.Eventually(patience, ok) {
		t.Fatalf("not in time: %s", what)
	}
}
