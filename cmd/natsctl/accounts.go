package main

import (
	"encoding/json"
	"net/http"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"natsd/internal/ctl/output"
)

var accountsView = output.View{Items: "items", Name: "name", Trim: true, Empty: "no accounts", Columns: []output.Column{
	{Title: "ACCOUNT", Path: "name", Keep: 8},
	{Title: "SOURCE", Path: "source"},
	{Title: "CONNS", Path: "connections", Kind: output.Count},
	{Title: "LEAFS", Path: "leafnodes", Kind: output.Count},
	{Title: "SUBS", Path: "subscriptions", Kind: output.Count},
	{Title: "USERS", Path: "users", Kind: output.Count},
	{Title: "EXPORTS", Path: "exports", Kind: output.Size},
	{Title: "IMPORTS", Path: "imports", Kind: output.Size},
	{Title: "MAPPINGS", Path: "mappings", Kind: output.Size},
}}

func (a *app) accountCommand() *cobra.Command {
	first := func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return a.completeAccounts(cmd, args, word)
	}
	return group("account", "Accounts: list, change, end their connections",
		a.endpoint(endpoint{use: "list", short: "All accounts", path: "/accounts", view: accountsView, params: pageParams}),
		a.endpoint(endpoint{use: "get ACCOUNT", short: "One account: limits, exports, imports, mappings, use", args: cobra.ExactArgs(1), path: "/accounts/{0}", complete: first}),
		a.action(action{
			use: "set ACCOUNT", short: "Make or change an account", args: cobra.ExactArgs(1), method: http.MethodPatch, path: "/accounts/{0}", complete: first,
			fields: []param{{flag: "data", short: "d", help: "the account, or what changes, as JSON; @file reads it from a file"}}, body: a.object,
		}),
		a.action(action{
			use: "delete ACCOUNT", short: "Remove an account", args: cobra.ExactArgs(1), method: http.MethodDelete, path: "/accounts/{0}", complete: first,
			ask: "Remove the account %s", done: "account %s was removed", params: []param{{flag: "force", kind: boolParam, help: "even with clients connected"}},
		}),
		a.action(action{
			use: "kick ACCOUNT", short: "End all connections of an account", args: cobra.ExactArgs(1), method: http.MethodPost, path: "/accounts/{0}/kick", complete: first,
			ask: "End all connections of account %s", fields: kickParams, view: kickView,
		}),
	)
}

// object reads a JSON object of --data as the body.
func (a *app) object(fs *pflag.FlagSet, _ []string, body map[string]any) error {
	data := fs.Lookup("data").Value.String()
	delete(body, "data")
	text := []byte(data)
	if len(data) > 1 && data[0] == '@' {
		var err error
		if text, err = a.readFile(data[1:]); err != nil {
			return err
		}
	}
	if err := json.Unmarshal(text, &body); err != nil {
		return usage("--data: give a JSON object, or @file")
	}
	return nil
}

func (a *app) userCommand() *cobra.Command {
	args := cobra.ExactArgs(2)
	complete := func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		switch len(args) {
		case 0:
			return a.completeAccounts(cmd, args, word)
		case 1:
			return a.completeUsers(cmd, args, word)
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	const path = "/accounts/{0}/users/{1}"
	return group("user", "Users of accounts",
		a.endpoint(endpoint{use: "list ACCOUNT", short: "The users of an account; no secrets", args: cobra.ExactArgs(1), path: "/accounts/{0}/users", complete: complete, view: output.View{
			Items: "items", Name: "user", Trim: true, Empty: "no users", Columns: []output.Column{
				{Title: "USER", Path: "user", Keep: 8},
				{Title: "NKEY", Path: "nkey", Keep: 12},
				{Title: "SOURCE", Path: "source"},
				{Title: "CONNS", Path: "connections", Kind: output.Count},
				{Title: "LAST_SEEN", Path: "last_seen", Kind: output.Time},
				{Title: "EXPIRES", Path: "expires", Kind: output.Time},
			},
		}}),
		a.endpoint(endpoint{use: "get ACCOUNT USER", short: "One user", args: args, path: path, complete: complete}),
		a.action(action{
			use: "set ACCOUNT USER", short: "Make or change a user", args: args, method: http.MethodPatch, path: path, complete: complete,
			fields: []param{{flag: "data", short: "d", help: "the user, or what changes, as JSON; @file reads it from a file"}}, body: a.object,
		}),
		a.action(action{use: "delete ACCOUNT USER", short: "Remove a user", args: args, method: http.MethodDelete, path: path, complete: complete, ask: "Remove user %[2]s of account %[1]s", done: "user %[2]s of account %[1]s was removed"}),
		a.action(action{
			use: "rotate ACCOUNT USER", short: "Give a user a new secret, which is shown once", args: args, method: http.MethodPost, path: path + "/rotate", complete: complete,
			fields: []param{{flag: "grace", help: "the old one holds for so long too: 1h"}},
		}),
		a.action(action{use: "kick ACCOUNT USER", short: "End all connections of a user", args: args, method: http.MethodPost, path: path + "/kick", complete: complete, fields: kickParams, view: kickView}),
	)
}

func (a *app) authCommand() *cobra.Command {
	return group("auth", "Authentication: try it, and see what fails",
		a.action(action{
			use: "test", short: "Whether somebody would be let in, and as whom", method: http.MethodPost, path: "/auth/test",
			long: `Whether somebody would be let in, and as whom. Nothing is logged in. Secrets are read from files: others
see the command line.`,
			fields: []param{
				{flag: "user", help: "name of the user"},
				{flag: "password-file", help: "file with the password"},
				{flag: "auth-token-file", help: "file with the token of the client"},
				{flag: "nkey", help: "public nkey"},
				{flag: "cert-subject", help: "subject of the client's certificate"},
				{flag: "connection-type", help: "STANDARD, WEBSOCKET, MQTT or LEAFNODE"},
				{flag: "ip", help: "address of the client"},
			},
			body: func(_ *pflag.FlagSet, _ []string, body map[string]any) error {
				for field, key := range map[string]string{"password_file": "pass", "auth_token_file": "token"} {
					file, ok := body[field].(string)
					if !ok {
						continue
					}
					secret, err := readToken("", file)
					if err != nil {
						return err
					}
					body[key] = secret
					delete(body, field)
				}
				return nil
			},
		}),
		a.endpoint(endpoint{
			use: "failures", short: "Logins that failed of late", path: "/auth/failures",
			params: []param{{flag: "window", help: "within this time"}, {flag: "by", help: "count by ip, user or reason", words: []string{"ip", "user", "reason"}}},
			view: output.View{Rows: rowsOf("items", "failures"), Trim: true, Empty: "no login has failed", Columns: []output.Column{
				{Title: "COUNT", Path: "count", Kind: output.Number},
				{Title: "KEY", Path: "key", Keep: 12},
				{Title: "LAST", Path: "last", Kind: output.Time},
				{Title: "IP", Path: "last_ip"},
				{Title: "USER", Path: "last_user", Keep: 8},
				{Title: "REASON", Path: "last_reason", Keep: 12},
			}},
		}),
	)
}
