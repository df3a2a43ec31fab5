package main

import (
	"net/http"
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
				{Title: "Cache hits", Path: "cache_hit_rate"},
				{Title: "Fan-out, most", Path: "max_fanout"},
				{Title: "Fan-out, average", Path: "avg_fanout"},
			}},
		}),
	)
}

func (a *app) subjectCommand() *cobra.Command {
	return group("subject", "Subjects: who is interested, who may use them",
		a.endpoint(endpoint{
			use: "interest SUBJECT", short: "Who would get a message of a subject", args: cobra.ExactArgs(1), path: "/subjects/interest",
			params: []param{{flag: "account", help: "in this account", offers: offerAccounts}},
			check:  func(_ *pflag.FlagSet, args []string, q values) error { q.Set("subject", args[0]); return nil },
		}),
		a.action(action{
			use: "check SUBJECT", short: "Whether a user may publish or subscribe, and which rule decides", args: cobra.ExactArgs(1),
			example: "  natsctl subject check orders.eu --user bob --op pub",
			method:  http.MethodPost, path: "/subjects/check", view: checkView,
			fields: []param{
				{flag: "user", help: "the user", offers: offerUsers},
				{flag: "account", help: "the account of the user", offers: offerAccounts},
				{flag: "op", help: "pub or sub", words: []string{"pub", "sub"}},
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

var checkView = output.View{Wrap: true, Columns: []output.Column{
	{Title: "Allowed", Path: "allowed", Kind: output.Enabled},
	{Title: "Subject", Path: "subject"},
	{Title: "Operation", Path: "op"},
	{Title: "User", Path: "user"},
	{Title: "Account", Path: "account"},
	{Title: "Rule", Path: "rule"},
	{Title: "At", Value: func(row any) any {
		if s := output.Get(row, "source"); s != nil {
			return from(s)
		}
		return nil
	}},
	{Title: "Why", Path: "reason"},
	{Title: "Mapped to", Path: "mappings"},
	{Title: "Imports", Path: "imports"},
}}
