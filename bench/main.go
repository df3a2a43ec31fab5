package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command(ctx, os.Args[1:])
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func command(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == relayCommand {
		return serveRelay(ctx, args)
	}
	return run(ctx, args, os.Stdout, os.Stderr)
}

// options are the command line.
type options struct {
	rounds   int
	work     string
	short    bool
	json     string
	chart    string
	natsd    string
	peer     string
	profiles string
}

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.IntVar(&o.rounds, "rounds", 5, "pairs of measurements per workload")
	f.StringVar(&o.work, "work", "", "comma-separated workloads, or beginnings of their names (default all)")
	f.BoolVar(&o.short, "short", false, "run for moments only: checks deliveries, measures nothing useful")
	f.StringVar(&o.json, "json", "", "`file` for all samples as JSON")
	f.StringVar(&o.chart, "chart", "", "`file` for a chart of the ratios, as SVG")
	f.StringVar(&o.natsd, "natsd", "", "natsd `binary` (default: build this tree)")
	f.StringVar(&o.peer, "peer", "nats-server", "`binary` to compare with; \"none\" measures natsd alone")
	f.StringVar(&o.profiles, "profiles", "", "`directory` for a CPU profile of each server and workload; distorts the figures a little")
	f.Usage = func() {
		fmt.Fprintf(stderr, "usage: go run ./bench [flags]\n\n")
		f.PrintDefaults()
		fmt.Fprintf(stderr, "\nworkloads:\n")
		for _, w := range works {
			fmt.Fprintf(stderr, "  %-14s %s\n", w.name, w.about)
		}
	}
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	chosen, err := choose(o.work)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	rivals, err := rivalsOf(ctx, o, dir)
	if err != nil {
		return err
	}
	where, err := pinLoad()
	if err != nil {
		fmt.Fprintln(stderr, "bench: not pinned, expect noise:", err)
	} else {
		runtime.GOMAXPROCS(1) // as many as the load has processors
	}
	d := duel{rivals: rivals, works: chosen, rounds: o.rounds, pace: fullPace, cpus: where, dir: dir, profiles: o.profiles}
	if o.short {
		d.rounds, d.pace = 1, shortPace
	}
	d.progress = func(line string) { fmt.Fprintf(stderr, "\r\033[K%s", line) }
	results, failed := d.run(ctx)
	d.progress("")
	if err := writeTable(stdout, rivals, results); err != nil {
		return err
	}
	if o.json != "" {
		text, err := json.MarshalIndent(results, "", "  ")
		if err != nil {
			return err
		}
		if err := writeFile(o.json, append(text, '\n')); err != nil {
			return err
		}
	}
	if o.chart != "" {
		if err := writeFile(o.chart, chart(rivals, results)); err != nil {
			return err
		}
	}
	return failed
}

// choose returns the workloads whose names begin with one of the words of list, or all.
func choose(list string) ([]work, error) {
	if list == "" {
		return works, nil
	}
	wanted := make([]bool, len(works))
	for word := range strings.SplitSeq(list, ",") {
		found := false
		for i, w := range works {
			if word != "" && strings.HasPrefix(w.name, word) {
				wanted[i], found = true, true
			}
		}
		if !found {
			return nil, fmt.Errorf("no workload is called %q: see -h", word)
		}
	}
	var chosen []work
	for i, w := range works {
		if wanted[i] {
			chosen = append(chosen, w)
		}
	}
	return chosen, nil
}
