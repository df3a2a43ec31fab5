package main

import (
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"natsd/internal/ctl/client"
)

// sortKeys are the orders of connz.
var sortKeys = []string{
	"cid", "start", "subs", "pending", "msgs_to", "msgs_from", "bytes_to", "bytes_from", "last", "idle", "uptime", "stop", "reason", "rtt",
}

// connStates are the states of connz.
var connStates = []string{"open", "closed", "any"}

// monitorCommands are the questions that a nats-server answers too.
func (a *app) monitorCommands() []*cobra.Command {
	commands := make([]*cobra.Command, 0, len(monitorEndpoints())+1)
	for _, e := range monitorEndpoints() {
		e.path, e.monitor = "/"+strings.Fields(e.use)[0], true
		commands = append(commands, a.endpoint(e))
	}
	return append(commands, a.healthzCommand())
}

func monitorEndpoints() []endpoint {
	return []endpoint{
		{
			use: "varz", short: "The server: version, load, traffic, limits", view: varzView,
			example: "  natsctl varz\n  natsctl varz -o json\n  natsctl varz -o jsonpath=.connections",
		},
		{
			use: "connz", short: "Connections, open or closed", viewFor: connzAsked, check: checkConnz,
			long: `Connections, open or closed.

Keys of --sort: ` + strings.Join(sortKeys[:8], " ") + `
  ` + strings.Join(sortKeys[8:], " ") + `
Those that end in _to are what the server sent to the client, _from what came from it. The keys stop and
reason exist for closed connections and show those. A '-' before a key turns the order around (natsd).`,
			example: `  natsctl connz --sort bytes_to
  natsctl connz --sort reason --limit 20
  natsctl connz --acc APP --user bob --subs -o json
  natsctl connz --sort pending --watch`,
			params: []param{
				{flag: "sort", help: "order of the rows", words: sortKeys},
				{flag: "limit", kind: numberParam, help: "at most so many rows"},
				{flag: "offset", kind: numberParam, help: "leave out so many rows"},
				{flag: "state", help: "open, closed or any", words: connStates},
				{flag: "cid", kind: numberParam, help: "this connection only", offers: offerCIDs},
				{flag: "acc", help: "of this account only", offers: offerAccounts},
				{flag: "user", help: "of this user only", offers: offerUsers},
				{flag: "mqtt-client", help: "this MQTT client only"},
				{flag: "filter-subject", help: "with a subscription that overlaps this subject"},
				{flag: "subs", help: "with subscriptions; =detail for more about each", bare: "1", words: []string{"1", "detail"}},
				{flag: "auth", kind: boolParam, help: "with user and account"},
			},
		},
		{
			use: "routez", short: "Routes to servers of the cluster", view: routezView,
			params: []param{{flag: "subs", help: "with subscriptions; =detail for more about each", bare: "1", words: []string{"1", "detail"}}},
		},
		{
			use: "gatewayz", short: "Gateways to other clusters", view: gatewayzView,
			params: []param{
				{flag: "gw-name", help: "this cluster only"},
				{flag: "accs", kind: boolParam, help: "with accounts"},
				{flag: "acc-name", help: "this account only"},
				{flag: "subs", help: "with subscriptions; =detail for more about each", bare: "1", words: []string{"1", "detail"}},
			},
		},
		{
			use: "leafz", short: "Leaf nodes", view: leafzView,
			params: []param{
				{flag: "acc", help: "of this account only", offers: offerAccounts},
				{flag: "subs", kind: boolParam, help: "with subscriptions"},
			},
		},
		{
			use: "subsz", short: "Subscriptions and the index of them", view: subszView,
			example: "  natsctl subsz\n  natsctl subsz --subs --acc APP\n  natsctl subsz --test orders.eu.17",
			check: func(fs *pflag.FlagSet, _ []string, q url.Values) error {
				if fs.Changed("test") {
					q.Set("subs", "1") // only a list can be filtered
				}
				return nil
			},
			params: []param{
				{flag: "subs", kind: boolParam, help: "list them"},
				{flag: "limit", kind: numberParam, help: "at most so many rows"},
				{flag: "offset", kind: numberParam, help: "leave out so many rows"},
				{flag: "acc", help: "of this account only", offers: offerAccounts},
				{flag: "test", help: "list those that would get a message of this subject"},
			},
		},
		{
			use: "accountz", short: "Accounts by name, or one account", view: accountzView,
			params: []param{{flag: "acc", help: "describe this account", offers: offerAccounts}},
		},
		{
			use: "accstatz", short: "Traffic of accounts", view: accstatzView,
			params: []param{{flag: "unused", kind: boolParam, help: "also accounts without connections"}},
		},
		{
			use: "jsz", short: "JetStream", view: jszView,
			params: []param{
				{flag: "acc", help: "this account only"},
				{flag: "accounts", kind: boolParam, help: "with accounts"},
				{flag: "streams", kind: boolParam, help: "with streams"},
				{flag: "consumers", kind: boolParam, help: "with consumers"},
				{flag: "direct-consumers", query: "direct-consumers", kind: boolParam, help: "with consumers of mirrors and sources"},
				{flag: "config", kind: boolParam, help: "with configurations"},
				{flag: "raft", kind: boolParam, help: "with Raft groups"},
				{flag: "leader-only", query: "leader-only", kind: boolParam, help: "only if this server leads"},
				{flag: "stream-leader-only", query: "stream-leader-only", kind: boolParam, help: "streams that this server leads"},
				{flag: "limit", kind: numberParam, help: "at most so many accounts"},
				{flag: "offset", kind: numberParam, help: "leave out so many accounts"},
			},
		},
		{
			use: "ipqueuesz", short: "Internal queues", view: ipqueueszView,
			params: []param{
				{flag: "all", kind: boolParam, help: "also empty ones"},
				{flag: "queues", help: "whose name holds this"},
			},
		},
		{
			use: "raftz", short: "Raft groups",
			params: []param{{flag: "acc", help: "of this account"}, {flag: "group", help: "this group only"}},
		},
	}
}

// checkConnz refuses a key that does not exist before anything is sent, and lets keys of closed
// connections show those.
func checkConnz(_ *pflag.FlagSet, _ []string, q url.Values) error {
	key := strings.TrimPrefix(q.Get("sort"), "-")
	if key != "" && !slices.Contains(sortKeys, key) {
		return usage("--sort: unknown key %q: choose one of %s", key, strings.Join(sortKeys, " "))
	}
	if state := q.Get("state"); state != "" && !slices.Contains(append(connStates, "all"), strings.ToLower(state)) {
		return usage("--state: %q is none of %s", state, strings.Join(connStates, ", "))
	}
	if key == "stop" || key == "reason" {
		if state := strings.ToLower(q.Get("state")); state != "" && state != "closed" {
			return usage("--sort %s is for closed connections only: leave out --state %s", key, state)
		}
		q.Set("state", "closed")
	}
	if subs := q.Get("subs"); subs != "" && !slices.Contains([]string{"1", "0", "true", "false", "detail"}, subs) {
		return usage("--subs: %q is none of 1, detail", subs)
	}
	return nil
}

// healthzCommand asks for the health and tells it by the exit code as well.
func (a *app) healthzCommand() *cobra.Command {
	params := []param{
		{flag: "js-server-only", query: "js-server-only", kind: boolParam, help: "only whether the listeners are up"},
		{flag: "js-enabled-only", query: "js-enabled-only", kind: boolParam, help: "and whether JetStream is on"},
		{flag: "js-meta-only", query: "js-meta-only", kind: boolParam, help: "and whether its meta layer is current"},
		{flag: "account", help: "this account"},
		{flag: "stream", help: "this stream of the account"},
		{flag: "consumer", help: "this consumer of the stream"},
		{flag: "details", kind: boolParam, help: "all errors, with what they concern"},
	}
	cmd := &cobra.Command{
		Use: "healthz", Short: "Health as nats-server tells it; exit code 9 when something is wrong",
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, ill := cmd.Context(), false
			err := a.repeat(ctx, func() error {
				return a.each(ctx, func(c *client.Client) error {
					r, err := c.Do(ctx, client.Request{Path: "/healthz", Query: query(cmd.Flags(), params), Monitor: true})
					if r == nil || !strings.Contains(string(r.Body), `"status"`) || strings.Contains(string(r.Body), `"code"`) {
						return err
					}
					ill = err != nil
					return a.printer.Print(r.Body, healthzView)
				})
			})
			if err == nil && ill {
				return outcome(exitUnhealthy)
			}
			return err
		},
	}
	a.addParams(cmd, params)
	return cmd
}
