package metrics

import (
	"maps"
	"slices"

	"natsd/internal/reload"
	"natsd/internal/reload/watch"
	"natsd/internal/status"
	"natsd/internal/version"
)

// metric is one of natsd's own families, and how its series are read.
type metric struct {
	family
	read func(s *scrape, f *family)
}

// natsd gives natsd's own metrics.
func (s *scrape) natsd() {
	for i := range own {
		own[i].read(s, &own[i].family)
	}
}

// Readers of the usual shapes.

func one(value func(s *scrape) float64) func(*scrape, *family) {
	return func(s *scrape, f *family) { s.emit(f, value(s)) }
}

func counts(value func(s *scrape) map[string]uint64) func(*scrape, *family) {
	return func(s *scrape, f *family) {
		m := value(s)
		for _, label := range slices.Sorted(maps.Keys(m)) {
			s.emit(f, float64(m[label]), label)
		}
	}
}

func byReason(value func(s *scrape) (clients, routes map[string]uint64)) func(*scrape, *family) {
	return func(s *scrape, f *family) {
		clients, routes := value(s)
		for _, x := range []struct {
			kind   string
			counts map[string]uint64
		}{{"client", clients}, {"route", routes}} {
			for _, reason := range slices.Sorted(maps.Keys(x.counts)) {
				s.emit(f, float64(x.counts[reason]), x.kind, reason)
			}
		}
	}
}

// toOthers reads a figure of the routes to each other server.
func toOthers(value func(r *route) float64) func(*scrape, *family) {
	return func(s *scrape, f *family) {
		for i := range s.routes {
			s.emit(f, value(&s.routes[i]), s.routes[i].remote)
		}
	}
}

func routeGauge(name, help string, value func(r *route) float64) metric {
	return metric{family{name: name, help: help, labels: []string{"remote"}}, toOthers(value)}
}

func routeCounter(name, help string, value func(r *route) float64) metric {
	return metric{family{name: name, help: help, counter: true, labels: []string{"remote"}}, toOthers(value)}
}

func kinds(value func(s *scrape) status.KindCounts) func(*scrape, *family) {
	return counts(func(s *scrape) map[string]uint64 {
		n := value(s)
		return map[string]uint64{"client": n.Clients, "route": n.Routes, "gateway": n.Gateways, "leafnode": n.Leafs}
	})
}

func gauge(name, help string, value func(s *scrape) float64) metric {
	return metric{family{name: name, help: help}, one(value)}
}

func counter(name, help string, value func(s *scrape) float64) metric {
	return metric{family{name: name, help: help, counter: true}, one(value)}
}

// own is the table of natsd's own metrics.
var own = []metric{
	{
		family{name: "natsd_info", help: "Which program this is. Always 1.", labels: []string{"server_name", "version", "natsd_version", "commit"}},
		func(s *scrape, f *family) {
			s.emit(f, 1, s.server.Name, s.server.Version, version.Natsd, s.server.Commit)
		},
	},
	gauge("natsd_start_time_seconds", "When the server started, in Unix time.", func(s *scrape) float64 { return seconds(s.server.Started) }),
	gauge("natsd_uptime_seconds", "How long the server has been running.", func(s *scrape) float64 { return s.now.Sub(s.server.Started).Seconds() }),
	gauge("natsd_ready", "1 while all listeners accept connections.", func(s *scrape) float64 { return number(len(s.deps.Source.NotReady()) == 0) }),

	gauge("natsd_connections", "Client connections that are open.", func(s *scrape) float64 { return float64(s.counters.Connections) }),
	counter("natsd_connections_accepted_total", "Client connections that were accepted.", func(s *scrape) float64 { return float64(s.counters.TotalConnections) }),
	gauge("natsd_connections_limit", "Client connections that may be open at once (max_connections).", func(s *scrape) float64 { return float64(s.options.Limits.MaxConnections) }),
	{
		family{name: "natsd_connections_closed_total", help: "Connections that have ended, by the reason that connz shows.", counter: true, labels: []string{"kind", "reason"}},
		byReason(func(s *scrape) (clients, routes map[string]uint64) { return s.counters.Closed, s.counters.RoutesClosed }),
	},
	{
		family{name: "natsd_auth_failures_total", help: "Connections that were not let in, by the reason that connz shows.", counter: true, labels: []string{"kind", "reason"}},
		byReason(func(s *scrape) (clients, routes map[string]uint64) {
			return s.counters.Refused, s.counters.RoutesRefused
		}),
	},
	gauge("natsd_subscriptions", "Subscriptions in all accounts.", func(s *scrape) float64 { return float64(s.counters.Subs) }),
	counter("natsd_in_msgs_total", "Messages received from connections of all kinds.", func(s *scrape) float64 { return float64(s.counters.Traffic.InMsgs) }),
	counter("natsd_in_bytes_total", "Bytes of messages received.", func(s *scrape) float64 { return float64(s.counters.Traffic.InBytes) }),
	counter("natsd_out_msgs_total", "Messages sent to connections of all kinds.", func(s *scrape) float64 { return float64(s.counters.Traffic.OutMsgs) }),
	counter("natsd_out_bytes_total", "Bytes of messages sent.", func(s *scrape) float64 { return float64(s.counters.Traffic.OutBytes) }),
	{
		family{name: "natsd_slow_consumers_total", help: "Connections that were closed because they did not take what they were sent.", counter: true, labels: []string{"kind"}},
		kinds(func(s *scrape) status.KindCounts { return s.counters.SlowConsumers }),
	},
	{
		family{name: "natsd_account_slow_consumers_total", help: "The same by account; accounts beyond the bound are summed up as other.", counter: true, labels: []string{"account"}},
		func(s *scrape, f *family) {
			for i := range s.accounts {
				s.emit(f, float64(s.accounts[i].SlowConsumers), s.accounts[i].Name)
			}
		},
	},
	{
		family{name: "natsd_stale_connections_total", help: "Connections that were closed because they did not answer PING.", counter: true, labels: []string{"kind"}},
		kinds(func(s *scrape) status.KindCounts { return s.counters.StaleConnections }),
	},
	counter("natsd_stalls_total", "Times that a publisher was held up for receivers that were nearly full.", func(s *scrape) float64 { return float64(s.counters.Stalls) }),

	routeGauge("natsd_route_connections", "Connections to another server of the cluster.", func(r *route) float64 { return float64(r.connections) }),
	routeCounter("natsd_route_in_msgs_total", "Messages received over them; it begins anew with a connection.", func(r *route) float64 { return float64(r.traffic.InMsgs) }),
	routeCounter("natsd_route_in_bytes_total", "Bytes received over them.", func(r *route) float64 { return float64(r.traffic.InBytes) }),
	routeCounter("natsd_route_out_msgs_total", "Messages sent over them.", func(r *route) float64 { return float64(r.traffic.OutMsgs) }),
	routeCounter("natsd_route_out_bytes_total", "Bytes sent over them.", func(r *route) float64 { return float64(r.traffic.OutBytes) }),
	routeGauge("natsd_route_pending_bytes", "Bytes that wait to be sent over them.", func(r *route) float64 { return float64(r.pending) }),
	routeGauge("natsd_route_rtt_seconds", "The longest round trip time among them.", func(r *route) float64 { return r.rtt.Seconds() }),

	{
		family{name: "natsd_admin_requests_total", help: "Requests to the admin API: ok, or the code of the problem.", counter: true, labels: []string{"result"}},
		counts(func(s *scrape) map[string]uint64 { return s.deps.Admin() }),
	},

	{
		family{name: "natsd_config_info", help: "Digest of the configuration in force. Always 1.", labels: []string{"digest"}},
		func(s *scrape, f *family) { s.emit(f, 1, s.options.Digest) },
	},
	gauge("natsd_config_generation", "Configurations that came into force, the first one included.", func(s *scrape) float64 { return float64(s.reload.Generation) }),
	gauge("natsd_config_revision", "Number of the configuration in force in the history.", func(s *scrape) float64 { return float64(s.reload.Revision) }),
	gauge("natsd_config_load_time_seconds", "When the configuration in force was read, in Unix time.", func(s *scrape) float64 { return seconds(s.server.ConfigLoaded) }),
	gauge("natsd_config_last_reload_successful", "0 when the last reload was refused or failed, until one works or the watcher finds the files as they were; otherwise 1.", lastReloadGood),
	gauge("natsd_config_last_reload_time_seconds", "When the last reload began, in Unix time; 0 before the first.", lastReload),
	{
		family{name: "natsd_config_reloads_total", help: "Reloads by result; those that found nothing to change and were not asked for are left out.", counter: true, labels: []string{"result"}},
		counts(reloads),
	},
	gauge("natsd_config_pending_restart_keys", "Keys of the configuration that wait for a restart.", func(s *scrape) float64 { return float64(len(s.reload.Pending)) }),
	{
		family{name: "natsd_config_pending_restart", help: "A key that waits for a restart. Always 1; the first 100 of them.", labels: []string{"key"}},
		func(s *scrape, f *family) {
			for _, key := range s.reload.Pending[:min(len(s.reload.Pending), 100)] {
				s.emit(f, 1, key)
			}
		},
	},

	{
		family{name: "natsd_watcher_info", help: "How changes of the configuration's files are noticed: off, events or polling. Always 1.", labels: []string{"mode"}},
		func(s *scrape, f *family) { s.emit(f, 1, string(watcherMode(s.watcher))) },
	},
	gauge("natsd_watcher_files", "Files that are watched.", func(s *scrape) float64 { return float64(len(s.watcher.Files)) }),
	gauge("natsd_watcher_pending_files", "Files on disk that differ from what is in force because they were refused, or are being loaded.", func(s *scrape) float64 { return float64(len(s.watcher.Pending)) }),
	gauge("natsd_watcher_last_event_time_seconds", "When the last sign of a change was seen, in Unix time; 0 before the first.", func(s *scrape) float64 { return seconds(s.watcher.LastEvent) }),
	gauge("natsd_watcher_last_change_time_seconds", "When contents were last found to differ, in Unix time; 0 before the first.", func(s *scrape) float64 { return seconds(s.watcher.LastChange) }),
	counter("natsd_watcher_changes_total", "Reloads that the watcher asked for.", func(s *scrape) float64 { return float64(s.watcher.Changes) }),
	counter("natsd_watcher_refused_total", "Reloads of the watcher that came to nothing.", func(s *scrape) float64 { return float64(s.watcher.Refused) }),
	counter("natsd_watcher_suppressed_total", "Signs of a change that led to no reload.", func(s *scrape) float64 { return float64(s.watcher.Suppressed) }),

	{
		family{name: "natsd_certificate_expiry_time_seconds", help: "When the first certificate of a block of the configuration ends, in Unix time.", labels: []string{"block"}},
		func(s *scrape, f *family) {
			for _, c := range certificates(s.options) {
				s.emit(f, seconds(c.notAfter), c.block)
			}
		},
	},

	{
		family{name: "natsd_log_lines_total", help: "Lines of the log: written, dropped because nobody took them, or suppressed because they repeat.", counter: true, labels: []string{"fate"}},
		counts(func(s *scrape) map[string]uint64 {
			l := &s.counters.Log
			return map[string]uint64{"written": l.Written, "dropped": l.Dropped, "suppressed": l.Suppressed}
		}),
	},
	counter("natsd_log_rotations_total", "Times that a log file was full and another one was begun.", func(s *scrape) float64 { return float64(s.counters.Log.Rotated) }),
	gauge("natsd_log_failing", "1 while lines of the log are being lost.", func(s *scrape) float64 { return number(s.counters.Log.Failing) }),
}

// lastReloadGood tells whether what was last wanted is in force. Who takes a bad change back brings about no
// reload: the watcher sees that there is nothing to load.
func lastReloadGood(s *scrape) float64 {
	r := s.reload.Last
	good := r == nil || r.Result == reload.Applied || r.Result == reload.NoChange
	mended := watcherMode(s.watcher) != watch.Off && len(s.watcher.Pending) == 0 && !s.watcher.Settling
	return number(good || mended)
}

func lastReload(s *scrape) float64 {
	if s.reload.Last == nil {
		return 0
	}
	return seconds(s.reload.Last.When)
}

// reloads counts reloads. Results that have not occurred are there as zeros: an alert needs to see the
// first one come.
func reloads(s *scrape) map[string]uint64 {
	m := map[string]uint64{}
	for _, r := range []reload.Result{reload.Applied, reload.NoChange, reload.Refused, reload.Failed} {
		m[string(r)] = s.reload.Counts[r]
	}
	return m
}

func watcherMode(s watch.State) watch.Mode {
	if s.Mode == "" {
		return watch.Off
	}
	return s.Mode
}
