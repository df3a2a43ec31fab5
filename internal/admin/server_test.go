package admin_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"natsd/internal/admin/api"
	"natsd/test/inside"
)

func TestServerEndpoints(t *testing.T) {
	t.Parallel()
	n := start(t, "server_name: one\nhttp: \"127.0.0.1:-1\"\n"+twoAccounts)
	n.connect(`"user":"ann","pass":"canary-ann"`)
	var s api.Server
	n.want(n.ask("GET", "/server", nil), http.StatusOK, &s)
	if s.ID != n.ID() || s.Name != "one" || s.State != "running" || s.Digest == "" || s.PID != os.Getpid() || s.Usage.Connections != 1 || s.Usage.Heap == 0 || s.Limits.MaxPayload != 1<<20 {
		t.Errorf("%+v", s)
	}
	var listeners []api.Listener
	n.want(n.ask("GET", "/server/listeners", nil), http.StatusOK, &listeners)
	kinds := map[string]api.Listener{}
	for _, l := range listeners {
		kinds[l.Kind] = l
	}
	if l := kinds["clients"]; l.Addr != n.ClientAddr().String() || l.Accepted != 1 || !l.Serving || l.TLS {
		t.Errorf("%+v", l)
	}
	if l := kinds["admin"]; l.Network != "unix" || l.Accepted == 0 {
		t.Errorf("%+v", l)
	}
	if kinds["monitoring"].Addr != n.MonitorAddr().String() {
		t.Errorf("%+v", listeners)
	}
	n.knock(`"user":"eve","pass":"canary-eve"`).line()
	n.knock(`"user":"eve","pass":"canary-eve"`).line()
	var f api.AuthFailures
	n.want(n.ask("GET", "/auth/failures?by=user&window=1m", nil), http.StatusOK, &f)
	if f.Total != 2 || f.Items[0].Key != "eve" || f.Items[0].IP != "127.0.0.1" {
		t.Errorf("%+v", f)
	}
}

func TestReopenLogs(t *testing.T) {
	t.Parallel()
	n := start(t, "")
	if err := os.Rename(filepath.Join(n.Dir, "log"), filepath.Join(n.Dir, "old")); err != nil {
		t.Fatal(err)
	}
	n.want(n.ask("POST", "/server/reopen-logs?dry_run", nil), http.StatusNoContent, nil)
	if _, err := os.Stat(filepath.Join(n.Dir, "log")); err == nil {
		t.Error("a dry run has opened the log")
	}
	n.want(n.ask("POST", "/server/reopen-logs", nil), http.StatusNoContent, nil)
	if !strings.Contains(n.log(), "File log re-opened") {
		t.Error(n.log())
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	n := start(t, tokenConf(t)+twoAccounts)
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	for _, path := range []string{"live", "ready", "startup", "ready?wait=1s", "ready?checks=listeners,disk"} {
		var h api.Health
		n.want(n.askAt(client, "http://"+n.Options().Admin.Listen+"/api/v1", "GET", "/health/"+path, nil), http.StatusOK, &h)
		if h.Status != api.HealthOK || h.State != "running" {
			t.Errorf("%s: %+v", path, h)
		}
	}
	n.problem(n.ask("GET", "/health/ready?checks=nope", nil), api.InvalidParameter)

	open := start(t, "")
	var h api.Health
	open.want(open.ask("GET", "/health/ready", nil), http.StatusOK, &h)
	if h.Status != api.HealthDegraded || len(h.Checks) != 6 {
		t.Errorf("%+v", h)
	}
	open.connect(`"user":"x"`) // keeps lame duck mode going
	go open.LameDuck()
	open.want(open.ask("GET", "/health/live", nil), http.StatusOK, nil)
	inside.Until(t, "it is not ready", func() bool {
		return open.ask("GET", "/health/ready?checks=listeners", nil).StatusCode == http.StatusServiceUnavailable
	})
	inside.Until(t, "monitoring sees it", func() bool { return slices.Equal(open.NotReady(), []string{"server"}) })
	open.want(open.ask("GET", "/health/live", nil), http.StatusOK, &h)
	if h.State != "lame_duck" {
		t.Errorf("%+v", h)
	}
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	n := start(t, tokenConf(t))
	n.problem(n.ask("GET", "/debug/pprof/heap", nil), api.NotFound)
	n.Write(strings.Replace(tokenConf(t), "admin {", "admin { pprof: true, ", 1))
	n.want(n.ask("POST", "/reload", nil), http.StatusOK, nil)
	n.want(n.ask("GET", "/debug/pprof/heap", nil), http.StatusOK, nil)
	n.want(n.ask("GET", "/debug/pprof/profile?seconds=1", nil), http.StatusOK, nil)
	n.problem(n.ask("GET", "/debug/pprof/profile?seconds=61", nil), api.InvalidParameter)
	n.problem(n.ask("GET", "/debug/pprof/nope", nil), api.NotFound)
	n.problem(n.ask("GET", "/debug/pprof/heap", nil, bearer("s-oz")...), api.Forbidden)
	if a := n.ask("GET", "/debug/stacks", nil); !strings.Contains(string(a.body), "goroutine ") {
		t.Errorf("%s", a.body)
	}
	if a := n.ask("GET", "/debug/vars", nil); !strings.Contains(string(a.body), "memstats") {
		t.Errorf("%s", a.body)
	}
	if r := n.auditOf("&action=pprof"); len(r) == 0 || r[0].Result == api.AuditIntent {
		t.Errorf("%+v", r)
	}
}
