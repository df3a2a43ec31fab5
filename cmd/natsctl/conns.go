package main

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"natsd/internal/ctl/output"
)

func (a *app) connCommand() *cobra.Command {
	return group("conn", "Connections: list, look at, kick, drain, ping",
		a.connListCommand(),
		a.endpoint(endpoint{
			use: "get CID", short: "One connection, open or closed", args: cobra.ExactArgs(1), path: "/connections/{0}", view: connView,
			params: []param{{flag: "subs", bare: "1", help: "with subscriptions; =detail for more about each", words: []string{"1", "detail"}}},
			check:  checkCID, complete: a.completeCIDs,
		}),
		a.endpoint(endpoint{
			use: "subs CID", short: "The subscriptions of a connection", args: cobra.ExactArgs(1), path: "/connections/{0}/subscriptions",
			view: subscriptionsView, params: pageParams, check: checkCID, complete: a.completeCIDs,
		}),
		a.kickCommand("kick"), a.kickCommand("drain"),
		a.endpoint(endpoint{
			use: "ping CID", short: "Measure the round-trip time to a client", args: cobra.ExactArgs(1), method: http.MethodPost, path: "/connections/{0}/ping",
			view: output.View{Name: "rtt", Columns: []output.Column{{Title: "RTT", Path: "rtt"}}}, check: checkCID, complete: a.completeCIDs,
		}),
		a.endpoint(endpoint{
			use: "summary", short: "Why connections were closed, counted", path: "/connections/closed/summary", view: summaryView,
			example: "  natsctl conn summary --by reason\n  natsctl conn summary --by user --window 10m",
			params: []param{
				{flag: "by", help: "count by: reason, account, user, ip", words: []string{"reason", "account", "user", "ip"}},
				{flag: "window", help: "only those closed within this time, such as 10m"},
			},
		}),
		a.connTraceCommand(),
	)
}

// pageParams are the flags of lists that come in pages.
var pageParams = []param{
	{flag: "limit", kind: numberParam, help: "at most so many rows"},
	{flag: "cursor", help: "go on where the page before has ended"},
}

// whoParams are the flags that choose connections.
var whoParams = []param{
	{flag: "account", help: "of this account", offers: offerAccounts},
	{flag: "user", help: "of this user", offers: offerUsers},
	{flag: "name", help: "whose name matches: app-*"},
	{flag: "ip", help: "from this address or network: 10.0.0.0/8"},
	{flag: "kind", help: "client or leafnode", words: []string{"client", "leafnode"}},
	{flag: "subject", help: "with a subscription that overlaps this subject"},
	{flag: "idle-gt", help: "silent for longer than this: 1h"},
	{flag: "filter", help: `expression over fields: out_bytes>1e9 && account=="APP" && name~"worker.*"`},
}

var connListExtra = []param{
	{flag: "state", help: "open, closed or any", words: connStates},
	{flag: "type", help: "nats, websocket or mqtt", words: []string{"nats", "websocket", "mqtt"}},
	{flag: "lang", help: "whose client library is in this language"},
	{flag: "tls", help: "true or false", words: []string{"true", "false"}},
	{flag: "mqtt-client", help: "this MQTT client"},
	{flag: "tag", help: "with this tag"},
	{flag: "slow", kind: boolParam, help: "only slow consumers"},
	{flag: "sort", help: "order: a key of connz, - before it turns the order around", words: sortKeys},
	{flag: "subs", bare: "1", help: "with subscriptions; =detail for more about each", words: []string{"1", "detail"}},
}

func (a *app) connListCommand() *cobra.Command {
	cmd := a.endpoint(endpoint{
		use: "list", short: "Connections, filtered and sorted", path: "/connections", viewFor: connListView,
		example: `  natsctl conn list --account APP --sort bytes_to
  natsctl conn list --filter 'pending_bytes>1000 && lang=="go"'
  natsctl conn list --idle-gt 1h --all -o name`,
		params: slices.Concat(whoParams, connListExtra, pageParams),
	})
	cmd.Aliases = []string{"ls"}
	return cmd
}

func connListView(q url.Values) output.View {
	v := connzAsked(q)
	v.Items = "items"
	v.Columns = slices.Concat(v.Columns, []output.Column{
		{Title: "MSGS_TO/S", Path: "rates.out_msgs.10s", Kind: output.Number, Wide: true},
		{Title: "MSGS_FROM/S", Path: "rates.in_msgs.10s", Kind: output.Number, Wide: true},
		{Title: "BYTES_TO/S", Path: "rates.out_bytes.10s", Kind: output.Number, Wide: true},
		{Title: "BYTES_FROM/S", Path: "rates.in_bytes.10s", Kind: output.Number, Wide: true},
	})
	v.Head = pageHead("connections")
	return v
}

// pageHead says when a list is only a part.
func pageHead(what string) func(any) string {
	return func(answer any) string {
		items, _ := output.Get(answer, "items").([]any)
		if cursor := output.Get(answer, "next_cursor"); cursor != nil && cursor != "" {
			return fmt.Sprintf("%d of %.0f %s; --all shows every page", len(items), number(answer, "total"), what)
		}
		return ""
	}
}

var connView = output.View{Name: "cid", Wrap: true, Columns: []output.Column{
	{Title: "CID", Path: "cid"},
	{Title: "Name", Path: "name"},
	{Title: "Kind", Value: func(row any) any {
		return joined(output.Get(row, "kind"), output.Get(row, "type"))
	}},
	{Title: "Account", Path: "account"},
	{Title: "User", Path: "authorized_user"},
	{Title: "Address", Value: hostPort("ip", "port")},
	{Title: "Client", Value: func(row any) any { return joined(output.Get(row, "lang"), output.Get(row, "version")) }},
	{Title: "TLS", Value: func(row any) any {
		return joined(output.Get(row, "tls_version"), output.Get(row, "tls_cipher_suite"))
	}},
	{Title: "Started", Path: "start", Kind: output.Time},
	{Title: "Uptime", Path: "uptime"},
	{Title: "Last activity", Path: "last_activity", Kind: output.Time},
	{Title: "Idle", Path: "idle"},
	{Title: "Stopped", Path: "stop", Kind: output.Time},
	{Title: "Reason", Path: "reason"},
	{Title: "RTT", Path: "rtt"},
	{Title: "Pending", Path: "pending_bytes", Kind: output.Bytes},
	{Title: "Sent", Value: traffic("out_msgs", "out_bytes")},
	{Title: "  a second", Value: perSecond("out_msgs", "out_bytes")},
	{Title: "Received", Value: traffic("in_msgs", "in_bytes")},
	{Title: "  a second", Value: perSecond("in_msgs", "in_bytes")},
	{Title: "Stalls", Path: "stalls"},
	{Title: "Subscriptions", Path: "subscriptions"},
	{Title: "Subjects", Path: "subscriptions_list"},
	{Title: "Subjects", Value: subjects},
	{Title: "Tags", Path: "tags"},
	{Title: "MQTT client", Path: "mqtt_client"},
}}

// perSecond tells how fast messages and bytes pass, as a mean of ten seconds.
func perSecond(msgs, bytes string) func(any) any {
	return func(row any) any {
		if output.Get(row, "rates") == nil {
			return nil
		}
		return fmt.Sprintf("%.1f messages, %s bytes", number(row, "rates."+msgs+".10s"), output.HumaneBytes(number(row, "rates."+bytes+".10s")))
	}
}

// joined puts two words behind each other.
func joined(a, b any) any {
	switch {
	case a == nil && b == nil:
		return nil
	case b == nil:
		return a
	case a == nil:
		return b
	}
	return fmt.Sprintf("%v %v", a, b)
}

var subscriptionsView = output.View{Items: "items", Name: "subject", Columns: subscriptionColumns, Trim: true, Empty: "no subscriptions", Head: pageHead("subscriptions")}

var summaryView = output.View{Items: "groups", Name: "reason", Trim: true, Empty: "no connection was closed", Columns: []output.Column{
	{Title: "COUNT", Path: "count", Kind: output.Number},
	{Title: "REASON", Path: "reason", Keep: 12},
	{Title: "ACCOUNT", Path: "account", Keep: 8},
	{Title: "USER", Path: "user", Keep: 8},
	{Title: "IP", Path: "ip", Keep: 10},
	{Title: "LAST", Path: "last", Kind: output.Time},
}}

// checkCID refuses what is no id before anything is sent.
func checkCID(_ *pflag.FlagSet, args []string, _ url.Values) error {
	return isCID(args[0])
}

// isCID refuses what is not the id of a connection.
func isCID(text string) error {
	if n, err := strconv.ParseUint(text, 10, 64); err != nil || n == 0 {
		return usage("%q is not the id of a connection", text)
	}
	return nil
}

func (a *app) connTraceCommand() *cobra.Command {
	return a.action(action{
		use: "trace CID", short: "Record what a connection sends and receives, for a while", args: cobra.ExactArgs(1), complete: a.completeCIDs,
		method: http.MethodPost, path: "/connections/{0}/trace", fields: traceFields,
	})
}

// traceFields are the flags that bound a trace.
var traceFields = []param{
	{flag: "duration", help: "how long, at most 1h"},
	{flag: "verbs", kind: listParam, help: "only these: PUB, SUB, MSG, …"},
	{flag: "max-lines", kind: numberParam, help: "at most so many lines"},
	{flag: "payload", help: "none, or head:64 for the first bytes"},
}
