package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"natsd/internal/ctl/client"
	"natsd/internal/ctl/output"
)

// clients returns a client for each server that is meant.
func (a *app) clients(ctx context.Context) ([]*client.Client, error) {
	if a.opened != nil {
		return a.opened, nil
	}
	targets, err := a.targets(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range targets {
		c, err := client.New(t, client.Options{Token: a.set.token, TLS: a.set.tls, Timeout: a.set.timeout})
		if err != nil {
			return nil, err
		}
		a.opened = append(a.opened, c)
	}
	return a.opened, nil
}

func (a *app) targets(ctx context.Context) ([]client.Target, error) {
	if len(a.set.servers) == 0 {
		places := a.places
		if a.set.compat {
			places.Folders, places.API = nil, places.Monitor
		}
		t, err := client.Find(ctx, places)
		t.Monitor = t.Monitor || a.set.compat
		return []client.Target{t}, err
	}
	targets := make([]client.Target, len(a.set.servers))
	for i, address := range a.set.servers {
		t, err := client.ParseTarget(address)
		if err != nil {
			return nil, usage("--server: %s", err)
		}
		t.Monitor = a.set.compat
		targets[i] = t
	}
	return targets, nil
}

// client returns the client of the one server that is meant, for commands that change something.
func (a *app) client(ctx context.Context) (*client.Client, error) {
	all, err := a.clients(ctx)
	if err != nil {
		return nil, err
	}
	if len(all) != 1 {
		return nil, usage("this command talks to one server: %d are given", len(all))
	}
	return all[0], nil
}

// do sends a request to the one server that is meant.
func (a *app) do(ctx context.Context, q client.Request) (*client.Response, error) {
	c, err := a.client(ctx)
	if err != nil {
		return nil, err
	}
	return c.Do(ctx, q)
}

// each does something with each server that is meant, in turn.
func (a *app) each(ctx context.Context, do func(*client.Client) error) error {
	all, err := a.clients(ctx)
	if err != nil {
		return err
	}
	for _, c := range all {
		if len(all) > 1 {
			a.note("%s", c.Target())
		}
		if err := do(c); err != nil {
			return err
		}
	}
	return nil
}

// show asks each server for something and shows the answers, once or as often as --watch wants.
func (a *app) show(ctx context.Context, q client.Request, v output.View) error {
	return a.repeat(ctx, func() error {
		return a.each(ctx, func(c *client.Client) error {
			r, err := c.Do(ctx, q)
			if err != nil {
				return err
			}
			return a.printer.Print(r.Body, v)
		})
	})
}

// repeat does something once, or with --watch again and again. A terminal shows one state in the place
// of the last.
func (a *app) repeat(ctx context.Context, do func() error) error {
	if a.set.watch == 0 {
		return do()
	}
	tick := time.NewTicker(a.set.watch)
	defer tick.Stop()
	out := a.out
	defer func() { a.printer.Out = out }()
	for {
		var frame strings.Builder
		a.printer.Out = &frame
		err := do()
		text := frame.String()
		if isTerminal(out) {
			// Over the last one, line by line: a screen that is cleared first flickers.
			text = "\x1b[H" + strings.ReplaceAll(text, "\n", "\x1b[K\n") + "\x1b[J"
		}
		if _, werr := io.WriteString(out, text); werr != nil {
			return werr
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// note says something beside the answer.
func (a *app) note(format string, args ...any) {
	if !a.set.quiet {
		fmt.Fprintf(a.err, format+"\n", args...)
	}
}

// confirm asks before something is done that cannot be undone. Without a terminal nobody is asked, and
// --yes is needed.
func (a *app) confirm(format string, args ...any) error {
	if a.set.yes || a.set.dryRun {
		return nil
	}
	question := fmt.Sprintf(format, args...)
	if !isTerminal(a.in) {
		return usage("%s: give --yes to go on without a question", question)
	}
	fmt.Fprintf(a.err, "%s? [y/N] ", question)
	line, _ := bufio.NewReader(a.in).ReadString('\n') // the end of the input is a no
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return nil
	}
	a.note("nothing was done")
	return outcome(exitFail)
}

// writeJSON writes a value for programs.
func writeJSON(w io.Writer, v any) {
	text, err := json.MarshalIndent(v, "", "  ")
	if err == nil {
		_, _ = w.Write(append(text, '\n')) // nobody is left to tell
	}
}
