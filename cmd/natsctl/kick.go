package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"natsd/internal/ctl/client"
	"natsd/internal/ctl/output"
)

// kickParams say how connections are ended, beside whose.
var kickParams = []param{
	{flag: "max", kind: numberParam, help: "end so many at most"},
	{flag: "spread", help: "over this time, so that they do not all come back at once: 30s"},
	{flag: "ban", help: "and keep them out for this time: 10m"},
	{flag: "reason", help: "why; the client and the audit are told"},
}

// kickCommand ends connections: at once, or by mode drain after telling them to go elsewhere.
func (a *app) kickCommand(mode string) *cobra.Command {
	what := map[string]string{"kick": "End connections", "drain": "Tell clients to go elsewhere, then end their connections"}[mode]
	example := map[string]string{"kick": "kick", "drain": "conn drain"}[mode]
	cmd := &cobra.Command{
		Use: mode + " [CID…]", Short: what + ": by id, or all that match",
		Long: what + `: by id, or all that the flags choose together.
Without ids the connections are counted first, and you are asked. The client gets a readable -ERR, and
connz shows the reason.`,
		Example: fmt.Sprintf("  natsctl %[1]s 17\n  natsctl %[1]s --account APP --spread 30s\n  natsctl %[1]s --ip 10.1.0.0/16 --ban 10m --reason \"too loud\" --dry-run", example),
		Args:    cobra.ArbitraryArgs,
		ValidArgsFunction: func(cmd *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
			return a.completeCIDs(cmd, nil, word)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			body, chosen := kickBody(cmd.Flags(), mode)
			switch {
			case len(args) > 0 && chosen:
				return usage("give ids, or flags that choose, not both")
			case len(args) > 0:
				return a.kickEach(cmd.Context(), args, body)
			case !chosen:
				return usage("say whom: ids, or at least one of --account --user --name --ip --kind --subject --idle-gt --filter")
			}
			return a.kickAll(cmd.Context(), mode, body)
		},
	}
	a.addParams(cmd, whoParams)
	a.addParams(cmd, kickParams)
	return cmd
}

// kickBody makes the body of the flags, and tells whether they choose anybody.
func kickBody(fs *pflag.FlagSet, mode string) (body map[string]any, chosen bool) {
	body = map[string]any{}
	for _, p := range whoParams {
		if f := fs.Lookup(p.flag); f.Changed {
			body[p.key()], chosen = value(f), true
		}
	}
	for _, p := range kickParams {
		if f := fs.Lookup(p.flag); f.Changed {
			body[p.key()] = value(f)
		}
	}
	if mode != "kick" {
		body["mode"] = mode
	}
	return body, chosen
}

// kickEach ends connections by their ids. All are tried; the first failure decides the exit code.
func (a *app) kickEach(ctx context.Context, ids []string, body map[string]any) error {
	for _, id := range ids {
		if err := isCID(id); err != nil {
			return err
		}
	}
	if _, ok := body["spread"]; ok {
		return usage("--spread is for many connections")
	}
	c, err := a.client(ctx)
	if err != nil {
		return err
	}
	q := url.Values{}
	for _, key := range []string{"reason", "mode", "ban"} {
		if v, ok := body[key].(string); ok {
			q.Set(key, v)
		}
	}
	if a.set.dryRun {
		q.Set("dry_run", "true")
	}
	var failed error
	for _, id := range ids {
		r, err := c.Do(ctx, client.Request{Method: http.MethodDelete, Path: "/connections/" + id, Query: q})
		_, refused := client.AsProblem(err)
		switch {
		case refused && len(ids) > 1:
			a.note("%s: %s", id, err)
			failed = errors.Join(failed, err)
		case err != nil:
			return err
		case r.Status == http.StatusAccepted && !a.set.dryRun:
			if err := a.follow(ctx, c, r, output.View{}); err != nil {
				return err
			}
		case a.set.dryRun:
			a.note("connection %s would be ended", id)
		default:
			a.note("connection %s was ended", id)
		}
	}
	if failed != nil {
		return outcome(exitCode(failed))
	}
	return nil
}

var kickView = output.View{Wrap: true, Columns: []output.Column{
	{Title: "Matched", Path: "matched"},
	{Title: "Kicked", Path: "kicked"},
	{Title: "Banned", Path: "banned"},
	{Title: "Connections", Value: func(row any) any {
		const most = 10
		cids, _ := output.Get(row, "cids").([]any)
		if len(cids) > most {
			return fmt.Sprintf("%s … (%d)", strings.Trim(fmt.Sprint(cids[:most]), "[]"), len(cids))
		}
		return strings.Trim(fmt.Sprint(cids), "[]")
	}},
	{Title: "Dry run", Path: "dry_run"},
}}

// kickAll ends all connections that match, after a look at how many those are.
func (a *app) kickAll(ctx context.Context, mode string, body map[string]any) error {
	q := client.Request{Method: http.MethodPost, Path: "/connections/kick", Body: body}
	if !a.set.dryRun && !a.set.yes {
		c, err := a.client(ctx)
		if err != nil {
			return err
		}
		var found struct {
			Matched int `json:"matched"`
		}
		if err := c.JSON(ctx, client.Request{Method: q.Method, Path: q.Path, Body: body, Query: url.Values{"dry_run": {"true"}}}, &found); err != nil {
			return err
		}
		if found.Matched == 0 {
			a.note("no connection matches")
			return nil
		}
		if err := a.confirm("%s %d connections", map[string]string{"kick": "Kick", "drain": "Drain"}[mode], found.Matched); err != nil {
			return err
		}
	}
	return a.change(ctx, q, kickView, "")
}
