package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"natsd/internal/admin/api"
	"natsd/internal/ctl/client"
	"natsd/internal/ctl/output"
)

func (a *app) whoamiCommand() *cobra.Command {
	return a.endpoint(endpoint{use: "whoami", short: "Who you are to the server, and what you may do", path: "/whoami", view: output.View{Name: "subject", Columns: []output.Column{
		{Title: "Subject", Path: "subject"},
		{Title: "By", Path: "method"},
		{Title: "Role", Path: "role"},
		{Title: "Rights", Path: "scopes"},
		{Title: "Accounts", Path: "accounts"},
		{Title: "Expires", Path: "expires", Kind: output.Time},
	}}})
}

var tokensView = output.View{Items: "items", Name: "id", Trim: true, Empty: "no tokens", Columns: []output.Column{
	{Title: "ID", Path: "id"},
	{Title: "ROLE", Path: "role"},
	{Title: "SOURCE", Path: "source", Drop: 60},
	{Title: "RIGHTS", Path: "scopes", Keep: 10},
	{Title: "ACCOUNTS", Path: "accounts", Keep: 10},
	{Title: "NETWORKS", Path: "cidr", Keep: 10},
	{Title: "EXPIRES", Path: "expires", Kind: output.Time},
	{Title: "USED", Path: "last_used", Kind: output.Time, Drop: 70},
	{Title: "NOTE", Path: "note", Keep: 10},
}}

var secretView = output.View{Name: "id", Columns: []output.Column{
	{Title: "ID", Path: "id"},
	{Title: "Role", Path: "role"},
	{Title: "Expires", Path: "expires", Kind: output.Time},
	{Title: "Secret", Path: "secret"},
}}

func (a *app) tokenCommand() *cobra.Command {
	return group("token", "Tokens for the admin API",
		a.endpoint(endpoint{use: "list", short: "All tokens; no secrets", path: "/tokens", view: tokensView, params: pageParams}),
		a.action(action{
			use: "create", short: "Make a token; its secret is shown once", method: http.MethodPost, path: "/tokens", view: secretView,
			example: "  natsctl token create --role viewer --ttl 24h --note dashboard\n  natsctl token create --role operator --account APP -o jsonpath=.secret > token",
			fields: []param{
				{flag: "role", help: "viewer, operator or admin", words: []string{"viewer", "operator", "admin"}},
				{flag: "scope", query: "scopes", kind: listParam, help: "single rights in place of those of the role: connections:kick"},
				{flag: "account", query: "accounts", kind: listParam, help: "limited to these accounts", offers: offerAccounts},
				{flag: "cidr", kind: listParam, help: "only from these networks"},
				{flag: "ttl", help: "how long it holds: 24h"},
				{flag: "note", help: "what it is for"},
			},
			body: func(fs *pflag.FlagSet, _ []string, _ map[string]any) error {
				if !fs.Changed("role") && !fs.Changed("scope") {
					return usage("give the token a --role")
				}
				return nil
			},
		}),
		a.action(action{
			use: "rotate ID", short: "Give a token a new secret, which is shown once", args: cobra.ExactArgs(1), method: http.MethodPost, path: "/tokens/{0}/rotate", view: secretView,
			complete: a.completeTokens, fields: []param{{flag: "grace", help: "the old one holds for so long too: 1h"}},
		}),
		a.action(action{
			use: "delete ID", short: "End a token", args: cobra.ExactArgs(1), method: http.MethodDelete, path: "/tokens/{0}", complete: a.completeTokens,
			ask: "End the token %s", done: "token %s has ended",
		}),
	)
}

func (a *app) completeTokens(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.offer(cmd, "/tokens", nil, "items", "id", "role", "note")
}

func (a *app) auditCommand() *cobra.Command {
	return group("audit", "The record of what operators did",
		a.endpoint(endpoint{
			use: "list", short: "Records, filtered", path: "/audit",
			params: append([]param{
				{flag: "actor", help: "by this one"},
				{flag: "action", help: "of this kind"},
				{flag: "since", help: "from this time on"},
				{flag: "until", help: "up to this time"},
				{flag: "result", help: "that ended so"},
			}, pageParams...),
			view: output.View{Items: "items", Name: "seq", Trim: true, Empty: "no records", Head: pageHead("records"), Columns: []output.Column{
				{Title: "SEQ", Path: "seq", Kind: output.Number},
				{Title: "TIME", Path: "time", Kind: output.Time},
				{Title: "ACTOR", Value: func(row any) any {
					return strings.Trim(fmt.Sprintf("%v:%v", orEmpty(output.Get(row, "actor.type")), orEmpty(output.Get(row, "actor.id"))), ":")
				}, Keep: 10},
				{Title: "ACTION", Path: "action", Keep: 10},
				{Title: "TARGET", Path: "target", Keep: 10},
				{Title: "RESULT", Path: "result"},
				{Title: "STATUS", Path: "status", Kind: output.Number},
				{Title: "DRY_RUN", Path: "dry_run", Drop: 70},
				{Title: "ROLE", Path: "actor.role", Wide: true},
				{Title: "IP", Path: "actor.ip", Wide: true},
				{Title: "REQUEST", Path: "request_id", Wide: true},
			}},
		}),
		a.auditVerifyCommand(),
	)
}

// auditVerifyCommand tells by the exit code as well whether the record is whole.
func (a *app) auditVerifyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "verify", Short: "Whether the record is whole: its chain of hashes is checked; exit code 1 when it is not",
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := a.do(cmd.Context(), client.Request{Path: "/audit/verify"})
			if err != nil {
				return err
			}
			if err := a.printer.Print(r.Body, auditCheckView); err != nil {
				return err
			}
			var check api.AuditCheck
			if err := json.Unmarshal(r.Body, &check); err != nil {
				return fmt.Errorf("the answer is not what was expected: %w", err)
			}
			if !check.Valid {
				return outcome(exitFail)
			}
			return nil
		},
	}
}

var auditCheckView = output.View{Columns: []output.Column{
	{Title: "Whole", Path: "valid", Kind: output.Enabled},
	{Title: "Records", Path: "records"},
	{Title: "First bad", Path: "first_bad"},
	{Title: "File", Path: "file"},
	{Title: "Line", Path: "line"},
	{Title: "Reason", Path: "reason"},
}}

// orEmpty makes nothing an empty text.
func orEmpty(v any) any {
	if v == nil {
		return ""
	}
	return v
}
