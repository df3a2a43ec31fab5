package plan

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"natsd/internal/admin/api"
	"natsd/internal/ctl/output"
)

// The colours, as people know them from tools that plan.
const (
	green  = "32"
	red    = "31"
	yellow = "33"
	bold   = "1"
	dim    = "2"
)

// Writer shows plans.
type Writer struct {
	Out   io.Writer
	Color bool
	// Dir is what paths of files are shown relative to; empty shows them as they are.
	Dir string
}

// Write shows a plan, or what came of one.
func (w *Writer) Write(p *api.Plan) error {
	var b strings.Builder
	for _, c := range p.Changes {
		w.change(&b, c)
	}
	if p.Omitted > 0 {
		fmt.Fprintf(&b, "  … and %d more changes\n", p.Omitted)
	}
	w.connections(&b, p)
	for _, item := range p.Warnings {
		fmt.Fprintf(&b, "%s %s\n", w.paint(yellow, "warning:"), w.item(item))
	}
	for _, item := range p.Errors {
		fmt.Fprintf(&b, "%s %s\n", w.paint(red, "error:"), w.item(item))
	}
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	b.WriteString(w.paint(bold, summary(p)) + "\n")
	_, err := io.WriteString(w.Out, b.String())
	return err
}

// paint colours a text where that is wanted.
func (w *Writer) paint(color, text string) string {
	if !w.Color {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// change writes one difference: a line that names it, then what it is about.
func (w *Writer) change(b *strings.Builder, c api.Change) {
	sign, color := "~", yellow
	switch c.Op {
	case "add":
		sign, color = "+", green
	case "remove":
		sign, color = "-", red
	}
	verdict := c.Verdict
	switch c.Verdict {
	case api.VerdictRejected:
		verdict = w.paint(red, verdict)
	case api.VerdictRestart, api.VerdictDisruptive:
		verdict = w.paint(yellow, verdict)
	}
	fmt.Fprintf(b, "  %s %s%s%s\n", w.paint(color, sign), w.paint(bold, output.Clean(c.Path)), values(c), spaced(verdict))
	var notes []string
	if at := place(c.Source, w.Dir); at != "" {
		notes = append(notes, at)
	}
	if text := effect(c.Effect); text != "" {
		notes = append(notes, text)
	}
	if len(notes) > 0 {
		fmt.Fprintf(b, "      %s\n", w.paint(dim, strings.Join(notes, "; ")))
	}
	if c.Reason != "" {
		fmt.Fprintf(b, "      %s\n", output.Clean(c.Reason))
	}
}

func spaced(verdict string) string {
	if verdict == "" {
		return ""
	}
	return "  (" + verdict + ")"
}

// values shows what a plain value was and will be.
func values(c api.Change) string {
	old, next := brief(c.Old), brief(c.New)
	switch {
	case c.Content:
		return ": the file holds something else"
	case c.Op == "replace" && (old != "" || next != ""):
		return ": " + orNone(old) + " -> " + orNone(next)
	case c.Op == "remove" && old != "":
		return ": " + old
	case c.Op == "add" && next != "":
		return ": " + next
	}
	return ""
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// brief shows a value in little space.
func brief(v any) string {
	const most = 60
	if v == nil {
		return ""
	}
	s := []rune(output.Clean(output.Compact(v)))
	if len(s) > most {
		return string(s[:most]) + "…"
	}
	return string(s)
}

// place says where a value comes from.
func place(s *api.Source, dir string) string {
	switch {
	case s == nil:
		return ""
	case s.Flag != "":
		return "flag " + s.Flag
	case s.Env != "":
		return "variable " + s.Env
	case s.File == "":
		return ""
	}
	return fmt.Sprintf("%s:%d:%d", short(s.File, dir), s.Line, s.Column)
}

// short gives a path relative to a folder if it is below it.
func short(path, dir string) string {
	if dir == "" {
		return path
	}
	rel, err := filepath.Rel(dir, path)
	if err != nil || strings.HasPrefix(rel, "..") {
		return path
	}
	return rel
}

// effect says in words what a change does to connections.
func effect(n api.Counts) string {
	var parts []string
	if n.Dropped > 0 {
		parts = append(parts, plural(n.Dropped, "connection ends", "connections end"))
	}
	if rest := n.Affected - n.Dropped; rest > 0 {
		parts = append(parts, plural(rest, "connection is touched", "connections are touched"))
	}
	if n.Subs > 0 {
		parts = append(parts, plural(n.Subs, "subscription is removed", "subscriptions are removed"))
	}
	return strings.Join(parts, ", ")
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// connections lists whose connections end, and who loses subscriptions.
func (w *Writer) connections(b *strings.Builder, p *api.Plan) {
	effects, verb := p.Effects, "ended"
	if p.DryRun || !p.Result.Applied {
		effects, verb = p.Predicted, "would end"
	}
	if effects.Affected == 0 && len(effects.List) == 0 {
		return
	}
	fmt.Fprintf(b, "\n  Connections that %s or %s:\n", verb, map[string]string{"ended": "were touched", "would end": "would be touched"}[verb])
	for _, e := range effects.List {
		who := fmt.Sprintf("cid %d", e.CID)
		if e.User != "" {
			who += " " + output.Clean(e.User)
		}
		if e.Account != "" {
			who += " (" + output.Clean(e.Account) + ")"
		}
		sign := w.paint(yellow, "~")
		if e.Dropped {
			sign = w.paint(red, "-")
		}
		text := output.Clean(e.Reason)
		if e.Subs > 0 {
			text = strings.TrimPrefix(text+", "+plural(e.Subs, "subscription", "subscriptions"), ", ")
		}
		fmt.Fprintf(b, "    %s %s: %s\n", sign, who, text)
	}
	if rest := effects.Affected - len(effects.List); rest > 0 {
		fmt.Fprintf(b, "    … and %d more\n", rest)
	}
}

// item shows one warning or error in a line.
func (w *Writer) item(i api.Item) string {
	text := output.Clean(i.Message)
	if i.File != "" && i.Line > 0 {
		text = fmt.Sprintf("%s:%d:%d: %s", short(i.File, w.Dir), i.Line, i.Column, text)
	}
	if i.Hint != "" {
		text += " (" + output.Clean(i.Hint) + ")"
	}
	return text
}

// verdicts in the order in which they are counted.
var verdicts = []string{api.VerdictLive, api.VerdictDisruptive, api.VerdictRestart, api.VerdictRejected, api.VerdictNoop}

// summary says in one line how many changes there are and what became of them.
func summary(p *api.Plan) string {
	n := len(p.Changes) + p.Omitted
	var counts []string
	for _, v := range verdicts {
		if p.Summary[v] > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", p.Summary[v], v))
		}
	}
	text := "No changes"
	if n > 0 {
		text = plural(n, "change", "changes")
		if len(counts) > 0 {
			text += ": " + strings.Join(counts, ", ")
		}
	}
	return strings.TrimSpace(text + ". " + came(p))
}

// came says what became of the plan.
func came(p *api.Plan) string {
	switch {
	case p.Result.Outcome == "":
		return ""
	case p.Result.Outcome == api.OutcomeRefused:
		return "Refused: nothing was changed."
	case p.Result.Outcome == api.OutcomeFailed:
		return "It failed."
	case p.DryRun && p.Result.Outcome == api.OutcomeNoop:
		return "There is nothing to apply."
	case p.DryRun:
		return "Nothing was changed: this was a dry run."
	case p.Result.RolledBack:
		return "It was applied, and taken back."
	case p.Result.Outcome == api.OutcomeNoop:
		return "The configuration in force is the same."
	}
	text := "Applied."
	if p.Result.Revision != nil {
		text = fmt.Sprintf("Applied as revision %d.", *p.Result.Revision)
	}
	if len(p.Result.Pending) > 0 {
		text += " Waiting for a restart: " + strings.Join(slices.Sorted(slices.Values(p.Result.Pending)), ", ") + "."
	}
	return text
}
