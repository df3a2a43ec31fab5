package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"natsd/internal/admin/api"
	"natsd/internal/admin/report"
	"natsd/internal/config"
	"natsd/internal/config/syntax"
	"natsd/internal/ctl/client"
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

// diffRunning compares what is in force with a revision, with the files on the server's disk, or with a
// file here.
func (a *app) diffRunning(ctx context.Context, to string) error {
	if to == "" || known(to) {
		return a.diffRevisions(ctx, "running", cmp.Or(to, "file"))
	}
	text, err := a.readFile(to)
	if err != nil {
		return err
	}
	if len(text) == 0 {
		return fmt.Errorf("%s is empty", to) // the server would take its own file
	}
	return a.withLines(a.plan(ctx, textDiff(to, text), true, 0), to, text)
}

// withLines adds the lines that an answer for people is about, as far as they stand in the text that was sent.
func (a *app) withLines(err error, file string, text []byte) error {
	p, ok := client.AsProblem(err)
	if !ok || a.set.format.Machine() {
		return err
	}
	lines, _ := syntax.Parse(file, text, nil)
	for i := range p.Errors {
		if item := &p.Errors[i]; item.File == file && item.Snippet == "" {
			item.Snippet = lines.Source(config.Pos{File: file, Line: item.Line, Col: item.Column})
		}
	}
	return err
}

// textDiff asks what would change by a text, which the answer calls by the name of its file.
func textDiff(file string, text []byte) client.Request {
	return client.Request{
		Method: http.MethodPost, Path: "/config/diff", Query: url.Values{"name": {file}},
		Body: api.DiffRequest{From: "running", Text: string(text)},
	}
}

// diffRevisions compares two revisions, or one with what is in force or in the files.
func (a *app) diffRevisions(ctx context.Context, from, to string) error {
	return a.plan(ctx, client.Request{Method: http.MethodPost, Path: "/config/diff", Body: api.DiffRequest{From: from, To: to}}, true, 0)
}

// known tells that a word names a configuration that the server has.
func known(word string) bool {
	_, err := strconv.Atoi(word)
	return err == nil || word == "running" || word == "file"
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
