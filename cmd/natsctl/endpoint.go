package main

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"natsd/internal/admin/api"
	"natsd/internal/ctl/client"
	"natsd/internal/ctl/output"
)

// endpoint is a command that asks for one thing and shows the answer.
type endpoint struct {
	use, short, long, example string
	args                      cobra.PositionalArgs
	method                    string // GET when empty
	// path is where to ask, below /api/v1. "{0}" stands for the first argument.
	path    string
	monitor bool // the monitoring port answers this too
	params  []param
	view    output.View
	// viewFor chooses the view by the question, in place of view.
	viewFor func(url.Values) output.View
	// check looks at the flags and arguments and may add to the query.
	check    func(fs *pflag.FlagSet, args []string, q url.Values) error
	complete func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)
}

// param is a flag that becomes a parameter of the query, of the same name if not said otherwise.
type param struct {
	flag, short string
	query       string // when it differs from the flag
	kind        paramKind
	help        string
	// bare is the value of the flag when none is given with it.
	bare string
	// words completes the value; offers names what the server is asked for to complete it.
	words  []string
	offers offer
}

// key is the name of the parameter.
func (p param) key() string {
	if p.query != "" {
		return p.query
	}
	return strings.ReplaceAll(p.flag, "-", "_")
}

type paramKind uint8

const (
	textParam paramKind = iota
	numberParam
	boolParam
	listParam
)

// offer is a kind of completions that a server gives.
type offer uint8

const (
	noOffer offer = iota
	offerCIDs
	offerUsers
	offerAccounts
	offerRevisions
)

func (a *app) endpoint(e endpoint) *cobra.Command {
	cmd := &cobra.Command{
		Use: e.use, Short: e.short, Long: e.long, Example: e.example, Args: e.args, ValidArgsFunction: e.complete,
		RunE: func(cmd *cobra.Command, args []string) error {
			q := query(cmd.Flags(), e.params)
			if e.check != nil {
				if err := e.check(cmd.Flags(), args, q); err != nil {
					return err
				}
			}
			view := e.view
			if e.viewFor != nil {
				view = e.viewFor(q)
			}
			request := client.Request{Method: e.method, Path: fill(e.path, args), Query: q, Monitor: e.monitor}
			if all, _ := cmd.Flags().GetBool(allPages); all && cmd.Flags().Lookup("cursor") != nil {
				return a.showAll(cmd.Context(), request, view)
			}
			return a.show(cmd.Context(), request, view)
		},
	}
	a.addParams(cmd, e.params)
	if slices.ContainsFunc(e.params, func(p param) bool { return p.flag == "cursor" }) {
		cmd.Flags().Bool(allPages, false, "every page")
	}
	return cmd
}

// allPages is the flag of lists that come in pages.
const allPages = "all"

// showAll puts the pages of a list into one, and shows that.
func (a *app) showAll(ctx context.Context, q client.Request, v output.View) error {
	return a.repeat(ctx, func() error {
		return a.each(ctx, func(c *client.Client) error {
			body, err := everyPage(ctx, c, q)
			if err != nil {
				return err
			}
			return a.printer.Print(body, v)
		})
	})
}

func everyPage(ctx context.Context, c *client.Client, q client.Request) ([]byte, error) {
	whole := api.List[json.RawMessage]{Items: []json.RawMessage{}}
	defer q.Query.Del("cursor")
	for {
		var page api.List[json.RawMessage]
		if err := c.JSON(ctx, q, &page); err != nil {
			return nil, err
		}
		whole.Items = append(whole.Items, page.Items...)
		whole.Total, whole.Now = page.Total, page.Now
		if page.NextCursor == "" {
			return json.Marshal(whole)
		}
		q.Query.Set("cursor", page.NextCursor)
	}
}

func (a *app) addParams(cmd *cobra.Command, params []param) {
	fs := cmd.Flags()
	for _, p := range params {
		switch p.kind {
		case textParam:
			fs.StringP(p.flag, p.short, "", p.help)
		case numberParam:
			fs.Uint64P(p.flag, p.short, 0, p.help)
		case boolParam:
			fs.BoolP(p.flag, p.short, false, p.help)
		case listParam:
			fs.StringSliceP(p.flag, p.short, nil, p.help)
		}
		if p.bare != "" {
			fs.Lookup(p.flag).NoOptDefVal = p.bare
		}
		complete := a.completer(p.offers)
		if len(p.words) > 0 {
			complete = cobra.FixedCompletions(p.words, cobra.ShellCompDirectiveNoFileComp)
		}
		if complete != nil {
			_ = cmd.RegisterFlagCompletionFunc(p.flag, complete) // the flag exists
		}
	}
}

// query makes the parameters of the flags that were given.
func query(fs *pflag.FlagSet, params []param) url.Values {
	q := url.Values{}
	for _, p := range params {
		f := fs.Lookup(p.flag)
		if f == nil || !f.Changed {
			continue
		}
		value := f.Value.String()
		if list, ok := f.Value.(pflag.SliceValue); ok {
			value = strings.Join(list.GetSlice(), ",")
		}
		q.Set(p.key(), value)
	}
	return q
}

// fill puts arguments into a path.
func fill(path string, args []string) string {
	for i, arg := range args {
		path = strings.ReplaceAll(path, "{"+string(rune('0'+i))+"}", url.PathEscape(arg))
	}
	return strings.ReplaceAll(path, "/{0}", "") // an argument that was left out
}
