package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"natsd/internal/ctl/top"
)

func (a *app) topCommand() *cobra.Command {
	m := top.NewModel(nil)
	cmd := &cobra.Command{
		Use: "top", Short: "What the server does, as it does it: connections, accounts, routes, slow consumers",
		Long: `What the server does, as it does it. The columns, the sort keys and the keys are those of nats-top; h
shows them. It works with the monitoring port of a nats-server too (--compat); to kick needs natsd.

On a terminal it is a screen. With -n, or when the output goes elsewhere, it is text; --csv makes rows
for a spreadsheet. --record writes down what is seen, --replay shows it again.`,
		Example: `  natsctl top
  natsctl top --view slow
  natsctl top -n 1 --sort bytes_to --limit 10
  natsctl top --csv -n 60 --view server > minute.csv
  natsctl top --record incident.ndjson
  natsctl top --replay incident.ndjson`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			fs := cmd.Flags()
			count, _ := fs.GetInt("count")
			csv, _ := fs.GetBool("csv")
			view, _ := fs.GetString("view")
			var err error
			if m.View, err = top.ParseView(view); err != nil {
				return usage("--view: %s", err)
			}
			switch {
			case !slices.Contains(top.SortKeys(), m.Sort):
				return usage("--sort: unknown key %q: choose one of %s", m.Sort, strings.Join(top.SortKeys(), " "))
			case m.Limit < 1:
				return usage("--limit must be at least 1")
			case m.Interval < 100*time.Millisecond:
				return usage("--interval must be at least 100ms")
			case count < 0:
				return usage("--count is negative")
			}
			record, _ := fs.GetString("record")
			replay, _ := fs.GetString("replay")
			done, err := a.topSource(cmd, m, record, replay)
			if err != nil {
				return err
			}
			return errors.Join(a.showTop(cmd, m, count, csv), done())
		},
	}
	fs := cmd.Flags()
	fs.String("view", "connections", "begin with: "+strings.Join(top.ViewNames(), " "))
	fs.StringVar(&m.Sort, "sort", "cid", "order of the connections")
	fs.BoolVarP(&m.Reverse, "reverse", "r", false, "turn the order around")
	fs.IntVar(&m.Limit, "limit", 1024, "at most so many connections")
	fs.StringVar(&m.Filter, "filter", "", "only lines that hold all these words")
	fs.BoolVarP(&m.Subs, "subs", "u", false, "with the subjects of each connection")
	fs.BoolVarP(&m.Raw, "raw", "b", false, "numbers as they are")
	fs.BoolVar(&m.Rates, "rates", false, "per second in place of totals")
	fs.BoolVar(&m.Lookup, "lookup", false, "names of hosts in place of addresses")
	fs.DurationVarP(&m.Interval, "interval", "d", time.Second, "how often to ask")
	fs.IntP("count", "n", 0, "end after so many times, as text; 0 never")
	fs.Bool("csv", false, "rows of CSV")
	fs.String("record", "", "write down in this file what is seen")
	fs.String("replay", "", "show what was written down in this file")
	_ = cmd.RegisterFlagCompletionFunc("view", cobra.FixedCompletions(top.ViewNames(), cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	_ = cmd.RegisterFlagCompletionFunc("sort", cobra.FixedCompletions(top.SortKeys(), cobra.ShellCompDirectiveNoFileComp))  // the flag exists
	for _, flag := range []string{"record", "replay"} {
		_ = cmd.RegisterFlagCompletionFunc(flag, completeFiles) // the flag exists
	}
	return cmd
}

// topSource gives the model a server, or a recording. What it returns ends that.
func (a *app) topSource(cmd *cobra.Command, m *top.Model, record, replay string) (done func() error, err error) {
	m.Zone, m.Color = a.zone, a.printer.Color
	if replay != "" {
		f, err := os.Open(replay)
		if err != nil {
			return nil, fmt.Errorf("open the recording: %w", err)
		}
		m.Source = top.NewReplay(f)
		return f.Close, nil
	}
	c, err := a.client(cmd.Context())
	if err != nil {
		return nil, err
	}
	live := &top.Live{Client: c}
	m.Source = live
	if record == "" {
		return func() error { return nil }, nil
	}
	f, err := os.OpenFile(record, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the recording: %w", err)
	}
	live.Record = f
	return f.Close, nil
}

func (a *app) showTop(cmd *cobra.Command, m *top.Model, count int, csv bool) error {
	switch {
	case csv:
		return top.CSV(cmd.Context(), m, a.out, count)
	case count > 0 || !isTerminal(a.out) || !isTerminal(a.in):
		if !isTerminal(a.out) {
			m.Color = false
		}
		return top.Print(cmd.Context(), m, a.out, count, a.width())
	}
	return top.Run(cmd.Context(), m, a.in, a.out)
}
