package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"natsd/internal/admin/api"
	"natsd/internal/ctl/client"
	"natsd/internal/ctl/output"
)

// pollEvery is how often an operation is looked at.
const pollEvery = 200 * time.Millisecond

// follow waits for an operation that an answer has started, and draws how far it is. Who interrupts it
// leaves the operation running.
func (a *app) follow(ctx context.Context, c *client.Client, r *client.Response, v output.View) error {
	var op api.Operation
	if err := json.Unmarshal(r.Body, &op); err != nil || op.ID == "" {
		return fmt.Errorf("the answer is no operation: %w", err)
	}
	bar := a.progress()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		r, err := c.Do(ctx, client.Request{Path: "/operations/" + op.ID})
		var gone *client.ConnectError
		if ends(op.Kind) && errors.As(err, &gone) && ctx.Err() == nil {
			if bar != nil && !a.set.quiet {
				_, _ = io.WriteString(bar, "\n")
			}
			a.note("the server has stopped")
			return nil
		}
		if err != nil {
			return errors.Join(err, fmt.Errorf("the operation goes on: natsctl op get %s", op.ID))
		}
		if err := json.Unmarshal(r.Body, &op); err != nil {
			return fmt.Errorf("the answer is no operation: %w", err)
		}
		if bar != nil && !a.set.quiet {
			_, _ = io.WriteString(bar, "\r\x1b[K"+drawBar(op)) // nobody is left to tell
		}
		if op.State != api.OperationRunning {
			if bar != nil && !a.set.quiet {
				_, _ = io.WriteString(bar, "\n")
			}
			return a.finished(op, r.Body, v)
		}
		select {
		case <-ctx.Done():
			a.note("\nthe operation goes on: natsctl op get %s", op.ID)
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// ends tells that the server does not outlive an operation of a kind.
func ends(kind string) bool { return kind == "lame_duck" || kind == "shutdown" }

// finished shows what came of an operation.
func (a *app) finished(op api.Operation, body []byte, v output.View) error {
	shown := body
	if op.Result == nil {
		v = operationView
	} else if text, err := json.Marshal(op.Result); err == nil {
		shown = text
	}
	if err := a.printer.Print(shown, v); err != nil {
		return err
	}
	if op.State != api.OperationDone {
		if op.Error != "" {
			return errors.New(op.Error)
		}
		return fmt.Errorf("the operation is %s", op.State)
	}
	return nil
}

// barWidth is the number of cells between the brackets.
const barWidth = 30

// drawBar shows how far an operation is.
func drawBar(op api.Operation) string {
	if op.Progress.Total <= 0 {
		return op.Kind + ": " + op.State
	}
	full := min(barWidth*op.Progress.Done/op.Progress.Total, barWidth)
	return fmt.Sprintf("%s [%s%s] %d of %d", op.Kind, strings.Repeat("#", full), strings.Repeat("-", barWidth-full), op.Progress.Done, op.Progress.Total)
}

var operationColumns = []output.Column{
	{Title: "ID", Path: "id"},
	{Title: "KIND", Path: "kind"},
	{Title: "STATE", Path: "state"},
	{Title: "DONE", Value: func(row any) any {
		if output.Get(row, "progress.total") == nil {
			return nil
		}
		return fmt.Sprintf("%v of %v", output.Get(row, "progress.done"), output.Get(row, "progress.total"))
	}},
	{Title: "STARTED", Path: "started", Kind: output.Time, Drop: 60},
	{Title: "BY", Path: "actor", Keep: 8, Drop: 50},
	{Title: "ERROR", Path: "error", Keep: 10},
}

var (
	operationView  = output.View{Name: "id", Columns: operationColumns}
	operationsView = output.View{Items: "items", Name: "id", Columns: operationColumns, Trim: true, Empty: "no operations"}
)

func (a *app) opCommand() *cobra.Command {
	return group("op", "Operations that take their time: list, look at, cancel",
		a.endpoint(endpoint{use: "list", short: "All operations, running and past", path: "/operations", view: operationsView, params: pageParams}),
		a.endpoint(endpoint{use: "get ID", short: "One operation", args: cobra.ExactArgs(1), path: "/operations/{0}", view: operationView, complete: a.completeOperations}),
		a.action(action{
			use: "cancel ID", short: "Stop an operation; what it has done stays done", args: cobra.ExactArgs(1),
			method: http.MethodDelete, path: "/operations/{0}", done: "operation %s was cancelled", complete: a.completeOperations,
		}),
	)
}

func (a *app) completeOperations(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.offer(cmd, "/operations", nil, "items", "id", "kind", "state")
}
