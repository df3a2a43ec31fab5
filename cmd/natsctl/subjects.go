package main

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"natsd/internal/ctl/output"
)

func (a *app) subCommand() *cobra.Command {
	return group("sub", "Subscriptions: list, statistics",
		a.endpoint(endpoint{
			use: "list", short: "Subscriptions, filtered", path: "/subscriptions", view: subscriptionsView,
			example: "  natsctl sub list --account APP --match orders.eu.17\n  natsctl sub list --subject 'orders.>' --queue workers",
			params: slices.Concat([]param{
				{flag: "account", help: "of this account", offers: offerAccounts},
				{flag: "subject", help: "that overlap this subject"},
				{flag: "match", help: "that would get a message of this subject"},
				{flag: "queue", help: "of this queue group"},
				{flag: "cid", kind: numberParam, help: "of this connection", offers: offerCIDs},
				{flag: "sort", help: "order of the rows", words: []string{"subject", "msgs", "cid"}},
			}, pageParams),
		}),
		a.endpoint(endpoint{
			use: "stats", short: "The index of subscriptions: size, cache, fan-out", path: "/subscriptions/stats",
			params: []param{{flag: "account", help: "of this account", offers: offerAccounts}},
			view: output.View{Columns: []output.Column{
				{Title: "Subscriptions", Path: "num_subscriptions"},
				{Title: "Inserted", Path: "num_inserts"},
				{Title: "Removed", Path: "num_removes"},
				{Title: "Matches", Path: "num_matches"},
				{Title: "Cache", Path: "num_cache"},
				{Title: "Cache hits", Kind: output.Percent, Value: func(row any) any { return number(row, "cache_hit_rate") * 100 }},
				{Title: "Fan-out, most", Path: "max_fanout"},
				{Title: "Fan-out, average", Value: func(row any) any { return fmt.Sprintf("%.2f", number(row, "avg_fanout")) }},
			}},
		}),
	)
}

func (a *app) subjectCommand() *cobra.Command {
	return group("subject", "Subjects: who is interested, who may use them",
		a.endpoint(endpoint{
			use: "interest SUBJECT", short: "Who would get a message of a subject", args: cobra.ExactArgs(1), path: "/subjects/interest",
			params: []param{{flag: "account", help: "in this account", offers: offerAccounts}},
			check:  func(_ *pflag.FlagSet, args []string, q url.Values) error { q.Set("subject", args[0]); return nil },
			view:   interestView,
		}),
		a.action(action{
			use: "check SUBJECT", short: "Whether a user may publish or subscribe, and which rule decides", args: cobra.ExactArgs(1),
			example: "  natsctl subject check orders.eu --user bob --op pub",
			method:  http.MethodPost, path: "/subjects/check", view: checkView,
			fields: []param{
				{flag: "user", help: "the user", offers: offerUsers},
				{flag: "account", help: "the account of the user", offers: offerAccounts},
				{flag: "op", help: "pub or sub", words: []string{"pub", "sub"}},
				{flag: "queue", help: "the queue group of a subscription"},
			},
			body: func(fs *pflag.FlagSet, args []string, body map[string]any) error {
				body["subject"] = args[0]
				if op := fs.Lookup("op").Value.String(); op != "pub" && op != "sub" {
					return usage("--op: say pub or sub")
				}
				return nil
			},
		}),
	)
}

// interestView lists who wants a subject: those without a queue group, then each group.
var interestView = output.View{
	Rows: func(answer any) []any {
		queues, _ := output.Get(answer, "queues").([]any)
		return slices.Concat([]any{map[string]any{"name": "(all of them)", "members": output.Get(answer, "plain")}}, queues)
	},
	Name: "name",
	Head: func(answer any) string {
		if output.Get(answer, "interest") == true {
			return ""
		}
		return "nobody wants it"
	},
	Columns: []output.Column{
		{Title: "QUEUE", Path: "name", Keep: 12},
		{Title: "HERE", Path: "members.local", Kind: output.Count},
		{Title: "ROUTES", Path: "members.routes", Kind: output.Count},
		{Title: "GATEWAYS", Path: "members.gateways", Kind: output.Count},
		{Title: "LEAFS", Path: "members.leafs", Kind: output.Count},
	},
}

var checkView = output.View{Wrap: true, Columns: []output.Column{
	{Title: "Allowed", Path: "allowed", Kind: output.Enabled},
	{Title: "Subject", Path: "subject"},
	{Title: "Operation", Path: "op"},
	{Title: "User", Path: "user"},
	{Title: "Account", Path: "account"},
	{Title: "Queue", Path: "queue"},
	{Title: "Narrowed", Path: "narrowed"},
	{Title: "Why", Path: "reason"},
	{Title: "At", Value: func(row any) any {
		if s := output.Get(row, "rule.source"); s != nil {
			return from(s)
		}
		return nil
	}},
	{Title: "Mapped to", Path: "mappings"},
	{Title: "Imports", Path: "imports"},
}}
