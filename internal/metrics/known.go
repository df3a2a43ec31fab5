package metrics

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"natsd/internal/monitor"
)

// known gives the metrics that tools know: those of prometheus-nats-exporter.
func (s *scrape) known() {
	m := s.deps.Monitor
	s.page("varz", m.Varz())
	if z, err := m.Subsz(monitor.SubszQuery{}); err == nil {
		s.page("subsz", z)
	}
	s.page("routez", m.Routez(monitor.RoutezQuery{}))
	s.health()
	s.connections()
	s.accountPages()
	s.leafNodes()
	s.jetStream()
}

// page gives the metrics of a monitoring page by the rule of the exporter: each number in its JSON is a
// gauge, named by the path of keys that leads to it. Lists and what is true or false are left out.
func (s *scrape) page(name string, page any) {
	body, err := json.Marshal(page)
	if err != nil {
		return // the page itself answers with the error
	}
	var tree map[string]any
	if json.Unmarshal(body, &tree) == nil {
		s.tree(name, "", tree)
	}
}

// tree gives the metrics below a path. "/" among http_req_stats has no name.
func (s *scrape) tree(page, path string, tree map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(tree)) {
		at := joined(path, key)
		if at == path || unnamed[page+"_"+at] {
			continue
		}
		f := &family{name: s.request.prefix + "_" + page + "_" + at, help: "`" + at + "` of /" + page + "."}
		switch v := tree[key].(type) {
		case float64:
			s.emit(f, v)
		case string:
			s.text(f, key, v)
		case map[string]any:
			s.tree(page, at, v)
		}
	}
}

// unnamed are parts of pages that are no metrics, or whose keys are not ours.
var unnamed = map[string]bool{
	"varz_leaf": true, "varz_trusted_operators_claim": true, "varz_metadata": true, "varz_feature_flags": true,
	"varz_cluster_tls_timeout": true, "varz_cluster_cluster_port": true, "varz_cluster_auth_timeout": true,
	"varz_gateway_port": true, "varz_gateway_auth_timeout": true, "varz_gateway_tls_timeout": true, "varz_gateway_connect_retries": true,
}

// joined is the path of a key: "http_req_stats" and "/varz" are http_req_stats_varz.
func joined(path, key string) string {
	key = strings.Trim(strings.ReplaceAll(key, "/", "_"), "_")
	switch {
	case path == "":
		return key
	case key == "":
		return path
	default:
		return path + "_" + key
	}
}

// text gives the texts that the exporter gives: a time in milliseconds, others as a label.
func (s *scrape) text(f *family, key, value string) {
	switch key {
	case "start", "config_load_time":
		if t, err := time.Parse(time.RFC3339Nano, value); err == nil {
			f.help = strings.TrimSuffix(f.help, ".") + ", in milliseconds of Unix time."
			s.emit(f, float64(t.UnixMilli()))
		}
	case "server_id", "server_name", "version", "domain", "leader", "name":
		f.help = strings.TrimSuffix(f.help, ".") + ", as a label. Always 1."
		f.labels = []string{"value"}
		s.emit(f, 1, value)
	}
}

// health gives the checks that the exporter makes.
func (s *scrape) health() {
	for _, check := range []struct {
		name, path string
		query      monitor.HealthzQuery
	}{
		{"healthz", "/healthz", monitor.HealthzQuery{}},
		{"healthz_js_enabled_only", "/healthz?js-enabled-only=true", monitor.HealthzQuery{JSEnabledOnly: true}},
		{"healthz_js_server_only", "/healthz?js-server-only=true", monitor.HealthzQuery{JSServerOnly: true}},
	} {
		h := s.deps.Monitor.Healthz(check.query)
		ok := h.Status == "ok"
		name := s.request.prefix + "_" + check.name
		s.emit(&family{name: name + "_status", help: "0 when " + check.path + " says ok, otherwise 1."}, number(!ok))
		s.emit(&family{name: name + "_status_value", help: "The status that " + check.path + " says, as a label. 1 when it is ok.", labels: []string{"value"}}, number(ok), h.Status)
	}
}

func (s *scrape) leafNodes() {
	s.emit(&family{name: s.request.prefix + "_leafz_conn_nodes_total", help: "Leaf nodes that are connected."}, float64(s.counters.Leafnodes))
}

// jetStream gives the sums of a server without streams, so that dashboards find the server.
func (s *scrape) jetStream() {
	js, err := s.deps.Monitor.Jsz(monitor.JszQuery{})
	if err != nil {
		return
	}
	prefix := "jetstream_server_"
	if s.request.prefix == "nats" {
		prefix = "nats_server_"
	}
	for _, x := range []struct {
		name, help string
		value      float64
	}{
		{"jetstream_disabled", "1 when the server has no JetStream.", number(js.Disabled)},
		{"total_streams", "Streams.", float64(js.Streams)},
		{"total_consumers", "Consumers.", float64(js.Consumers)},
		{"total_messages", "Messages in streams.", float64(js.Messages)},
		{"total_message_bytes", "Bytes in streams.", float64(js.Bytes)},
		{"max_memory", "Bytes that streams in memory may hold.", float64(js.Config.MaxMemory)},
		{"max_storage", "Bytes that streams on disk may hold.", float64(js.Config.MaxStore)},
	} {
		f := &family{name: prefix + x.name, help: x.help, labels: []string{"server_name", "cluster", "domain", "meta_leader", "is_meta_leader"}}
		s.emit(f, x.value, s.server.Name, "", "", "", "true")
	}
}
