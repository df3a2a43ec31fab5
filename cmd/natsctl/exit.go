package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"natsd/internal/admin/api"
	"natsd/internal/ctl/client"
	"natsd/internal/ctl/output"
)

// Exit codes.
const (
	exitOK          = 0
	exitFail        = 1 // refused, or failed
	exitUsage       = 2 // the command line is wrong
	exitConnect     = 3 // no server, or no answer in time
	exitDenied      = 4 // not known, or not allowed
	exitNotFound    = 5
	exitInvalid     = 6 // the configuration is wrong
	exitConflict    = 7 // somebody else was there first
	exitChanges     = 8 // there are differences
	exitUnhealthy   = 9
	exitInterrupted = 130
)

// usageError is a command line that cannot be understood. The usage is not shown with it: it would push
// the reason off the screen.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usage(format string, args ...any) error { return &usageError{text: fmt.Sprintf(format, args...)} }

// outcome ends the program with a code when everything has been told.
type outcome int

func (o outcome) Error() string { return fmt.Sprintf("exit code %d", int(o)) }

// report tells what went wrong and returns the exit code.
func (a *app) report(ctx context.Context, command string, err error) int {
	var done outcome
	var wrong *usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &done):
		return int(done)
	case ctx.Err() != nil:
		return exitInterrupted
	case errors.As(err, &wrong):
		fmt.Fprintf(a.err, "%s: %s\nTry '%s --help'.\n", name, wrong.text, command)
		return exitUsage
	}
	if p, ok := client.AsProblem(err); ok {
		a.problem(p)
	} else {
		fmt.Fprintf(a.err, "%s: %s\n", name, err)
	}
	return exitCode(err)
}

// exitCode is the code for an error.
func exitCode(err error) int {
	var connect *client.ConnectError
	var several *client.SeveralError
	switch {
	case errors.As(err, &connect):
		return exitConnect
	case errors.As(err, &several):
		return exitUsage
	}
	p, ok := client.AsProblem(err)
	if !ok {
		return exitFail
	}
	switch p.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return exitDenied
	case http.StatusNotFound, http.StatusGone:
		return exitNotFound
	case http.StatusUnprocessableEntity:
		if p.Code == api.ConfigInvalid || p.Code == "" {
			return exitInvalid
		}
	case http.StatusConflict, http.StatusPreconditionFailed, http.StatusPreconditionRequired:
		return exitConflict
	case http.StatusGatewayTimeout:
		return exitConnect
	}
	return exitFail
}

// problem shows an answer by which a server refused a request: with every place in the configuration
// that is wrong, the line there, and what helps.
func (a *app) problem(p *api.Problem) {
	if a.set.format.Machine() {
		writeJSON(a.err, p)
		return
	}
	text := p.Error()
	if p.Code == "" && text == "" {
		text = "the server answered " + http.StatusText(p.Status)
	}
	items := p.Errors
	switch {
	case len(items) == 1 && items[0].File == "" && items[0].Hint == "" && text == items[0].Message:
		items = nil // it says all
	case len(items) > 0 && p.Title != "" && strings.Contains(text, items[0].Message):
		text = strings.ToLower(p.Title) // all that it says stands below
	}
	fmt.Fprintf(a.err, "%s: %s\n", name, output.Clean(text))
	for _, item := range items {
		writeItem(a.err, item)
	}
	if hint := a.hint(p); hint != "" {
		fmt.Fprintf(a.err, "hint: %s\n", hint)
	}
	if a.set.verbose && p.RequestID != "" {
		fmt.Fprintf(a.err, "request: %s\n", p.RequestID)
	}
}

// hint says what to do about problems of a kind.
func (a *app) hint(p *api.Problem) string {
	switch p.Code {
	case api.Unauthenticated:
		return "give a token with --token-file, or a context that has one"
	case api.ReloadNeedsRestart:
		return "--mode partial applies the rest, and keeps these for the next start"
	case api.PreconditionFailed:
		return "something has changed meanwhile: look at it again, and repeat the command"
	case api.ReloadInProgress:
		return "--wait 30s waits for its turn"
	}
	return ""
}

// writeItem writes one thing that is wrong: its place and text, the line with a caret, a hint.
func writeItem(w io.Writer, item api.Item) {
	var b strings.Builder
	if item.Severity == api.SeverityWarning {
		b.WriteString("warning: ")
	}
	switch {
	case item.File != "" && item.Line > 0:
		fmt.Fprintf(&b, "%s:%d:%d: ", item.File, item.Line, item.Column)
	case item.File != "":
		b.WriteString(item.File + ": ")
	case item.Pointer != "":
		b.WriteString(item.Pointer + ": ")
	}
	b.WriteString(output.Clean(item.Message) + "\n")
	if item.Snippet != "" {
		line := strings.ReplaceAll(item.Snippet, "\t", " ")
		b.WriteString("    " + output.Clean(line) + "\n")
		if at := item.Column - 1; at >= 0 && at <= len(line) {
			b.WriteString("    " + strings.Repeat(" ", len([]rune(line[:at]))) + "^\n")
		}
	}
	if item.Hint != "" {
		b.WriteString("    hint: " + output.Clean(item.Hint) + "\n")
	}
	_, _ = io.WriteString(w, b.String()) // nobody is left to tell
}
