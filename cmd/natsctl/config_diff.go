package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"natsd/internal/admin/api"
	"natsd/internal/admin/report"
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
		o, found := a.load(file)
		if o == nil {
			a.tell([]validity{{File: file, Errors: report.Found(found.Errors(), found.Source)}})
			return nil, outcome(exitInvalid)
		}
		options[i] = o
	}
	p := report.Plan(reload.Compare(options[0], options[1], 0, 0))
	p.PlanID, p.Result.Outcome = "", "" // nobody is there who could apply it
	return p, nil
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
