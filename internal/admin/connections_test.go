package admin_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"natsd/internal/admin/api"
	"natsd/test/inside"
)

// dial connects a client of its own that comes back when it is cut off.
func (n *node) dial(name string, opts ...nats.Option) *nats.Conn {
	n.TB.Helper()
	opts = append([]nats.Option{nats.Name(name), nats.ReconnectWait(20 * time.Millisecond), nats.MaxReconnects(-1), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})}, opts...)
	c, err := nats.Connect("nats://"+n.ClientAddr().String(), opts...)
	if err != nil {
		n.TB.Fatal(err)
	}
	n.TB.Cleanup(c.Close)
	return c
}

// cid is the id of a client's connection.
func (n *node) cid(c *nats.Conn) uint64 {
	n.TB.Helper()
	id, err := c.GetClientID()
	if err != nil {
		n.TB.Fatal(err)
	}
	return id
}

type connList = api.List[api.Connection]

func names(l *connList) string {
	var out []string
	for i := range l.Items {
		out = append(out, l.Items[i].Name)
	}
	return strings.Join(out, " ")
}

const tenants = `
accounts {
	APP { users: [{user: alice, password: a}, {user: bob, password: b}] }
	OPS { users: [{user: olga, password: o}] }
}
`

func TestListConnections(t *testing.T) {
	t.Parallel()
	n := start(t, tenants)
	alice := n.dial("worker.1", nats.UserInfo("alice", "a"))
	bob := n.dial("worker.2", nats.UserInfo("bob", "b"))
	olga := n.dial("console", nats.UserInfo("olga", "o"))
	for i, c := range []*nats.Conn{alice, bob, olga} {
		for range i {
			if _, err := c.SubscribeSync("jobs." + strconv.Itoa(i)); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Publish("out", make([]byte, 100*(i+1))); err != nil {
			t.Fatal(err)
		}
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	for query, want := range map[string]string{
		"":                         "worker.1 worker.2 console",
		"sort=bytes_from":          "console worker.2 worker.1",
		"sort=-bytes_from":         "worker.1 worker.2 console",
		"sort=account,-name":       "worker.2 worker.1 console",
		"sort=-cid":                "console worker.2 worker.1",
		"sort=subs&limit=1":        "console",
		"account=APP":              "worker.1 worker.2",
		"user=olga":                "console",
		"name=worker.*":            "worker.1 worker.2",
		"ip=127.0.0.0/8&lang=go":   "worker.1 worker.2 console",
		"ip=10.0.0.1":              "",
		"subject=jobs.*&sort=-cid": "console worker.2",
		"tls=false&kind=client":    "worker.1 worker.2 console",
		"tls=true":                 "",
		"slow=true":                "",
		"idle_gt=1h":               "",
		"state=closed":             "",
		`filter=in_bytes>=200`:     "worker.2 console",
		`filter=user~"?o*"+||+!tls%26%26account==OPS`: "worker.2 console",
	} {
		var l connList
		query = strings.NewReplacer(" ", "%20", `"`, "%22", "&&", "%26%26").Replace(query)
		n.want(n.ask("GET", "/connections?"+query, nil), http.StatusOK, &l)
		if got := names(&l); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	var l connList
	n.want(n.ask("GET", "/connections?subs=1&name=worker.2", nil), http.StatusOK, &l)
	c := l.Items[0]
	if c.User != "bob" || c.Account != "APP" || c.State != "open" || c.Kind != "Client" || len(c.SubsList) != 1 || c.InBytes != 200 || c.Uptime == "" {
		t.Errorf("%+v", c)
	}
	for query, about := range map[string]string{
		"sort=size": "sort", "filter=cid>": "column 5", "fields=cid,size": "fields", "limit=0": "limit", "limit=10001": "limit", "cursor=!": "cursor",
		"cursor=e30": "cursor", "ip=x": "ip", "tls=maybe": "tls", "subject=a..b": "subject", "kind=cat": "kind", "state=half": "state", "idle_gt=x": "idle_gt", "subs=2": "subs",
		"sort=reason": "stop and reason",
	} {
		code := api.InvalidParameter
		if query == "cursor=e30" {
			code = api.CursorExpired
		}
		if p := n.problem(n.ask("GET", "/connections?"+query, nil), code); !strings.Contains(p.Detail, about) && code == api.InvalidParameter {
			t.Errorf("%s: %s", query, p.Detail)
		}
	}
	if p := n.problem(n.ask("GET", "/connections?sort=size&limit=x&ip=y", nil), api.InvalidParameter); len(p.Errors) != 3 {
		t.Errorf("not all that is wrong: %+v", p.Errors)
	}
}

func TestPagesOfConnections(t *testing.T) {
	t.Parallel()
	n := start(t, "")
	for i := range 7 {
		n.dial(fmt.Sprintf("c%d", i))
	}
	var all []string
	path := "/connections?limit=3&sort=-name&fields=name,cid"
	for pages := 1; ; pages++ {
		var l connList
		a := n.ask("GET", path, nil)
		n.want(a, http.StatusOK, &l)
		if l.Total != 7 || strings.Contains(string(a.body), "in_msgs") {
			t.Errorf("%s", a.body)
		}
		all = append(all, names(&l))
		if l.NextCursor == "" {
			if a.Header.Get("Link") != "" || pages != 3 {
				t.Errorf("page %d, Link %s", pages, a.Header.Get("Link"))
			}
			break
		}
		link, ok := strings.CutSuffix(a.Header.Get("Link"), `>; rel="next"`)
		if path, _ = strings.CutPrefix(link, "</api/v1"); !ok {
			t.Fatalf("Link: %s", a.Header.Get("Link"))
		}
	}
	if got := strings.Join(all, " | "); got != "c6 c5 c4 | c3 c2 c1 | c0" {
		t.Error(got)
	}
	cursor, err := url.ParseQuery(path[strings.Index(path, "?")+1:])
	if err != nil {
		t.Fatal(err)
	}
	n.problem(n.ask("GET", "/connections?sort=name&cursor="+cursor.Get("cursor"), nil), api.InvalidParameter)
	other := start(t, "")
	other.problem(other.ask("GET", path, nil), api.CursorExpired)

	a := n.ask("GET", "/connections?sort=name&fields=name", nil, "Accept", "application/x-ndjson")
	var got []string
	for lines := bufio.NewScanner(bytes.NewReader(a.body)); lines.Scan(); {
		got = append(got, lines.Text())
	}
	if len(got) != 7 || got[0] != `{"name":"c0"}` || a.Header.Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("%s: %q", a.Header.Get("Content-Type"), got)
	}
}

func TestOneConnection(t *testing.T) {
	t.Parallel()
	n := start(t, "")
	c := n.dial("one")
	for _, s := range []string{"b", "a", "c.>"} {
		if _, err := c.QueueSubscribeSync(s, "q"); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	path := fmt.Sprintf("/connections/%d", n.cid(c))
	var one api.Connection
	n.want(n.ask("GET", path+"?subs=detail", nil), http.StatusOK, &one)
	if one.Name != "one" || len(one.SubsDetail) != 3 || one.SubsDetail[0].Queue != "q" {
		t.Errorf("%+v", one)
	}
	var subs api.List[api.Subscription]
	n.want(n.ask("GET", path+"/subscriptions?limit=2", nil), http.StatusOK, &subs)
	if subs.Total != 3 || subs.Items[0].Subject != "a" || subs.Items[1].Subject != "b" || subs.NextCursor == "" || subs.Items[0].Account != "$G" {
		t.Errorf("%+v", subs)
	}
	c.Close()
	inside.Until(t, "the connection is closed", func() bool {
		n.want(n.ask("GET", path, nil), http.StatusOK, &one)
		return one.State == "closed"
	})
	if one.Reason != "Client Closed" || one.Stop == nil {
		t.Errorf("%+v", one)
	}
	var l connList
	n.want(n.ask("GET", "/connections?state=closed&sort=reason,stop", nil), http.StatusOK, &l)
	if names(&l) != "one" {
		t.Errorf("%+v", l)
	}
	var sum api.ClosedSummary
	n.want(n.ask("GET", "/connections/closed/summary?by=reason,ip&window=1h", nil), http.StatusOK, &sum)
	if sum.Total != 1 || sum.Groups[0].Reason != "Client Closed" || sum.Groups[0].IP != "127.0.0.1" || sum.Groups[0].Count != 1 {
		t.Errorf("%+v", sum)
	}
	n.problem(n.ask("GET", "/connections/closed/summary?by=color", nil), api.InvalidParameter)
	for _, bad := range []string{"99", "x", "-1", "18446744073709551616"} {
		n.problem(n.ask("GET", "/connections/"+bad, nil), api.NotFound)
		n.problem(n.ask("GET", "/connections/"+bad+"/subscriptions", nil), api.NotFound)
	}
}

func TestRates(t *testing.T) {
	t.Parallel()
	n := start(t, "")
	c := n.dial("busy")
	n.dial("lazy")
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop) })
	go func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				_ = c.Publish("x", make([]byte, 10))
			}
		}
	}()
	// Whoever ends connections by a rate waits until it is known.
	var would api.KickResult
	inside.Until(t, "the busy one is found by its rate", func() bool {
		n.want(n.ask("POST", "/connections/kick", api.KickRequest{Filter: "in_msgs_rate>1", DryRun: true}), http.StatusOK, &would)
		return would.Matched == 1
	})
	var l connList
	inside.Until(t, "the busy one has a rate", func() bool {
		n.want(n.ask("GET", "/connections?sort=in_msgs_rate&filter=bytes_from_rate>1&limit=1", nil), http.StatusOK, &l)
		return len(l.Items) == 1
	})
	if l.Items[0].Name != "busy" || l.Items[0].Rates == nil || l.Items[0].Rates.InMsgs.Second <= 0 || l.Items[0].Rates.InBytes.Ten <= 0 {
		body, _ := json.Marshal(l)
		t.Errorf("%s", body)
	}
}

// A token that is limited to accounts sees nothing else.
func TestAccountsOfAToken(t *testing.T) {
	t.Parallel()
	n := start(t, tenants+tokenConf(t))
	n.dial("worker", nats.UserInfo("alice", "a"))
	olga := n.dial("console", nats.UserInfo("olga", "o"))
	as := []string{"Authorization", "Bearer s-app"}
	var l connList
	n.want(n.ask("GET", "/connections?state=all", nil, as...), http.StatusOK, &l)
	if names(&l) != "worker" || l.Total != 1 {
		t.Errorf("%+v", l)
	}
	for _, path := range []string{"", "/subscriptions"} {
		n.problem(n.ask("GET", fmt.Sprintf("/connections/%d%s", n.cid(olga), path), nil, as...), api.NotFound)
	}
}
