package metrics_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"natsd/internal/metrics"
	"natsd/internal/monitor"
	"natsd/internal/reload"
	"natsd/test/inside"
)

const twoAccounts = `server_name: srv
accounts {
	A { users: [ {user: a, password: p} ] }
	B { users: [ {user: b, password: p} ] }
}
`

// What the metrics say of a server at work.
func TestMetrics(t *testing.T) {
	t.Parallel()
	n := start(t, twoAccounts)
	nc := n.client(nats.UserInfo("a", "p"), nats.Name("worker"))
	sub, err := nc.SubscribeSync("x")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := nc.Publish("x", []byte("12345")); err != nil {
			t.Fatal(err)
		}
		if _, err := sub.NextMsg(inside.Patience); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := nats.Connect("nats://"+n.ClientAddr().String(), nats.UserInfo("a", "wrong")); err == nil {
		t.Fatal("let in")
	}
	inside.Until(t, "one connection", func() bool { return n.Counters().Connections == 1 })

	f := n.scrape("")
	for _, tt := range []struct {
		name   string
		labels []string
		want   float64
	}{
		{"gnatsd_varz_in_msgs", nil, 3},
		{"gnatsd_varz_in_bytes", nil, 15},
		{"gnatsd_varz_connections", nil, 1},
		{"gnatsd_varz_server_name", []string{"value", "srv"}, 1},
		{"gnatsd_varz_slow_consumer_stats_clients", nil, 0},
		{"gnatsd_varz_config_load_time", nil, float64(n.Server.Server().ConfigLoaded.UnixMilli())},
		{"gnatsd_subsz_num_subscriptions", nil, float64(n.Counters().Subs)},
		{"gnatsd_routez_num_routes", nil, 0},
		{"gnatsd_connz_total", nil, 1},
		{"gnatsd_connz_out_msgs", nil, 3},
		{"gnatsd_connz_pending_bytes", nil, 0},
		{"gnatsd_healthz_status", nil, 0},
		{"gnatsd_healthz_status_value", []string{"value", "ok"}, 1},
		{"gnatsd_accstatz_received_messages", []string{"account", "A"}, 3},
		{"gnatsd_accstatz_received_messages", []string{"account", "B"}, 0},
		{"gnatsd_accountz_is_system", []string{"account_id", "$SYS"}, 1},
		{"jetstream_server_jetstream_disabled", []string{"server_name", "srv"}, 1},
		{"natsd_info", []string{"server_name", "srv"}, 1},
		{"natsd_out_bytes_total", nil, 15},
		{"natsd_connections_accepted_total", nil, 2},
		{"natsd_connections_closed_total", []string{"reason", "Authentication Failure"}, 1},
		{"natsd_auth_failures_total", []string{"reason", "Authentication Failure"}, 1},
		{"natsd_slow_consumers_total", []string{"kind", "client"}, 0},
		{"natsd_account_slow_consumers_total", []string{"account", "A"}, 0},
		{"natsd_config_generation", nil, 1},
		{"natsd_config_info", []string{"digest", n.Options().Digest}, 1},
		{"natsd_config_last_reload_successful", nil, 1},
		{"natsd_config_reloads_total", []string{"result", "refused"}, 0},
		{"natsd_watcher_files", nil, 1},
		{"natsd_ready", nil, 1},
		{"natsd_log_failing", nil, 0},
	} {
		if got := f.value(t, tt.name, append(tt.labels, "server_id", n.ID())...); got != tt.want {
			t.Errorf("%s %v = %v, want %v", tt.name, tt.labels, got, tt.want)
		}
	}
	if f["go_goroutines"] == nil || f["process_resident_memory_bytes"] == nil {
		t.Error("no figures of the process")
	}
	if f["natsd_in_msgs_total"].GetType().String() != "COUNTER" || f["gnatsd_varz_in_msgs"].GetType().String() != "GAUGE" {
		t.Error("types")
	}
}

// The last reload, good and bad.
func TestReloadMetrics(t *testing.T) {
	t.Parallel()
	n := start(t, "watch: false")
	try := func(text string) {
		n.Write(text)
		_, _ = n.ReloadReport(context.Background(), reload.Request{Who: "test"})
	}
	try("watch: false\nmax_payload: 1000")
	f := n.scrape("")
	if f.value(t, "natsd_config_last_reload_successful") != 1 || f.value(t, "natsd_config_generation") != 2 ||
		f.value(t, "natsd_config_reloads_total", "result", "applied") != 1 || f.value(t, "natsd_config_last_reload_time_seconds") == 0 {
		t.Error("an applied reload is not to be seen")
	}
	try("watch: false\nmax_payload: nonsense")
	f = n.scrape("")
	if f.value(t, "natsd_config_last_reload_successful") != 0 || f.value(t, "natsd_config_generation") != 2 ||
		f.value(t, "natsd_config_reloads_total", "result", "refused") != 1 {
		t.Error("a refused reload is not to be seen")
	}
	if f.value(t, "natsd_watcher_info", "mode", "off") != 1 {
		t.Error("the watcher is on")
	}
	try("watch: false\nmetrics: false")
	if resp, _ := n.get("/metrics"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("metrics: false: status %d", resp.StatusCode)
	}
	if _, page := n.get("/"); strings.Contains(page, "/metrics") {
		t.Error("the first page leads to metrics that are switched off")
	}
	try("watch: false\nhttp_base_path: /nats")
	if resp, _ := n.get("/nats/metrics"); resp.StatusCode != http.StatusOK {
		t.Errorf("below http_base_path: status %d", resp.StatusCode)
	}
}

// A bad change that is taken back is no trouble any more.
func TestBadChangeTakenBack(t *testing.T) {
	t.Parallel()
	const good = "watch: { quiet: 10ms }\n"
	n := start(t, good)
	for _, step := range []struct {
		text string
		want float64
	}{{good + "max_payload: nonsense", 0}, {good, 1}} {
		n.Write(step.text)
		inside.Until(t, step.text, func() bool {
			return n.scrape("").value(t, "natsd_config_last_reload_successful") == step.want
		})
	}
	if n.scrape("").value(t, "natsd_config_reloads_total", "result", "refused") < 1 {
		t.Error("nothing was refused")
	}
}

// Series of single connections and accounts are bounded, and sums stay right.
func TestBounds(t *testing.T) {
	t.Parallel()
	n := start(t, twoAccounts)
	for i := range 3 {
		nc := n.client(nats.UserInfo("a", "p"), nats.Name(fmt.Sprintf("c%d", i)))
		for range i + 1 {
			if err := nc.Publish("x", make([]byte, 100)); err != nil {
				t.Fatal(err)
			}
		}
		if err := nc.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	f := n.scrape("?detailed=1&limit=2")
	rows := f["gnatsd_connz_in_bytes"].GetMetric()
	sum := 0.0
	for _, m := range rows {
		sum += m.GetGauge().GetValue()
	}
	if len(rows) != 3 || sum != 600 {
		t.Errorf("%d rows, sum %v", len(rows), sum)
	}
	if f.value(t, "gnatsd_connz_in_bytes", "name", "c2", "kind", "Client", "account", "A", "lang", "go") != 300 ||
		f.value(t, "gnatsd_connz_in_bytes", "cid", "other") != 100 {
		t.Errorf("%v", rows)
	}
	if len(f["gnatsd_connz_rtt"].GetMetric()) != 2 {
		t.Error("rtt of the busiest")
	}
	if f.value(t, "gnatsd_accstatz_received_bytes", "account", "A") != 600 || len(f["gnatsd_accstatz_received_bytes"].GetMetric()) != 3 {
		t.Errorf("%v", f["gnatsd_accstatz_received_bytes"])
	}
	if got := f.value(t, "gnatsd_accstatz_received_bytes", "account", "other"); got != 0 {
		t.Errorf("other: %v", got)
	}
	if f := n.scrape("?limit=2"); len(f["gnatsd_connz_in_bytes"].GetMetric()) != 1 || f["gnatsd_connz_rtt"] != nil {
		t.Error("series of connections that nobody asked for")
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	n := start(t, "server_name: srv")
	const text, open = "text/plain; version=0.0.4", "application/openmetrics-text"
	for accept, want := range map[string]string{"": text, "text/html": text, open + "; version=1.0.0": open} {
		resp, body := n.get("/metrics", "Accept", accept, "Accept-Encoding", "identity")
		if got := resp.Header.Get("Content-Type"); !strings.HasPrefix(got, want) {
			t.Errorf("Accept %q: %q", accept, got)
		}
		if (want == open) != strings.HasSuffix(body, "# EOF\n") || !strings.Contains(body, "\ngnatsd_connz_in_bytes{") {
			t.Errorf("Accept %q: a body of another form", accept)
		}
	}
	if resp, _ := n.get("/metrics", "Accept-Encoding", "gzip"); resp.Header.Get("Content-Encoding") != "gzip" {
		t.Error("not compressed")
	}
	f := n.scrape("?prefix=nats&server_label=name")
	if f.value(t, "nats_varz_connections", "server_id", "srv") != 0 || f["gnatsd_varz_connections"] != nil || f["nats_server_total_streams"] == nil {
		t.Error("the other prefix")
	}
	for name := range f { // a family of OpenMetrics has the name without the end
		if base, ok := strings.CutSuffix(name, "_total"); ok && strings.HasPrefix(name, "natsd_") && f[base] != nil {
			t.Errorf("%s and %s are one family", base, name)
		}
	}
	for _, query := range []string{"prefix=x", "server_label=x", "detailed=x", "limit=0", "limit=10001", "limit=x"} {
		if resp, body := n.get("/metrics?" + query); resp.StatusCode != http.StatusBadRequest || !strings.Contains(body, " must be ") {
			t.Errorf("%s: %d %s", query, resp.StatusCode, body)
		}
	}
}

// Whatever clients call themselves, a scrape can be read, and two servers in one process know nothing of
// each other.
func TestNamesFromOutside(t *testing.T) {
	t.Parallel()
	n, other := start(t, ""), start(t, "")
	n.client(nats.Name("\"\\\n{}€" + strings.Repeat("é", 200)))
	n.client(nats.Name("\"\\\n{}€" + strings.Repeat("é", 200)))
	f := n.scrape("?detailed=1")
	if got := len(f["gnatsd_connz_rtt"].GetMetric()); got != 2 {
		t.Errorf("%d rows", got)
	}
	for _, m := range f["gnatsd_connz_rtt"].GetMetric() {
		if name := labelsOf(m)["name"]; len(name) > 140 || !strings.HasPrefix(name, "\"\\\n{}€é") {
			t.Errorf("%q", name)
		}
	}
	if f := other.scrape(""); f.value(t, "natsd_connections", "server_id", other.ID()) != 0 {
		t.Error("connections of another server")
	}
}

// Two servers of a cluster.
func TestRouteMetrics(t *testing.T) {
	t.Parallel()
	const conf = "server_name: %s\ncluster { name: c, listen: \"127.0.0.1:-1\", %s }"
	a := start(t, fmt.Sprintf(conf, "a", ""))
	b := start(t, fmt.Sprintf(conf, "b", fmt.Sprintf(`routes: ["nats://127.0.0.1:%d"]`, a.Server.Server().Cluster.Port)))
	sub, err := b.client().SubscribeSync("x")
	if err != nil {
		t.Fatal(err)
	}
	publisher := a.client()
	inside.Until(t, "a message has gone to the other server", func() bool {
		if err := publisher.Publish("x", []byte("12345")); err != nil {
			t.Fatal(err)
		}
		_, err := sub.NextMsg(100 * time.Millisecond)
		return err == nil
	})
	f := a.scrape("")
	if n := f.value(t, "natsd_route_connections", "remote", "b"); n < 1 || n != f.value(t, "gnatsd_routez_num_routes") {
		t.Errorf("%v connections", n)
	}
	if f.value(t, "natsd_route_out_bytes_total", "remote", "b") < 5 || f.value(t, "gnatsd_varz_cluster_name", "value", "c") != 1 {
		t.Error("traffic")
	}
	if in := b.scrape("").value(t, "natsd_route_in_msgs_total", "remote", "a"); in < 1 {
		t.Errorf("%v messages came", in)
	}
}

// stuck is a scraper that does not read.
type stuck struct {
	http.ResponseWriter
	writes  chan<- struct{}
	release <-chan struct{}
}

func (s *stuck) Write(p []byte) (int, error) {
	s.writes <- struct{}{}
	<-s.release
	return len(p), nil
}

// Those who do not read hold up nobody else.
func TestScrapersThatDoNotRead(t *testing.T) {
	t.Parallel()
	n := start(t, "")
	e := metrics.New(metrics.Deps{
		Source: n.Server, Monitor: monitor.New(n.Server, n.Options), Options: n.Options, Reload: n.ReloadStatus, Watcher: n.WatcherState,
		Admin: func() map[string]uint64 { return nil },
	})
	const many = 20
	writes, release := make(chan struct{}, 1000*many), make(chan struct{})
	var all sync.WaitGroup
	for range many {
		all.Go(func() {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
			e.ServeHTTP(&stuck{httptest.NewRecorder(), writes, release}, r)
		})
	}
	for range many {
		<-writes
	}
	close(release)
	all.Wait()
}
