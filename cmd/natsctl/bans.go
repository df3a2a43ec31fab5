package main

import (
	"net/http"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"natsd/internal/ctl/output"
)

var banMatch = []param{
	{flag: "user", help: "this user", offers: offerUsers},
	{flag: "ip", help: "this address or network"},
	{flag: "account", help: "this account", offers: offerAccounts},
	{flag: "name", help: "clients whose name matches: app-*"},
	{flag: "nkey", help: "this nkey"},
}

var bansView = output.View{Items: "items", Name: "id", Trim: true, Empty: "nobody is banned", Columns: []output.Column{
	{Title: "ID", Path: "id"},
	{Title: "IP", Path: "match.ip"},
	{Title: "USER", Path: "match.user", Keep: 8},
	{Title: "ACCOUNT", Path: "match.account", Keep: 8},
	{Title: "NAME", Path: "match.name", Keep: 8},
	{Title: "NKEY", Path: "match.nkey", Keep: 8},
	{Title: "UNTIL", Path: "until", Kind: output.Time},
	{Title: "HITS", Path: "hits", Kind: output.Count},
	{Title: "REASON", Path: "reason", Keep: 10},
	{Title: "BY", Path: "actor", Drop: 60},
}}

func (a *app) banCommand() *cobra.Command {
	return group("ban", "Keep clients out for a while, without a change of the configuration",
		a.endpoint(endpoint{use: "list", short: "Who is kept out", path: "/bans", view: bansView, params: pageParams}),
		a.action(action{
			use: "add", short: "Keep out who matches, on every listener, and end the connections that they have",
			example: "  natsctl ban add --user bob --for 10m --reason \"too many connections\"\n  natsctl ban add --ip 192.0.2.0/24 --for 1h",
			method:  http.MethodPost, path: "/bans",
			fields: append(append([]param{}, banMatch...), param{flag: "for", help: "for how long: 10m"}, param{flag: "until", help: "until when, RFC 3339, in place of --for"}, param{flag: "reason", help: "why; the client is told"}),
			body:   banBody,
			view:   output.View{Name: "id", Columns: []output.Column{{Title: "Ban", Path: "id"}, {Title: "Until", Path: "until", Kind: output.Time}, {Title: "Kicked", Path: "kicked"}}},
		}),
		a.action(action{
			use: "remove ID|--all", short: "Let somebody in again", args: cobra.MaximumNArgs(1), method: http.MethodDelete, path: "/bans/{0}",
			complete: a.completeBans, done: "the ban has ended", fields: []param{{flag: "all", kind: boolParam, help: "end every ban"}},
			body: func(fs *pflag.FlagSet, args []string, body map[string]any) error {
				if fs.Changed("all") == (len(args) == 1) {
					return usage("give the id of a ban, or --all")
				}
				delete(body, "all")
				return nil
			},
		}),
	)
}

// banBody puts who is meant into a map of its own.
func banBody(fs *pflag.FlagSet, _ []string, body map[string]any) error {
	match := map[string]any{}
	for _, p := range banMatch {
		if fs.Changed(p.flag) {
			match[p.key()] = body[p.key()]
			delete(body, p.key())
		}
	}
	if len(match) == 0 {
		return usage("say whom: at least one of --user --ip --account --name --nkey")
	}
	if fs.Changed("for") == fs.Changed("until") {
		return usage("say for how long: --for 10m, or --until TIME")
	}
	body["match"] = match
	return nil
}

func (a *app) completeBans(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.offer(cmd, "/bans", nil, "items", "id", "match.user", "match.ip", "reason")
}
