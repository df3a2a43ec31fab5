package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"natsd/internal/admin/api"
	"natsd/internal/ctl/client"
	"natsd/internal/ctl/output"
)

func (a *app) configGetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "get [POINTER]", Short: "The configuration in force, or one value of it; secrets are hidden",
		Long: `The configuration in force, or one value of it, with the place that it comes from. POINTER is a JSON
pointer or the name of a key: /tls/timeout and tls.timeout are the same.`,
		Example: "  natsctl config get\n  natsctl config get ping_interval\n  natsctl config get --view defaults -o json",
		Args:    cobra.MaximumNArgs(1), ValidArgsFunction: completeKeys,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return a.show(cmd.Context(), client.Request{Path: "/config/values" + pointer(args[0])}, settingView)
			}
			view, _ := cmd.Flags().GetString("view")
			sources, _ := cmd.Flags().GetBool("sources")
			q := client.Request{Path: "/config", Query: url.Values{"view": {view}}}
			if sources {
				return a.show(cmd.Context(), q, sourcesView)
			}
			return a.showConfig(cmd.Context(), q)
		},
	}
	cmd.Flags().String("view", "effective", "effective, file or defaults")
	cmd.Flags().Bool("sources", false, "where each value comes from")
	_ = cmd.RegisterFlagCompletionFunc("view", cobra.FixedCompletions([]string{"effective", "file", "defaults"}, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	return cmd
}

// showConfig shows the tree of the configuration; programs get the whole answer.
func (a *app) showConfig(ctx context.Context, q client.Request) error {
	if a.set.format.Machine() {
		return a.show(ctx, q, output.View{})
	}
	return a.each(ctx, func(c *client.Client) error {
		r, err := c.Do(ctx, q)
		if err != nil {
			return err
		}
		var answer struct {
			Config json.RawMessage `json:"config"`
		}
		if err := json.Unmarshal(r.Body, &answer); err != nil {
			return fmt.Errorf("the answer is no configuration: %w", err)
		}
		return a.printer.Print(answer.Config, output.View{})
	})
}

// pointer makes a JSON pointer, ready for a path, of a pointer or of the name of a key.
func pointer(key string) string {
	if !strings.HasPrefix(key, "/") {
		key = "/" + strings.ReplaceAll(key, ".", "/")
	}
	elems := strings.Split(key, "/")
	for i := range elems {
		elems[i] = url.PathEscape(elems[i])
	}
	return strings.Join(elems, "/")
}

var settingView = output.View{Wrap: true, Name: "pointer", Columns: []output.Column{
	{Title: "Key", Path: "key"},
	{Title: "Value", Path: "value"},
	{Title: "From", Value: func(row any) any { return from(output.Get(row, "source")) }},
	{Title: "Default", Path: "default"},
	{Title: "Type", Path: "type"},
	{Title: "Reload", Path: "reloadable"},
	{Title: "Because", Path: "why"},
	{Title: "Meaning", Path: "doc"},
}}

// from says where a value comes from.
func from(source any) any {
	switch {
	case source == nil:
		return "default"
	case output.Get(source, "flag") != nil:
		return "flag " + fmt.Sprint(output.Get(source, "flag"))
	case output.Get(source, "env") != nil:
		return "variable " + fmt.Sprint(output.Get(source, "env"))
	}
	return fmt.Sprintf("%v:%v:%v", output.Get(source, "file"), output.Get(source, "line"), output.Get(source, "column"))
}

var sourcesView = output.View{Name: "pointer", Columns: []output.Column{
	{Title: "VALUE", Path: "pointer", Keep: 20},
	{Title: "FROM", Path: "from", Keep: 20},
}, Rows: func(answer any) []any {
	sources, _ := output.Get(answer, "sources").(map[string]any)
	rows := make([]any, 0, len(sources))
	for _, p := range sorted(sources) {
		rows = append(rows, map[string]any{"pointer": p, "from": from(sources[p])})
	}
	return rows
}}

func (a *app) configFilesCommand() *cobra.Command {
	return a.endpoint(endpoint{
		use: "files", short: "The files that the configuration was made from", path: "/config/files",
		view: output.View{Items: ".", Name: "path", Columns: []output.Column{
			{Title: "FILE", Path: "path", Keep: 20},
			{Title: "KEY", Path: "key", Keep: 8, Drop: 60},
			{Title: "SIZE", Path: "size", Kind: output.Bytes},
			{Title: "CHANGED", Path: "changed", Kind: output.Enabled},
			{Title: "MODIFIED", Path: "mtime", Kind: output.Time, Drop: 50},
			{Title: "DIGEST", Path: "digest", Wide: true},
		}},
	})
}

func (a *app) configHistoryCommand() *cobra.Command {
	return a.endpoint(endpoint{
		use: "history", short: "Past changes of the configuration, newest first", path: "/config/history", view: historyView,
		example: "  natsctl config history\n  natsctl config show 3\n  natsctl config restore 3 --dry-run",
		params:  []param{{flag: "limit", kind: numberParam, help: "at most so many rows"}, {flag: "cursor", help: "go on where the page before has ended"}},
	})
}

var historyView = output.View{Items: "items", Name: "revision", Trim: true, Columns: []output.Column{
	{Title: "", Value: func(row any) any {
		if output.Get(row, "current") == true {
			return "*"
		}
		return ""
	}},
	{Title: "REV", Path: "revision", Kind: output.Number},
	{Title: "TIME", Path: "time", Kind: output.Time},
	{Title: "TRIGGER", Path: "trigger"},
	{Title: "BY", Path: "actor", Keep: 8},
	{Title: "RESULT", Path: "result"},
	{Title: "VERDICT", Path: "verdict", Drop: 50},
	{Title: "CHANGES", Path: "changes", Kind: output.Number},
	{Title: "DROPPED", Path: "connections_dropped", Kind: output.Number},
	{Title: "REASON", Path: "reason", Keep: 8},
	{Title: "DIGEST", Path: "digest", Wide: true},
}}

func (a *app) configShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show REV", Short: "One revision: what it changed, or with --conf its text, secrets hidden",
		Example: "  natsctl config show 3\n  natsctl config show 3 --conf",
		Args:    cobra.ExactArgs(1), ValidArgsFunction: a.completeRevisions,
		RunE: func(cmd *cobra.Command, args []string) error {
			rev, err := revision(args[0])
			if err != nil {
				return err
			}
			q := client.Request{Path: "/config/history/" + rev}
			if text, _ := cmd.Flags().GetBool("conf"); text {
				q.Query = url.Values{"format": {"conf"}}
				r, err := a.do(cmd.Context(), q)
				if err == nil {
					_, err = a.out.Write(r.Body)
				}
				return err
			}
			r, err := a.do(cmd.Context(), q)
			if err != nil {
				return err
			}
			if a.set.format.Machine() {
				return a.printer.Print(r.Body, output.View{Name: "revision"})
			}
			if err := a.printer.Print(r.Body, revisionView); err != nil {
				return err
			}
			var detail api.RevisionDetail
			if err := json.Unmarshal(r.Body, &detail); err != nil || detail.Plan == nil {
				return err
			}
			fmt.Fprintln(a.out)
			return a.showPlan(detail.Plan)
		},
	}
	cmd.Flags().Bool("conf", false, "the text of the configuration file")
	return cmd
}

var revisionView = output.View{Columns: []output.Column{
	{Title: "Revision", Path: "revision"},
	{Title: "Digest", Path: "digest"},
	{Title: "Time", Path: "time", Kind: output.Time},
	{Title: "Trigger", Path: "trigger"},
	{Title: "By", Path: "actor"},
	{Title: "Reason", Path: "reason"},
	{Title: "Result", Path: "result"},
	{Title: "In force", Path: "current", Kind: output.Enabled},
}}

// revision checks the number of a revision.
func revision(text string) (string, error) {
	if n, err := strconv.Atoi(text); err != nil || n <= 0 {
		return "", usage("%q is not the number of a revision: see natsctl config history", text)
	}
	return text, nil
}
