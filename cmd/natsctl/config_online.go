package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"natsd/internal/admin/api"
	"natsd/internal/ctl/client"
	"natsd/internal/ctl/output"
)

// confType is the media type of a configuration in the language of NATS.
const confType = "text/x-nats-conf"

// dry is the query of a request that changes something: with --dry-run only as far as to tell what it
// would do.
func (a *app) dry() url.Values {
	if a.set.dryRun {
		return url.Values{"dry_run": {"true"}}
	}
	return nil
}

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
			c, err := a.client(cmd.Context())
			if err != nil {
				return err
			}
			q := client.Request{Path: "/config/history/" + rev}
			if text, _ := cmd.Flags().GetBool("conf"); text {
				q.Query = url.Values{"format": {"conf"}}
				r, err := c.Do(cmd.Context(), q)
				if err == nil {
					_, err = a.out.Write(r.Body)
				}
				return err
			}
			r, err := c.Do(cmd.Context(), q)
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

func (a *app) configRestoreCommand() *cobra.Command {
	var q api.ReloadRequest
	cmd := &cobra.Command{
		Use: "restore REV", Short: "Put the configuration of a revision into force again; the files on disk stay",
		Example: "  natsctl config restore 3 --dry-run\n  natsctl config restore 3 --reason \"the new limits were wrong\"",
		Args:    cobra.ExactArgs(1), ValidArgsFunction: a.completeRevisions,
		RunE: func(cmd *cobra.Command, args []string) error {
			rev, err := revision(args[0])
			if err != nil {
				return err
			}
			q.DryRun = a.set.dryRun
			return a.plan(cmd.Context(), client.Request{Method: http.MethodPost, Path: "/config/history/" + rev + "/restore", Body: q}, false, 0)
		},
	}
	cmd.Flags().StringVar(&q.Reason, "reason", "", "why, for the history")
	cmd.Flags().BoolVar(&q.AllowAuthRemoval, "allow-auth-removal", false, "permit a change that takes away all authentication, TLS or accounts")
	return cmd
}

func (a *app) configConfirmCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "confirm REV", Short: "End the probation of a revision: it stays, whatever comes",
		Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeRevisions,
		RunE: func(cmd *cobra.Command, args []string) error {
			rev, err := strconv.Atoi(args[0])
			if err != nil {
				return usage("%q is not the number of a revision", args[0])
			}
			return a.show(cmd.Context(), client.Request{
				Method: http.MethodPost, Path: "/config/probation/confirm", Body: map[string]int{"rev": rev}, Query: a.dry(),
			}, output.View{})
		},
	}
	return cmd
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
	return a.plan(ctx, textDiff(to, text), true, 0)
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

func (a *app) configSetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "set POINTER VALUE", Short: "Change one value of the configuration in force",
		Long: `Change one value of the configuration in force. VALUE is JSON, or else a text; null takes the value
away. Whether the change is written into the file too depends on admin.write_config.`,
		Example: "  natsctl config set ping_interval 30s --dry-run\n  natsctl config set /limits/max_payload 2097152",
		Args:    cobra.ExactArgs(2), ValidArgsFunction: completeKeys,
		RunE: func(cmd *cobra.Command, args []string) error {
			var value any
			if err := json.Unmarshal([]byte(args[1]), &value); err != nil {
				value = args[1]
			}
			elems := strings.Split(strings.ReplaceAll(strings.TrimPrefix(args[0], "/"), ".", "/"), "/")
			for _, elem := range slices.Backward(elems) {
				value = map[string]any{elem: value}
			}
			patch, err := json.Marshal(value)
			if err != nil {
				return fmt.Errorf("encode the change: %w", err)
			}
			tag, err := a.etag(cmd.Context())
			if err != nil {
				return err
			}
			reason, _ := cmd.Flags().GetString("reason")
			q := a.dry()
			if reason != "" {
				if q == nil {
					q = url.Values{}
				}
				q.Set("reason", reason)
			}
			return a.plan(cmd.Context(), client.Request{
				Method: http.MethodPatch, Path: "/config", Query: q, Body: patch, Type: "application/merge-patch+json",
				Header: http.Header{"If-Match": {tag}},
			}, false, 0)
		},
	}
	cmd.Flags().String("reason", "", "why, for the history")
	return cmd
}

func (a *app) configApplyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "apply FILE", Short: "Put a configuration from here into force on the server",
		Long: `Put a configuration from here into force on the server, in place of the one that runs. Includes are
looked for on the server. Whether it is written into the file there depends on admin.write_config.`,
		Example: "  natsctl config apply nats.conf --dry-run\n  natsctl -s https://nats.example:8223 config apply nats.conf",
		Args:    cobra.ExactArgs(1), ValidArgsFunction: completeFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := a.readFile(args[0])
			if err != nil {
				return err
			}
			tag, err := a.etag(cmd.Context())
			if err != nil {
				return err
			}
			q := query(cmd.Flags(), []param{{flag: "reason"}})
			q.Set("name", args[0])
			if a.set.dryRun {
				q.Set("dry_run", "true")
			}
			return a.plan(cmd.Context(), client.Request{
				Method: http.MethodPut, Path: "/config", Query: q, Body: text, Type: confType, Header: http.Header{"If-Match": {tag}},
			}, false, 0)
		},
	}
	cmd.Flags().String("reason", "", "why, for the history")
	return cmd
}

// etag names the configuration in force, so that nobody's change is overwritten.
func (a *app) etag(ctx context.Context) (string, error) {
	c, err := a.client(ctx)
	if err != nil {
		return "", err
	}
	r, err := c.Do(ctx, client.Request{Path: "/config"})
	if err != nil {
		return "", err
	}
	return r.Header.Get("ETag"), nil
}

func (a *app) configEditCommand() *cobra.Command {
	return &cobra.Command{
		Use: "edit [FILE]", Short: "Edit the file of the server on this host, see the plan, put it into force",
		Long: `Edit the configuration file of the server on this host. A copy is opened in $VISUAL or $EDITOR; what
comes of it is checked and compared with what is in force, and only after a yes it takes the place of
the file and is loaded. FILE is one of natsctl config files; without it it is the main one.`,
		Args: cobra.MaximumNArgs(1), ValidArgsFunction: completeFiles,
		RunE: func(cmd *cobra.Command, args []string) error { return a.edit(cmd.Context(), args) },
	}
}

func (a *app) edit(ctx context.Context, args []string) error {
	if !isTerminal(a.in) {
		return usage("config edit needs a terminal")
	}
	c, err := a.client(ctx)
	if err != nil {
		return err
	}
	var files []api.File
	if err := c.JSON(ctx, client.Request{Path: "/config/files"}, &files); err != nil {
		return err
	}
	switch {
	case !strings.HasPrefix(c.Target().String(), "unix:"):
		return usage("config edit needs the server on this host: over the network secrets are hidden; use config apply FILE")
	case len(files) == 0:
		return errors.New("this server runs without a configuration file")
	case len(args) == 0:
		args = []string{files[0].Path}
	}
	file, err := filepath.Abs(args[0])
	if err != nil {
		return fmt.Errorf("find %s: %w", args[0], err)
	}
	before, err := a.readFile(file)
	if err != nil {
		return err
	}
	after, err := a.edited(ctx, file, before)
	if err != nil {
		return err
	}
	if string(after) == string(before) {
		a.note("nothing was changed")
		return nil
	}
	if file == files[0].Path {
		if err := a.plan(ctx, textDiff(file, after), false, 0); err != nil {
			return err
		}
	}
	if err := a.confirm("Write %s and put it into force", file); err != nil || a.set.dryRun {
		return err
	}
	if err := replaceFile(file, after); err != nil {
		return err
	}
	return a.plan(ctx, client.Request{Method: http.MethodPost, Path: "/reload", Body: api.ReloadRequest{Reason: "config edit"}}, false, 0)
}

// edited opens a copy of a text in the user's editor and returns what it holds afterwards.
func (a *app) edited(ctx context.Context, file string, text []byte) ([]byte, error) {
	editor := os.Getenv("VISUAL")
	if editor == "" {
		editor = os.Getenv("EDITOR")
	}
	if editor == "" {
		editor = "vi"
	}
	// Beside the original, so that includes mean the same; nobody else may read it.
	tmp, err := os.CreateTemp(filepath.Dir(file), ".natsctl-*-"+filepath.Base(file))
	if err != nil {
		return nil, fmt.Errorf("make a copy to edit: %w", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(text)
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, fmt.Errorf("make a copy to edit: %w", err)
	}
	words := append(strings.Fields(editor), tmp.Name())
	cmd := exec.CommandContext(ctx, words[0], words[1:]...) //nolint:gosec // the user's own editor
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.in, a.out, a.err
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("edit with %s: %w", words[0], err)
	}
	return a.readFile(tmp.Name())
}
