package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"natsd/internal/admin/api"
	"natsd/internal/config"
	"natsd/internal/ctl/output"
	"natsd/internal/ctl/plan"
	"natsd/internal/reload"
)

func (a *app) diffCommand() *cobra.Command {
	return &cobra.Command{
		Use: "diff [A] [B]", Short: "What would change by a file, or between two files or revisions",
		Long: `Compare configurations by their meaning: order, comments and notation make no difference. Each change
has its verdict (live, live-disruptive, restart, rejected) and its place; exit code 8 when they differ.

  natsctl config diff         what runs, with the files on the server's disk
  natsctl config diff FILE    what runs, with a file from here: the plan of a reload, whose connections
                              would end included
  natsctl config diff REV     what runs, with a revision of the history
  natsctl config diff A B     two files here, without a server; or two of: REV, running, file`,
		Example: "  natsctl config diff nats.conf\n  natsctl config diff old.conf new.conf\n  natsctl config diff 3 running",
		Args:    cobra.MaximumNArgs(2), ValidArgsFunction: completeFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) < 2:
				return a.diffRunning(cmd.Context(), append(args, "")[0])
			case known(args[0]) && known(args[1]):
				return a.diffRevisions(cmd.Context(), args[0], args[1])
			}
			p, err := a.diffFiles(args[0], args[1])
			if err != nil {
				return err
			}
			if err := a.showPlan(p); err != nil {
				return err
			}
			if len(p.Changes) > 0 {
				return outcome(exitChanges)
			}
			return nil
		},
	}
}

// diffFiles compares two configurations without a server.
func (a *app) diffFiles(from, to string) (*api.Plan, error) {
	var options [2]*config.Options
	for i, file := range []string{from, to} {
		o, report := a.load(file)
		if o == nil {
			a.tell([]validity{{File: file, Errors: items(report.Errors(), report.Source)}})
			return nil, outcome(exitInvalid)
		}
		options[i] = o
	}
	p := &api.Plan{
		DryRun: true, Mode: "strict", Verdict: api.VerdictNoop, Summary: map[string]int{},
		From: api.State{Digest: options[0].Digest, Files: options[0].Files}, To: api.State{Digest: options[1].Digest, Files: options[1].Files},
	}
	for _, f := range reload.Diff(options[0], options[1]) {
		p.Changes = append(p.Changes, api.Change{
			Pointer: f.Pointer, Path: f.Path, Op: f.Op.String(), Old: f.Old, New: f.New, Content: f.Content,
			Verdict: f.Verdict.String(), Reason: f.Reason, Source: source(f.Origin),
		})
	}
	worst := 0
	order := []string{api.VerdictNoop, api.VerdictLive, api.VerdictDisruptive, api.VerdictRestart, api.VerdictRejected}
	for _, c := range p.Changes {
		p.Summary[c.Verdict]++
		worst = max(worst, slices.Index(order, c.Verdict))
	}
	p.Verdict = order[worst]
	return p, nil
}

// source says where a value comes from.
func source(o config.Origin) *api.Source {
	switch {
	case o.Layer == config.FromFlag:
		return &api.Source{Flag: o.Name}
	case o.Layer == config.FromEnv:
		return &api.Source{Env: o.Name}
	case o.Pos.File != "":
		return &api.Source{File: o.Pos.File, Line: o.Pos.Line, Column: o.Pos.Col}
	}
	return nil
}

// showPlan shows a plan to people, or to programs as it came.
func (a *app) showPlan(p *api.Plan) error {
	if a.set.format.Machine() {
		body, err := json.Marshal(p)
		if err != nil {
			return fmt.Errorf("show the plan: %w", err)
		}
		return a.printer.Print(body, planView)
	}
	dir, err := os.Getwd()
	if err != nil {
		dir = ""
	}
	w := plan.Writer{Out: a.out, Color: a.printer.Color, Dir: dir}
	return w.Write(p)
}

// planView lists the changes of a plan for programs.
var planView = output.View{Items: "changes", Name: "path", Columns: []output.Column{
	{Path: "path"},
	{Path: "op"},
	{Path: "verdict"},
	{Path: "old"},
	{Path: "new"},
	{Path: "reason"},
	{Path: "effect.connections_dropped"},
	{Path: "source.file"},
	{Path: "source.line"},
}}
