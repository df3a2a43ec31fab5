package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"natsd/internal/admin/api"
	"natsd/internal/ctl/client"
	"natsd/internal/ctl/output"
)

func (a *app) reloadCommand() *cobra.Command {
	var q api.ReloadRequest
	var wait time.Duration
	cmd := &cobra.Command{
		Use: "reload", Short: "Load the configuration again and put it into force",
		Long: `Load the configuration again and put it into force, as a whole or not at all. The answer is the plan:
what has changed, where that stands, and whose connections end.

With --dry-run the plan is only shown; --plan-id then applies exactly what was shown, and fails with exit
code 7 when the file or the server has changed meanwhile.`,
		Example: `  natsctl reload --dry-run
  natsctl reload --plan-id 01JT…
  natsctl reload --mode partial --reason "new limits"
  natsctl reload --dry-run --exit-code || echo "there is something to apply"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if wait > 0 {
				q.Wait = wait.String()
			}
			if !slices.Contains([]string{"", "strict", "partial"}, q.Mode) {
				return usage("--mode: %q is none of strict, partial", q.Mode)
			}
			q.DryRun = a.set.dryRun
			byCode, _ := cmd.Flags().GetBool("exit-code")
			return a.plan(cmd.Context(), client.Request{Method: http.MethodPost, Path: "/reload", Body: q}, byCode, wait)
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&q.PlanID, "plan-id", "", "apply only what the dry run with this id has shown")
	fs.StringVar(&q.Mode, "mode", "", "strict refuses changes that need a restart; partial applies the rest")
	fs.StringVar(&q.RollbackOn, "rollback-on", "", "go back on: error, unhealthy, never")
	fs.StringVar(&q.Reason, "reason", "", "why, for the history")
	fs.DurationVar(&wait, "wait", 0, "wait so long for a reload that is under way")
	fs.BoolVar(&q.AllowAuthRemoval, "allow-auth-removal", false, "permit a change that takes away all authentication, TLS or accounts")
	fs.Bool("exit-code", false, "exit code 8 when there are changes")
	for flag, words := range map[string][]string{"mode": {"strict", "partial"}, "rollback-on": {"error", "unhealthy", "never"}} {
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	}
	cmd.AddCommand(a.reloadStatusCommand(), a.watcherCommand())
	return cmd
}

// plan sends a request that is answered by a plan, and shows that, also when it was refused. The answer
// may take longer than others by extra.
func (a *app) plan(ctx context.Context, q client.Request, byCode bool, extra time.Duration) error {
	a.set.timeout += extra
	r, err := a.do(ctx, q)
	if p, ok := client.AsProblem(err); ok && p.Plan != nil && !a.set.format.Machine() && len(p.Plan.Changes) > 0 {
		if err := a.showPlan(p.Plan); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	var p api.Plan
	if err := json.Unmarshal(r.Body, &p); err != nil {
		return fmt.Errorf("the answer is no plan: %w", err)
	}
	if a.set.format.Machine() {
		err = a.printer.Print(r.Body, planView)
	} else if err = a.showPlan(&p); err == nil && q.Path == "/reload" && p.DryRun && p.PlanID != "" && len(p.Changes) > 0 {
		a.note("To apply exactly this: natsctl reload --plan-id %s", p.PlanID)
	}
	if err == nil && byCode && len(p.Changes) > 0 {
		return outcome(exitChanges)
	}
	return err
}

func (a *app) reloadStatusCommand() *cobra.Command {
	return a.endpoint(endpoint{
		use: "status", short: "The last reload, what waits for a restart, and the watcher of the files",
		path: "/reload", view: reloadView,
	})
}

var reloadView = output.View{Wrap: true, Columns: []output.Column{
	{Title: "Revision", Path: "revision"},
	{Title: "Generation", Path: "generation"},
	{Title: "Configuration", Path: "digest"},
	{Title: "Loaded", Path: "loaded_at", Kind: output.Time},
	{Title: "Under way", Path: "running", Kind: output.Enabled},
	{Title: "Pending restart", Path: "pending_restart"},
	{Title: "Last attempt", Path: "last.result.outcome"},
	{Title: "  by", Path: "last.who"},
	{Title: "  because", Path: "last.why"},
	{Title: "  at", Path: "last.time", Kind: output.Time},
	{Title: "  errors", Value: func(row any) any {
		list, _ := output.Get(row, "last.errors").([]any)
		texts := make([]string, len(list))
		for i, e := range list {
			texts[i] = fmt.Sprint(output.Get(e, "message"))
		}
		return strings.Join(texts, "; ")
	}},
	{Title: "Watcher", Path: "watcher.mode"},
	{Title: "  paused until", Path: "watcher.paused_until", Kind: output.Time},
	{Title: "  files", Path: "watcher.files", Kind: output.Size},
	{Title: "  waiting", Path: "watcher.pending"},
	{Title: "  last change", Path: "watcher.last_change", Kind: output.Time},
	{Title: "  last error", Path: "watcher.last_error"},
}}

func (a *app) watcherCommand() *cobra.Command {
	return &cobra.Command{
		Use: "watcher on|off|pause [DURATION]", Short: "Switch the watcher of the files, or let it pause",
		Example:   "  natsctl reload watcher pause 10m\n  natsctl reload watcher on",
		Args:      cobra.RangeArgs(1, 2),
		ValidArgs: []string{"on", "off", "pause"},
		RunE: func(cmd *cobra.Command, args []string) error {
			on, off := true, false
			var body api.SetWatcher
			switch {
			case args[0] == "on" && len(args) == 1:
				body.Enabled, body.PauseUntil = &on, &time.Time{}
			case args[0] == "off" && len(args) == 1:
				body.Enabled = &off
			case args[0] == "pause":
				pause, err := time.ParseDuration(append(args, "10m")[1])
				if err != nil || pause <= 0 {
					return usage("%q is no duration", args[1])
				}
				until := time.Now().Add(pause).UTC().Truncate(time.Second)
				body.PauseUntil = &until
			default:
				return usage("say on, off, or pause with a duration")
			}
			return a.show(cmd.Context(), client.Request{Method: http.MethodPut, Path: "/reload/watcher", Body: body, Query: a.dry()}, output.View{})
		},
	}
}
