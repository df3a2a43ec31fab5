package admin_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"natsd/internal/admin/api"
	"natsd/test/inside"
)

func TestRoutes(t *testing.T) {
	t.Parallel()
	conf := func(name string) string {
		return fmt.Sprintf("server_name: %s\ncluster { name: c1, listen: \"127.0.0.1:-1\", pool_size: 1 }\n", name)
	}
	a, b := start(t, conf("a")), start(t, conf("b"))
	var got api.Routes
	a.want(a.ask("GET", "/routes", nil), http.StatusOK, &got)
	if got.Cluster != "c1" || len(got.Routes)+len(got.Targets) != 0 {
		t.Fatalf("%+v", got)
	}
	url := "nats-route://user:canary-route@" + b.ClusterAddr().String()
	a.want(a.ask("POST", "/routes?dry_run=true", api.AddRoute{URL: url}), http.StatusOK, nil)
	for _, bad := range []api.AddRoute{{}, {URL: "x"}, {URL: "nats-route://h"}, {URL: url, Persist: true}} {
		a.problem(a.ask("POST", "/routes", bad), api.InvalidParameter)
	}
	var target api.RouteTarget
	a.want(a.ask("POST", "/routes", api.AddRoute{URL: url}), http.StatusCreated, &target)
	if target.Target != b.ClusterAddr().String() || target.Source != api.SourceRuntime {
		t.Errorf("%+v", target)
	}
	a.problem(a.ask("POST", "/routes", api.AddRoute{URL: url}), api.Conflict)
	connected := func(but uint64) bool {
		r := a.ask("GET", "/routes", nil)
		a.want(r, http.StatusOK, &got)
		if strings.Contains(string(r.body), "canary") {
			t.Errorf("%s", r.body)
		}
		got.Routes = slices.DeleteFunc(got.Routes, func(r api.Route) bool { return r.Account != "" }) // that of the system account
		return len(got.Routes) == 1 && got.Routes[0].RID != but && got.Targets[0].State == "connected"
	}
	inside.Until(t, "the route is up", func() bool { return connected(0) })
	rid := got.Routes[0].RID
	if got.Routes[0].RemoteName != "b" || got.Targets[0].ServerName != "b" {
		t.Errorf("%+v", got)
	}
	where := fmt.Sprintf("/routes/connections/%d", rid)
	a.want(a.ask("DELETE", where+"?dry_run", nil), http.StatusOK, nil)
	a.want(a.ask("DELETE", where+"?reason=test", nil), http.StatusNoContent, nil)
	inside.Until(t, "the route is up again", func() bool { return connected(rid) })
	a.problem(a.ask("DELETE", where, nil), api.NotFound)
	a.problem(a.ask("DELETE", "/routes/connections/x", nil), api.NotFound)

	a.problem(a.ask("DELETE", "/routes/127.0.0.1:1", nil), api.NotFound)
	a.problem(a.ask("DELETE", "/routes/"+target.Target+"?disconnect=false", nil), api.InvalidParameter)
	a.want(a.ask("DELETE", "/routes/"+target.Target+"?dry_run", nil), http.StatusOK, nil)
	a.want(a.ask("DELETE", "/routes/"+target.Target, nil), http.StatusNoContent, nil)
	inside.Until(t, "the route is gone", func() bool {
		a.want(a.ask("GET", "/routes", nil), http.StatusOK, &got)
		return len(got.Routes)+len(got.Targets) == 0
	})
	alone := start(t, "")
	alone.problem(alone.ask("POST", "/routes", api.AddRoute{URL: url}), api.Conflict)
}

func TestWhatComesLater(t *testing.T) {
	t.Parallel()
	n := start(t, "")
	for _, path := range []string{"/accounts", "/accounts/A/users/u", "/cluster", "/traces", "/leafnodes", "/gateways"} {
		n.problem(n.ask("GET", path, nil), api.FeatureDisabled)
	}
	n.problem(n.ask("POST", "/auth/test", nil), api.FeatureDisabled)
	n.problem(n.ask("POST", "/connections/1/trace", nil), api.FeatureDisabled)
}
