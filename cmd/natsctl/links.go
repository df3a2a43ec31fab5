package main

import (
	"net/http"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"natsd/internal/ctl/output"
)

func (a *app) routeCommand() *cobra.Command {
	view := asked(routezView)
	view.Items = ""
	view.Rows = rowsOf("items", "routes")
	return group("route", "Routes to servers of the cluster",
		a.endpoint(endpoint{use: "list", short: "Routes that are connected", path: "/routes", view: view}),
		a.endpoint(endpoint{use: "targets", short: "Servers that are dialled, and what came of it", path: "/routes", view: routeTargetsView}),
		a.action(action{
			use: "add URL", short: "Make a route to another server", args: cobra.ExactArgs(1), method: http.MethodPost, path: "/routes", done: "the route was added",
			fields: []param{{flag: "persist", kind: boolParam, help: "write it into the configuration as well"}, {flag: "reason", help: "why, for the audit"}},
			body:   func(_ *pflag.FlagSet, args []string, body map[string]any) error { body["url"] = args[0]; return nil },
		}),
		a.action(action{
			use: "remove TARGET", short: "Give up a route", args: cobra.ExactArgs(1), method: http.MethodDelete, path: "/routes/{0}",
			ask: "Give up the route to %s", done: "the route to %s was given up",
			params: []param{{flag: "disconnect", kind: boolParam, help: "end its connections as well"}},
		}),
		a.action(action{
			use: "kick RID", short: "End the connection of a route; it will be made again", args: cobra.ExactArgs(1), method: http.MethodDelete, path: "/routes/connections/{0}",
			done: "route %s was ended", params: []param{{flag: "reason", help: "why, for the events and the audit"}},
		}),
	)
}

var routeTargetsView = output.View{Items: "targets", Name: "target", Trim: true, Empty: "no server is dialled", Columns: []output.Column{
	{Title: "TARGET", Path: "target", Keep: 12},
	{Title: "STATE", Path: "state"},
	{Title: "SERVER", Path: "server_name", Keep: 8},
	{Title: "SOURCE", Path: "source", Drop: 60},
	{Title: "ATTEMPTS", Path: "attempts", Kind: output.Number},
	{Title: "NEXT", Path: "next_attempt", Kind: output.Time, Drop: 50},
	{Title: "ERROR", Path: "last_error", Keep: 16},
	{Title: "URL", Path: "url", Wide: true},
}}

// rowsOf finds the rows of a list under one of several names.
func rowsOf(names ...string) func(any) []any {
	return func(answer any) []any {
		for _, name := range names {
			if list, ok := output.Get(answer, name).([]any); ok {
				return list
			}
		}
		list, _ := answer.([]any)
		return list
	}
}

func (a *app) leafCommand() *cobra.Command {
	view := asked(leafzView)
	view.Items = ""
	view.Rows = rowsOf("items", "leafs")
	return group("leaf", "Leaf nodes",
		a.endpoint(endpoint{use: "list", short: "Leaf nodes that are connected", path: "/leafnodes", view: view, params: []param{{flag: "account", help: "of this account", offers: offerAccounts}}}),
		a.action(action{use: "kick ID", short: "End the connection of a leaf node", args: cobra.ExactArgs(1), method: http.MethodDelete, path: "/leafnodes/{0}", done: "leaf node %s was ended"}),
	)
}

func (a *app) gatewayCommand() *cobra.Command {
	return group("gateway", "Gateways to other clusters",
		a.endpoint(endpoint{use: "list", short: "Gateways that are connected", path: "/gateways", view: gatewayzView}),
		a.action(action{use: "kick CID", short: "End a connection of a gateway", args: cobra.ExactArgs(1), method: http.MethodDelete, path: "/gateways/connections/{0}", done: "gateway connection %s was ended"}),
	)
}

func (a *app) clusterCommand() *cobra.Command {
	return group("cluster", "All servers of the cluster together",
		a.endpoint(endpoint{use: "status", short: "The servers, and whether their configurations are the same", path: "/cluster", view: output.View{
			Rows: rowsOf("items", "members"), Name: "name", Trim: true, Columns: []output.Column{
				{Title: "NAME", Path: "name", Keep: 10},
				{Title: "VERSION", Path: "version"},
				{Title: "UPTIME", Path: "uptime", Kind: output.Duration},
				{Title: "RTT", Path: "rtt", Kind: output.Duration},
				{Title: "DRIFT", Path: "drift", Kind: output.Enabled},
				{Title: "DIGEST", Path: "config_digest", Keep: 16},
				{Title: "ID", Path: "id", Wide: true},
			},
		}}),
		a.action(action{
			use: "reload", short: "Reload all servers, one after the other or at once", method: http.MethodPost, path: "/cluster/reload",
			fields: []param{
				{flag: "mode", help: "rolling or parallel", words: []string{"rolling", "parallel"}},
				{flag: "stop-on-error", kind: boolParam, help: "leave the others alone when one refuses"},
			},
		}),
	)
}
