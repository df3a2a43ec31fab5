package admin_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"natsd/internal/admin/api"
)

func TestSubscriptions(t *testing.T) {
	t.Parallel()
	n := start(t, tenants+tokenConf(t))
	alice := n.dial("alice", nats.UserInfo("alice", "a"))
	olga := n.dial("olga", nats.UserInfo("olga", "o"))
	for _, s := range []string{"jobs.it", "jobs.*", "other"} {
		if _, err := alice.SubscribeSync(s); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if _, err := alice.QueueSubscribeSync("jobs.it", "workers"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := olga.SubscribeSync("jobs.it"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*nats.Conn{alice, olga} {
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	as := []string{"Authorization", "Bearer s-app"}
	for _, c := range []struct {
		query string
		want  string
		as    []string
	}{
		{"account=APP&filter=cid>0&sort=sid", "jobs.it jobs.* other jobs.it jobs.it", nil},
		{"match=jobs.it&filter=cid>0&sort=cid,sid", "jobs.it jobs.* jobs.it jobs.it jobs.it", nil},
		{"subject=jobs.>&filter=cid>0&account=OPS", "jobs.it", nil},
		{"queue=workers", "jobs.it jobs.it", nil},
		{fmt.Sprintf("cid=%d", n.cid(olga)), "jobs.it", nil},
		{"filter=cid>0&sort=-sid&limit=1", "jobs.it", as},
		{"account=APP&match=other&filter=cid>0", "other", as},
	} {
		var l api.List[api.Subscription]
		n.want(n.ask("GET", "/subscriptions?"+strings.ReplaceAll(c.query, ">", "%3E"), nil, c.as...), http.StatusOK, &l)
		var got []string
		for _, s := range l.Items {
			got = append(got, s.Subject)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v", c.query, got)
		}
	}
	n.problem(n.ask("GET", "/subscriptions?account=OPS", nil, as...), api.NotFound)
	n.problem(n.ask("GET", "/subscriptions?account=NONE", nil), api.NotFound)
	n.problem(n.ask("GET", "/subscriptions?match=a.*&subject=a..b&cid=x", nil), api.InvalidParameter)
	if a := n.ask("GET", "/subscriptions", nil, "Accept", "application/x-ndjson"); strings.Count(string(a.body), "\n") < 6 {
		t.Errorf("%s", a.body)
	}

	var in api.Interest
	n.want(n.ask("GET", "/subjects/interest?account=APP&subject=jobs.it", nil, as...), http.StatusOK, &in)
	if !in.Interest || in.Plain != (api.Subscribers{Local: 2}) || len(in.Queues) != 1 || in.Queues[0] != (api.QueueGroup{Name: "workers", Members: api.Subscribers{Local: 2}}) {
		t.Errorf("%+v", in)
	}
	n.want(n.ask("GET", "/subjects/interest?account=APP&subject="+url.QueryEscape("*.it"), nil), http.StatusOK, &in)
	if in.Plain.Local != 2 || in.Queues[0].Members.Local != 2 {
		t.Errorf("%+v", in)
	}
	n.want(n.ask("GET", "/subjects/interest?account=APP&subject=nobody", nil), http.StatusOK, &in)
	if in.Interest {
		t.Errorf("%+v", in)
	}
	n.problem(n.ask("GET", "/subjects/interest?account=OPS&subject=x", nil, as...), api.NotFound)
	n.problem(n.ask("GET", "/subjects/interest", nil), api.InvalidParameter)

	var stats api.SubscriptionStats
	n.want(n.ask("GET", "/subscriptions/stats?account=APP", nil, as...), http.StatusOK, &stats)
	if stats.Subs < 5 || stats.Inserts < 5 {
		t.Errorf("%+v", stats)
	}
	n.problem(n.ask("GET", "/subscriptions/stats?account=OPS", nil, as...), api.NotFound)
}

func TestCheckSubject(t *testing.T) {
	t.Parallel()
	n := start(t, `accounts {
  APP {
    default_permissions { publish: ["shared.>"] }
    users: [
      { user: ann, password: a, permissions: {
        publish: { allow: ["orders.>"], deny: ["orders.hr"] }
        subscribe: ["orders.*", "orders.* workers"]
      } }
      { user: bob, password: b }
      { user: sam, password: s, permissions: { allow_responses: true } }
    ]
  }
  OPS { users: [ { user: olga, password: o } ] }
}
`+tokenConf(t))
	for _, c := range []struct {
		req     api.CheckRequest
		allowed bool
		rule    string // list entry line:column
	}{
		{api.CheckRequest{User: "ann", Subject: "orders.eu", Op: "pub"}, true, "publish allow orders.> 6:28"},
		{api.CheckRequest{User: "ann", Subject: "orders.hr", Op: "pub"}, false, "publish deny orders.hr 6:48"},
		{api.CheckRequest{User: "ann", Subject: "x", Op: "pub"}, false, "publish allow  6:27"},
		{api.CheckRequest{User: "ann", Subject: "orders.eu", Op: "sub"}, true, "subscribe allow orders.* 7:21"},
		{api.CheckRequest{User: "ann", Subject: "orders.eu", Op: "sub", Queue: "workers"}, true, "subscribe allow orders.* workers 7:33"},
		{api.CheckRequest{User: "bob", Subject: "shared.x", Op: "pub", Account: "APP"}, true, "publish allow shared.> 3:37"},
		{api.CheckRequest{User: "bob", Subject: "x", Op: "sub"}, true, ""},
		{api.CheckRequest{User: "sam", Subject: "x", Op: "pub"}, false, "publish allow_responses  10:65"},
		{api.CheckRequest{User: "olga", Subject: "x", Op: "pub"}, true, ""},
	} {
		var got api.Check
		n.want(n.ask("POST", "/subjects/check", c.req), http.StatusOK, &got)
		rule := ""
		if r := got.Rule; r != nil {
			rule = fmt.Sprintf("%s %s %s ", r.Side, r.List, r.Entry)
			if r.Source != nil {
				rule += fmt.Sprintf("%d:%d", r.Source.Line, r.Source.Column)
			}
		}
		if got.Allowed != c.allowed || rule != c.rule || got.Reason == "" || got.Rule != nil && got.Rule.Source.File != n.Conf {
			t.Errorf("%+v:\n got %v %q (%s)\nwant %v %q", c.req, got.Allowed, rule, got.Reason, c.allowed, c.rule)
		}
	}
	for _, bad := range []api.CheckRequest{
		{User: "ann", Subject: "a.*", Op: "pub"},
		{User: "ann", Subject: "a..b", Op: "sub"},
		{User: "ann", Subject: "a"},
		{User: "ann", Subject: "a", Op: "pub", Queue: "q"},
		{},
	} {
		n.problem(n.ask("POST", "/subjects/check", bad), api.InvalidParameter)
	}
	n.problem(n.ask("POST", "/subjects/check", api.CheckRequest{User: "eve", Subject: "a", Op: "sub"}), api.NotFound)
	n.problem(n.ask("POST", "/subjects/check", api.CheckRequest{Subject: "a", Op: "sub"}), api.NotFound)
	n.problem(n.ask("POST", "/subjects/check", api.CheckRequest{User: "olga", Subject: "a", Op: "sub"}, "Authorization", "Bearer s-app"), api.NotFound)

	open := start(t, "")
	var got api.Check
	open.want(open.ask("POST", "/subjects/check", api.CheckRequest{Subject: "a", Op: "sub"}), http.StatusOK, &got)
	if !got.Allowed || got.Account != "$G" || got.Rule != nil {
		t.Errorf("%+v", got)
	}
}
