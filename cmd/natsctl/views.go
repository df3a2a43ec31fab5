package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"

	"natsd/internal/ctl/output"
)

// How answers of the monitoring endpoints look as tables. At 80 cells the columns that matter most
// remain; -o wide and -o csv show all.

var varzView = output.View{Name: "server_name", Columns: []output.Column{
	{Title: "Server", Path: "server_name"},
	{Title: "ID", Path: "server_id"},
	{Title: "Version", Path: "version"},
	{Title: "natsd", Path: "natsd_version"},
	{Title: "Go", Path: "go", Wide: true},
	{Title: "Listens", Value: hostPort("host", "port")},
	{Title: "Cluster", Path: "cluster.name"},
	{Title: "Started", Path: "start", Kind: output.Time},
	{Title: "Uptime", Path: "uptime"},
	{Title: "Configuration", Path: "config_digest"},
	{Title: "Loaded", Path: "config_load_time", Kind: output.Time},
	{Title: "CPU", Path: "cpu", Kind: output.Percent},
	{Title: "Memory", Path: "mem", Kind: output.Bytes},
	{Title: "Cores", Value: func(row any) any {
		return fmt.Sprintf("%v, %v used", output.Get(row, "cores"), output.Get(row, "gomaxprocs"))
	}},
	{Title: "Connections", Value: func(row any) any {
		return fmt.Sprintf("%v of %v, %v since start", output.Get(row, "connections"), output.Get(row, "max_connections"), output.Get(row, "total_connections"))
	}},
	{Title: "Subscriptions", Path: "subscriptions", Kind: output.Count},
	{Title: "Routes", Path: "routes"},
	{Title: "Leaf nodes", Path: "leafnodes"},
	{Title: "In", Value: traffic("in_msgs", "in_bytes")},
	{Title: "Out", Value: traffic("out_msgs", "out_bytes")},
	{Title: "Slow consumers", Path: "slow_consumers"},
	{Title: "Stale connections", Path: "stale_connections"},
	{Title: "Stalled clients", Path: "stalled_clients"},
	{Title: "Authentication", Path: "auth_required", Kind: output.Enabled},
	{Title: "TLS", Path: "tls_required", Kind: output.Enabled},
	{Title: "Max payload", Path: "max_payload", Kind: output.Bytes},
	{Title: "Max pending", Path: "max_pending", Kind: output.Bytes},
	{Title: "Max control line", Path: "max_control_line", Kind: output.Bytes, Wide: true},
	{Title: "Ping interval", Path: "ping_interval", Kind: output.Nanos, Wide: true},
	{Title: "Write deadline", Path: "write_deadline", Kind: output.Nanos, Wide: true},
	{Title: "HTTP", Value: hostPort("http_host", "http_port"), Wide: true},
	{Title: "System account", Path: "system_account", Wide: true},
	{Title: "Tags", Path: "tags"},
}}

// hostPort joins an address. A port of 0 is none.
func hostPort(host, port string) func(any) any {
	return func(row any) any {
		p := fmt.Sprint(output.Get(row, port))
		if p == "0" || output.Get(row, port) == nil {
			return nil
		}
		h, _ := output.Get(row, host).(string)
		return net.JoinHostPort(h, p)
	}
}

// traffic tells messages and bytes.
func traffic(msgs, bytes string) func(any) any {
	return func(row any) any {
		return fmt.Sprintf("%s messages, %s bytes", output.Humane(number(row, msgs)), output.HumaneBytes(number(row, bytes)))
	}
}

func number(row any, path string) float64 {
	n, ok := output.Get(row, path).(json.Number)
	if !ok {
		return 0
	}
	f, err := n.Float64()
	if err != nil {
		return 0
	}
	return f
}

// connColumns are what one connection shows.
var connColumns = []output.Column{
	{Title: "CID", Path: "cid", Kind: output.Number},
	{Title: "NAME", Path: "name", Keep: 8},
	{Title: "ADDRESS", Value: hostPort("ip", "port"), Keep: 12, Drop: 22},
	{Title: "ACCOUNT", Path: "account", Keep: 8, Drop: 70},
	{Title: "USER", Path: "authorized_user", Keep: 8, Drop: 60},
	{Title: "SUBS", Path: "subscriptions", Kind: output.Count, Drop: 10},
	{Title: "PENDING", Path: "pending_bytes", Kind: output.Bytes, Drop: 90},
	{Title: "MSGS_TO", Path: "out_msgs", Kind: output.Count, Drop: 14},
	{Title: "MSGS_FROM", Path: "in_msgs", Kind: output.Count, Drop: 15},
	{Title: "BYTES_TO", Path: "out_bytes", Kind: output.Bytes, Drop: 11},
	{Title: "BYTES_FROM", Path: "in_bytes", Kind: output.Bytes, Drop: 12},
	{Title: "RTT", Path: "rtt", Kind: output.Duration, Drop: 99},
	{Title: "IDLE", Path: "idle", Kind: output.Duration, Drop: 80},
	{Title: "UPTIME", Path: "uptime", Kind: output.Duration, Drop: 95},
	{Title: "STOP", Path: "stop", Kind: output.Time, Drop: 97},
	{Title: "REASON", Path: "reason", Drop: 50, Keep: 20},
	{Title: "LANG", Path: "lang", Wide: true},
	{Title: "VERSION", Path: "version", Wide: true},
	{Title: "KIND", Path: "kind", Wide: true},
	{Title: "TYPE", Path: "type", Wide: true},
	{Title: "TLS", Path: "tls_version", Wide: true},
	{Title: "START", Path: "start", Kind: output.Time, Wide: true},
	{Title: "LAST", Path: "last_activity", Kind: output.Time, Wide: true},
	{Title: "SUBSCRIPTIONS", Path: "subscriptions_list", Drop: 98, Keep: 20},
	{Title: "SUBSCRIPTIONS", Value: subjects, Drop: 98, Keep: 20},
}

// subjects lists those of subscriptions that are told in detail.
func subjects(row any) any {
	list, _ := output.Get(row, "subscriptions_list_detail").([]any)
	if len(list) == 0 {
		return nil
	}
	names := make([]any, len(list))
	for i, sub := range list {
		names[i] = output.Get(sub, "subject")
	}
	return names
}

// asked returns a view in which the columns stay that the question is about.
func asked(v output.View, titles ...string) output.View {
	v.Columns = slices.Clone(v.Columns)
	for i := range v.Columns {
		if slices.Contains(titles, v.Columns[i].Title) {
			v.Columns[i].Drop = 0
		}
	}
	return v
}

// connzAsked is the view for a question to connz.
func connzAsked(q url.Values) output.View {
	var titles []string
	if state := strings.ToLower(q.Get("state")); state != "" && state != "open" {
		titles = append(titles, "STOP", "REASON")
	}
	if q.Has("subs") {
		titles = append(titles, "SUBSCRIPTIONS")
	}
	if q.Has("auth") || q.Has("acc") || q.Has("user") {
		titles = append(titles, "ACCOUNT", "USER")
	}
	for key, title := range map[string]string{
		"subs": "SUBS", "pending": "PENDING", "msgs_to": "MSGS_TO", "msgs_from": "MSGS_FROM", "bytes_to": "BYTES_TO",
		"bytes_from": "BYTES_FROM", "idle": "IDLE", "uptime": "UPTIME", "rtt": "RTT", "stop": "STOP", "reason": "REASON",
	} {
		if strings.TrimPrefix(q.Get("sort"), "-") == key {
			titles = append(titles, title)
		}
	}
	return asked(connzView, titles...)
}

var connzView = output.View{
	Items: "connections", Name: "cid", Columns: connColumns, Empty: "no connections",
	Trim: true,
	Head: func(answer any) string {
		shown, total := number(answer, "num_connections"), number(answer, "total")
		if shown >= total {
			return ""
		}
		return fmt.Sprintf("%.0f of %.0f connections", shown, total)
	},
}

var routezView = output.View{Items: "routes", Name: "rid", Empty: "no routes", Columns: []output.Column{
	{Title: "RID", Path: "rid", Kind: output.Number},
	{Title: "NAME", Path: "remote_name", Keep: 10},
	{Title: "ADDRESS", Value: hostPort("ip", "port"), Keep: 12},
	{Title: "ACCOUNT", Path: "account", Keep: 8, Drop: 60},
	{Title: "DIALLED", Path: "did_solicit", Kind: output.Enabled, Drop: 80},
	{Title: "SUBS", Path: "subscriptions", Kind: output.Count},
	{Title: "PENDING", Path: "pending_size", Kind: output.Bytes, Drop: 70},
	{Title: "MSGS_TO", Path: "out_msgs", Kind: output.Count},
	{Title: "MSGS_FROM", Path: "in_msgs", Kind: output.Count},
	{Title: "BYTES_TO", Path: "out_bytes", Kind: output.Bytes},
	{Title: "BYTES_FROM", Path: "in_bytes", Kind: output.Bytes},
	{Title: "RTT", Path: "rtt", Kind: output.Duration, Drop: 90},
	{Title: "UPTIME", Path: "uptime", Kind: output.Duration, Drop: 95},
	{Title: "ID", Path: "remote_id", Wide: true},
	{Title: "COMPRESSION", Path: "compression", Wide: true},
	{Title: "SUBSCRIPTIONS", Path: "subscriptions_list", Drop: 1, Keep: 20},
}, Trim: true}

var gatewayzView = output.View{Rows: gatewayRows, Name: "name", Empty: "no gateways", Columns: []output.Column{
	{Title: "GATEWAY", Path: "name", Keep: 8},
	{Title: "DIRECTION", Path: "direction"},
	{Title: "CID", Path: "connection.cid", Kind: output.Number},
	{Title: "ADDRESS", Value: func(row any) any { return hostPort("ip", "port")(output.Get(row, "connection")) }, Keep: 12},
	{Title: "MSGS_TO", Path: "connection.out_msgs", Kind: output.Count},
	{Title: "MSGS_FROM", Path: "connection.in_msgs", Kind: output.Count},
	{Title: "BYTES_TO", Path: "connection.out_bytes", Kind: output.Bytes, Drop: 20},
	{Title: "BYTES_FROM", Path: "connection.in_bytes", Kind: output.Bytes, Drop: 30},
	{Title: "RTT", Path: "connection.rtt", Kind: output.Duration, Drop: 90},
	{Title: "UPTIME", Path: "connection.uptime", Kind: output.Duration, Drop: 80},
}}

// gatewayRows makes one list of the gateways by direction and name.
func gatewayRows(answer any) []any {
	var rows []any
	add := func(name, direction string, gateway any) {
		row := map[string]any{"name": name, "direction": direction}
		if m, ok := gateway.(map[string]any); ok {
			maps.Copy(row, m)
		}
		rows = append(rows, row)
	}
	outbound, _ := output.Get(answer, "outbound_gateways").(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(outbound)) {
		add(name, "outbound", outbound[name])
	}
	inbound, _ := output.Get(answer, "inbound_gateways").(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(inbound)) {
		list, _ := inbound[name].([]any)
		for _, gateway := range list {
			add(name, "inbound", gateway)
		}
	}
	return rows
}

var leafzView = output.View{Items: "leafs", Name: "id", Empty: "no leaf nodes", Columns: []output.Column{
	{Title: "ID", Path: "id", Kind: output.Number},
	{Title: "NAME", Path: "name", Keep: 8},
	{Title: "ACCOUNT", Path: "account", Keep: 8},
	{Title: "ADDRESS", Value: hostPort("ip", "port"), Keep: 12},
	{Title: "SPOKE", Path: "is_spoke", Kind: output.Enabled, Drop: 80},
	{Title: "SUBS", Path: "subscriptions", Kind: output.Count},
	{Title: "MSGS_TO", Path: "out_msgs", Kind: output.Count},
	{Title: "MSGS_FROM", Path: "in_msgs", Kind: output.Count},
	{Title: "BYTES_TO", Path: "out_bytes", Kind: output.Bytes, Drop: 20},
	{Title: "BYTES_FROM", Path: "in_bytes", Kind: output.Bytes, Drop: 30},
	{Title: "RTT", Path: "rtt", Kind: output.Duration, Drop: 90},
	{Title: "COMPRESSION", Path: "compression", Wide: true},
	{Title: "SUBSCRIPTIONS", Path: "subscriptions_list", Drop: 1, Keep: 20},
}, Trim: true}

var subscriptionColumns = []output.Column{
	{Title: "SUBJECT", Path: "subject", Keep: 20},
	{Title: "QUEUE", Path: "qgroup", Keep: 8},
	{Title: "ACCOUNT", Path: "account", Keep: 8},
	{Title: "CID", Path: "cid", Kind: output.Number},
	{Title: "SID", Path: "sid", Kind: output.Number},
	{Title: "MSGS", Path: "msgs", Kind: output.Count},
	{Title: "MAX", Path: "max", Kind: output.Count, Drop: 50},
}

var subszView = output.View{
	Items: "subscriptions_list", Name: "subject", Columns: subscriptionColumns, Trim: true,
	Head: func(answer any) string {
		return fmt.Sprintf("%v subscriptions, %v inserted, %v removed, %v matches\ncache: %v entries, %.1f%% hits; fan-out: %v at most, %.2f on average",
			output.Get(answer, "num_subscriptions"), output.Get(answer, "num_inserts"), output.Get(answer, "num_removes"), output.Get(answer, "num_matches"),
			output.Get(answer, "num_cache"), number(answer, "cache_hit_rate")*100, output.Get(answer, "max_fanout"), number(answer, "avg_fanout"))
	},
}

var accountzView = output.View{Rows: accountRows, Name: "account_name", Columns: []output.Column{
	{Title: "ACCOUNT", Path: "account_name", Keep: 8},
	{Title: "SYSTEM", Path: "is_system", Kind: output.Enabled},
	{Title: "CONNS", Path: "client_connections", Kind: output.Count},
	{Title: "LEAFS", Path: "leafnode_connections", Kind: output.Count},
	{Title: "SUBS", Path: "subscriptions", Kind: output.Count},
	{Title: "JETSTREAM", Path: "jetstream_enabled"},
	{Title: "EXPORTS", Path: "exports", Kind: output.Size},
	{Title: "IMPORTS", Path: "imports", Kind: output.Size},
	{Title: "MAPPINGS", Path: "mappings", Kind: output.Size},
}, Trim: true}

// accountRows makes rows of the names of accounts, or of the one that is described.
func accountRows(answer any) []any {
	if detail := output.Get(answer, "account_detail"); detail != nil {
		return []any{detail}
	}
	names, _ := output.Get(answer, "accounts").([]any)
	rows := make([]any, len(names))
	for i, name := range names {
		rows[i] = map[string]any{"account_name": name, "is_system": name == output.Get(answer, "system_account")}
	}
	slices.SortFunc(rows, func(a, b any) int {
		return strings.Compare(fmt.Sprint(output.Get(a, "account_name")), fmt.Sprint(output.Get(b, "account_name")))
	})
	return rows
}

var accstatzView = output.View{Items: "account_statz", Name: "acc", Empty: "no account has a connection", Columns: []output.Column{
	{Title: "ACCOUNT", Path: "acc", Keep: 8},
	{Title: "NAME", Path: "name", Wide: true},
	{Title: "CONNS", Path: "conns", Kind: output.Count},
	{Title: "LEAFS", Path: "leafnodes", Kind: output.Count},
	{Title: "SUBS", Path: "num_subscriptions", Kind: output.Count},
	{Title: "MSGS_TO", Path: "sent.msgs", Kind: output.Count},
	{Title: "MSGS_FROM", Path: "received.msgs", Kind: output.Count},
	{Title: "BYTES_TO", Path: "sent.bytes", Kind: output.Bytes},
	{Title: "BYTES_FROM", Path: "received.bytes", Kind: output.Bytes},
	{Title: "SLOW", Path: "slow_consumers", Kind: output.Count},
}}

var jszView = output.View{Name: "server_id", Columns: []output.Column{
	{Title: "Disabled", Path: "disabled"},
	{Title: "Store", Path: "config.store_dir"},
	{Title: "Domain", Path: "config.domain"},
	{Title: "Memory", Value: used("memory", "config.max_memory")},
	{Title: "Storage", Value: used("storage", "config.max_storage")},
	{Title: "Accounts", Path: "accounts", Kind: output.Count},
	{Title: "Streams", Path: "streams", Kind: output.Count},
	{Title: "Consumers", Path: "consumers", Kind: output.Count},
	{Title: "Messages", Path: "messages", Kind: output.Count},
	{Title: "Bytes", Path: "bytes", Kind: output.Bytes},
	{Title: "API requests", Path: "api.total", Kind: output.Count},
	{Title: "API errors", Path: "api.errors", Kind: output.Count},
	{Title: "Meta leader", Path: "meta_cluster.leader"},
}}

func used(now, limit string) func(any) any {
	return func(row any) any {
		return output.HumaneBytes(number(row, now)) + " of " + output.HumaneBytes(number(row, limit))
	}
}

var ipqueueszView = output.View{Rows: func(answer any) []any {
	queues, _ := answer.(map[string]any)
	rows := make([]any, 0, len(queues))
	for _, name := range slices.Sorted(maps.Keys(queues)) {
		rows = append(rows, map[string]any{"name": name, "pending": output.Get(queues[name], "pending"), "in_progress": output.Get(queues[name], "in_progress")})
	}
	return rows
}, Name: "name", Empty: "no queue holds anything", Columns: []output.Column{
	{Title: "QUEUE", Path: "name", Keep: 20},
	{Title: "PENDING", Path: "pending", Kind: output.Count},
	{Title: "IN_PROGRESS", Path: "in_progress", Kind: output.Count},
}}

var healthzView = output.View{Name: "status", Columns: []output.Column{
	{Title: "Status", Path: "status"},
	{Title: "Error", Path: "error"},
	{Title: "Errors", Value: func(row any) any {
		list, _ := output.Get(row, "errors").([]any)
		texts := make([]string, len(list))
		for i, e := range list {
			texts[i] = fmt.Sprint(output.Get(e, "error"))
		}
		return strings.Join(texts, "; ")
	}},
}}
