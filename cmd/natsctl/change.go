package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"natsd/internal/ctl/client"
	"natsd/internal/ctl/output"
)

// action is a command that changes one thing.
type action struct {
	use, short, long, example string
	args                      cobra.PositionalArgs
	method                    string
	path                      string  // "{0}" stands for the first argument
	params                    []param // flags that go into the query
	fields                    []param // flags that go into the body
	// body completes the body, which holds the fields, or replaces it.
	body func(fs *pflag.FlagSet, args []string, body map[string]any) error
	view output.View
	// ask is the question before it is done, with the arguments; done is said after it.
	ask, done string
	complete  func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)
}

func (a *app) action(x action) *cobra.Command {
	cmd := &cobra.Command{
		Use: x.use, Short: x.short, Long: x.long, Example: x.example, Args: x.args, ValidArgsFunction: x.complete,
		RunE: func(cmd *cobra.Command, args []string) error {
			q, err := x.request(cmd.Flags(), args)
			if err != nil {
				return err
			}
			if x.ask != "" {
				if err := a.confirm(x.ask, words(args)...); err != nil {
					return err
				}
			}
			done := x.done
			if done != "" {
				done = fmt.Sprintf(done, words(args)...)
			}
			return a.change(cmd.Context(), q, x.view, done)
		},
	}
	a.addParams(cmd, x.params)
	a.addParams(cmd, x.fields)
	return cmd
}

// words passes arguments on as values to print.
func words(args []string) []any {
	out := make([]any, len(args))
	for i, arg := range args {
		out[i] = output.Clean(arg)
	}
	return out
}

func (x *action) request(fs *pflag.FlagSet, args []string) (client.Request, error) {
	q := client.Request{Method: x.method, Path: fill(x.path, args), Query: query(fs, x.params)}
	if x.fields == nil && x.body == nil {
		return q, nil
	}
	body := map[string]any{}
	for _, p := range x.fields {
		if f := fs.Lookup(p.flag); f.Changed {
			body[p.key()] = value(f)
		}
	}
	if x.body != nil {
		if err := x.body(fs, args, body); err != nil {
			return q, err
		}
	}
	if len(body) > 0 {
		q.Body = body
	}
	return q, nil
}

// value is what a flag holds, for a body.
func value(f *pflag.Flag) any {
	switch v := f.Value.(type) {
	case pflag.SliceValue:
		return v.GetSlice()
	default:
	}
	switch f.Value.Type() {
	case "bool":
		return f.Value.String() == "true"
	case "uint64":
		var n uint64
		_, _ = fmt.Sscan(f.Value.String(), &n) // it has been read as one
		return n
	}
	return f.Value.String()
}

// change sends a request that changes something, and shows what came of it: the answer where there is
// one, or that it was done. With --dry-run the server only checks. What takes its time is waited for.
func (a *app) change(ctx context.Context, q client.Request, v output.View, done string) error {
	c, err := a.client(ctx)
	if err != nil {
		return err
	}
	if a.set.dryRun {
		if q.Query == nil {
			q.Query = url.Values{}
		}
		q.Query.Set("dry_run", "true")
	}
	r, err := c.Do(ctx, q)
	switch {
	case err != nil:
		return err
	case r.Status == http.StatusAccepted && !a.set.dryRun:
		return a.follow(ctx, c, r, v)
	case len(r.Body) > 0:
		if err := a.printer.Print(r.Body, v); err != nil {
			return err
		}
	case a.set.dryRun:
		a.note("this would be done")
		return nil
	}
	if done != "" && !a.set.dryRun {
		a.note("%s", done)
	}
	return nil
}

// dry is the query of a request that changes something: with --dry-run only as far as to tell what it
// would do.
func (a *app) dry() url.Values {
	if a.set.dryRun {
		return url.Values{"dry_run": {"true"}}
	}
	return nil
}
