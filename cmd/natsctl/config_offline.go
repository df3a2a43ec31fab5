package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"natsd/internal/admin/api"
	"natsd/internal/admin/report"
	"natsd/internal/config"
	"natsd/internal/config/convert"
	"natsd/internal/config/syntax"
	"natsd/internal/ctl/client"
	"natsd/internal/ctl/output"
	"natsd/internal/staged"
)

// load reads a configuration as a start of natsd in this environment would.
func (a *app) load(file string) (*config.Options, *config.Report) {
	src := config.Source{Path: file, Env: os.LookupEnv, Environ: map[string]string{}}
	for _, pair := range a.environ {
		if name, value, ok := strings.Cut(pair, "="); ok && strings.HasPrefix(name, "NATSD_") {
			src.Environ[name] = value
		}
	}
	return config.Load(src)
}

// validity is what config validate says of a file.
type validity struct {
	File     string     `json:"file"`
	Valid    bool       `json:"valid"`
	Digest   string     `json:"digest,omitempty"`
	Errors   []api.Item `json:"errors"`
	Warnings []api.Item `json:"warnings"`
}

func (a *app) validateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "validate [FILE…]", Short: "Check configuration files, as a start of natsd does; exit code 6 when one is wrong",
		Long: `Check configuration files, as a start of natsd does: every problem with its place. No server is needed.
Without a file the server checks its own, with its flags and its environment.`,
		Example: "  natsctl config validate nats.conf\n  natsctl config validate --strict *.conf\n  natsctl config validate",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, files []string) error {
			strict, _ := cmd.Flags().GetBool("strict")
			if len(files) == 0 {
				return a.validateThere(cmd.Context(), strict)
			}
			results := make([]validity, len(files))
			bad := false
			for i, file := range files {
				results[i] = a.validate(file, strict)
				bad = bad || !results[i].Valid
			}
			if a.set.format.Machine() {
				body, err := json.Marshal(results)
				if err != nil {
					return fmt.Errorf("show the result: %w", err)
				}
				if err := a.printer.Print(body, output.View{Items: ".", Name: "file", Columns: []output.Column{
					{Path: "file"}, {Path: "valid"}, {Path: "digest"}, {Path: "errors", Kind: output.Size}, {Path: "warnings", Kind: output.Size},
				}}); err != nil {
					return err
				}
			} else {
				a.tell(results)
			}
			if bad {
				return outcome(exitInvalid)
			}
			return nil
		},
	}
	cmd.Flags().Bool("strict", false, "warnings count as errors, also what a start would refuse")
	cmd.ValidArgsFunction = completeFiles
	return cmd
}

// validateThere lets the server check its own files.
func (a *app) validateThere(ctx context.Context, strict bool) error {
	q := client.Request{Method: http.MethodPost, Path: "/config/validate", Body: api.ValidateRequest{}}
	if strict {
		q.Query = url.Values{"strict": {"true"}}
	}
	r, err := a.do(ctx, q)
	if err != nil {
		return err
	}
	if a.set.format.Machine() {
		return a.printer.Print(r.Body, output.View{})
	}
	var v api.Validation
	if err := json.Unmarshal(r.Body, &v); err != nil {
		return fmt.Errorf("the answer is not what was expected: %w", err)
	}
	a.tell([]validity{{File: "the configuration on the server's disk", Valid: v.Valid, Digest: v.Digest, Warnings: v.Warnings}})
	return nil
}

func (a *app) validate(file string, strict bool) validity {
	o, found := a.load(file)
	v := validity{
		File: file, Valid: o != nil, Errors: report.Found(found.Errors(), found.Source), Warnings: report.Found(found.Warnings(), found.Source),
	}
	if o != nil {
		v.Digest = o.Digest
		v.Valid = !strict || len(v.Warnings) == 0
	}
	return v
}

// tell says what is wrong on stderr, and which files are right on stdout.
func (a *app) tell(results []validity) {
	for _, v := range results {
		for _, item := range slices.Concat(v.Errors, v.Warnings) {
			if item.Severity == api.SeverityError || !a.set.quiet {
				writeItem(a.err, item)
			}
		}
		if v.Valid {
			fmt.Fprintf(a.out, "%s is valid (%s)\n", v.File, v.Digest)
		}
	}
}

// completeFiles lets the shell complete names of files.
func completeFiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

// readFile reads a file, or the input for "-".
func (a *app) readFile(file string) (text []byte, err error) {
	if file == "-" {
		text, err = io.ReadAll(io.LimitReader(a.in, 16<<20))
	} else {
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	return text, nil
}

// broken tells what is wrong with a file that cannot be read.
func (a *app) broken(problems []syntax.Problem) error {
	for _, item := range report.Found(problems, nil) {
		if item.Severity == api.SeverityError {
			writeItem(a.err, item)
		}
	}
	return outcome(exitInvalid)
}

func (a *app) fmtCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "fmt [FILE…]", Short: "Lay out configuration files; comments stay",
		Long: `Lay out configuration files: one pair a line, two spaces for each level. Comments, includes, variables
and the notation of values stay as they are, and so does the meaning. Without a file, or with -, the
text comes from the input. The result is written to the output; -w writes it back.`,
		Example: "  natsctl config fmt nats.conf\n  natsctl config fmt -w conf.d/*.conf\n  natsctl config fmt --check nats.conf",
		Args:    cobra.ArbitraryArgs, ValidArgsFunction: completeFiles,
		RunE: func(cmd *cobra.Command, files []string) error {
			write, _ := cmd.Flags().GetBool("write")
			check, _ := cmd.Flags().GetBool("check")
			if len(files) == 0 {
				files = []string{"-"}
			}
			changed := false
			for _, file := range files {
				differs, err := a.format(file, write, check)
				if err != nil {
					return err
				}
				changed = changed || differs
			}
			if check && changed {
				return outcome(exitChanges)
			}
			return nil
		},
	}
	cmd.Flags().BoolP("write", "w", false, "write the result back into the file")
	cmd.Flags().Bool("check", false, "only name files that would change; exit code 8 when there are any")
	return cmd
}

// format lays out one file and reports whether that changes it.
func (a *app) format(file string, write, check bool) (bool, error) {
	text, err := a.readFile(file)
	if err != nil {
		return false, err
	}
	out, problems := syntax.Format(file, text)
	if out == nil {
		return false, a.broken(problems)
	}
	differs := !bytes.Equal(text, out)
	switch {
	case check:
		if differs {
			fmt.Fprintln(a.out, file)
		}
	case !write || file == "-":
		_, err = a.out.Write(out)
	case differs && a.set.dryRun:
		a.note("%s would be changed", file)
	case differs:
		err = replaceFile(file, out)
	}
	return differs, err
}

// replaceFile writes a file in place of an old one, whole or not at all, with its mode and owner.
func replaceFile(file string, text []byte) error {
	f, kept, err := staged.Over(file, text)
	if err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	if err := f.Commit(); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", file, err), f.Discard())
	}
	if !kept {
		return fmt.Errorf("%s was written, but could not be given to its former owner and group: it is yours now", file)
	}
	return nil
}

func (a *app) convertCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "convert [FILE]", Short: "Write a configuration in another notation",
		Long: `Write a configuration in another notation: the NATS language (conf), JSON, YAML or TOML. The notation of
FILE follows from its name. Includes and variables are replaced by what they stand for; comments are
lost. natsd reads conf and JSON.`,
		Example: "  natsctl config convert nats.conf --to yaml\n  natsctl config convert nats.yaml --to conf > nats.conf",
		Args:    cobra.MaximumNArgs(1), ValidArgsFunction: completeFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			to, _ := cmd.Flags().GetString("to")
			from, _ := cmd.Flags().GetString("from")
			return a.convert(append(args, "-")[0], convert.Notation(from), convert.Notation(to))
		},
	}
	cmd.Flags().String("to", string(convert.JSON), "notation to write: "+strings.Join(convert.Notations(), " "))
	cmd.Flags().String("from", "", "notation to read, when the name does not tell")
	for _, flag := range []string{"to", "from"} {
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(convert.Notations(), cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	}
	return cmd
}

func (a *app) convert(file string, from, to convert.Notation) error {
	for _, n := range []convert.Notation{from, to} {
		if n != "" && !slices.Contains(convert.Notations(), string(n)) {
			return usage("there is no notation %q: choose one of %s", n, strings.Join(convert.Notations(), " "))
		}
	}
	if from == "" {
		from = convert.ByName(file)
	}
	text, err := a.readFile(file)
	if err != nil {
		return err
	}
	doc, problems := convert.Read(file, text, from, os.LookupEnv)
	if doc == nil {
		return a.broken(problems)
	}
	out, err := doc.Write(to)
	if err != nil {
		return err
	}
	if len(doc.Environment) > 0 {
		a.note("note: the values of variables of the environment stand in the result now: %s", strings.Join(doc.Environment, ", "))
	}
	_, err = a.out.Write(out)
	return err
}

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "JSON Schema of the configuration, for editors and generators",
		Example: "  natsctl config schema > natsd.schema.json",
		RunE:    func(*cobra.Command, []string) error { return config.WriteSchema(a.out) },
	}
}

func (a *app) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use: "explain KEY", Short: "What a key of the configuration means, and what a reload does to it",
		Example: "  natsctl config explain ping_interval\n  natsctl config explain accounts.*.users\n  natsctl explain cluster",
		Args:    cobra.ExactArgs(1), ValidArgsFunction: completeKeys,
		RunE: func(_ *cobra.Command, args []string) error {
			e, near, ok := config.Explain(args[0])
			if !ok {
				text := fmt.Sprintf("there is no key %q", args[0])
				if len(near) > 0 {
					text += ": did you mean " + strings.Join(near, ", ") + "?"
				}
				fmt.Fprintf(a.err, "%s: %s\n", name, text)
				return outcome(exitNotFound)
			}
			body, err := json.Marshal(e)
			if err != nil {
				return errors.New("this key cannot be shown")
			}
			return a.printer.Print(body, explainView)
		},
	}
}

var explainView = output.View{Name: "key", Columns: []output.Column{
	{Title: "Key", Path: "key"},
	{Title: "Meaning", Path: "doc"},
	{Title: "Also", Path: "names"},
	{Title: "Value", Path: "type"},
	{Title: "Default", Path: "default"},
	{Title: "Reload", Path: "reload"},
	{Title: "Because", Path: "reload_reason"},
	{Title: "Flag", Path: "flag"},
	{Title: "Variable", Path: "env"},
	{Title: "Secret", Path: "secret"},
	{Title: "natsd only", Path: "natsd_only"},
	{Title: "Not built yet", Path: "pending"},
	{Title: "Holds", Value: func(row any) any {
		keys, _ := output.Get(row, "keys").([]any)
		names := make([]string, len(keys))
		for i, key := range keys {
			names[i] = strings.TrimLeft(strings.TrimPrefix(fmt.Sprint(key), fmt.Sprint(output.Get(row, "key"))), ".[]")
		}
		return strings.Join(names, ", ")
	}},
}, Wrap: true}

// completeKeys offers keys of the configuration.
func completeKeys(_ *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	var found []string
	if len(args) == 0 {
		for k := range config.Keys {
			if strings.HasPrefix(k.Path, word) {
				found = append(found, k.Path)
			}
		}
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}
