package config

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"natsd/internal/config/syntax"
)

// Report is what [Load] found: all errors and warnings, in the order of the files.
type Report struct {
	Problems []syntax.Problem
	// Source returns the text of the line at a place, "" if unknown.
	Source func(Pos) string
}

// Errors returns the problems that make the configuration unusable.
func (r *Report) Errors() []syntax.Problem { return r.only(false) }

// Warnings returns the problems that do not.
func (r *Report) Warnings() []syntax.Problem { return r.only(true) }

func (r *Report) only(warning bool) (out []syntax.Problem) {
	for _, p := range r.Problems {
		if p.Warning == warning {
			out = append(out, p)
		}
	}
	return out
}

// Err returns all errors as one, or nil. Warnings are not errors.
func (r *Report) Err() error {
	var errs []error
	for _, p := range r.Errors() {
		errs = append(errs, p)
	}
	return errors.Join(errs...)
}

// Write prints every problem with its source line, a caret below the place, and the hint.
func (r *Report) Write(w io.Writer) error {
	for _, p := range r.Problems {
		if _, err := io.WriteString(w, r.render(p)); err != nil {
			return err
		}
	}
	return nil
}

func (r *Report) render(p syntax.Problem) string {
	var b strings.Builder
	kind := ""
	switch {
	case p.Warning:
		kind = "warning: "
	case p.Pos.File == "":
		kind = "error: " // without a place the line would not look like one
	}
	fmt.Fprintf(&b, "%s%s\n", kind, p.Error())
	if r.Source != nil && p.Pos.Line > 0 {
		if line := r.Source(p.Pos); line != "" {
			line, at := excerpt(line, p.Pos.Col-1)
			fmt.Fprintf(&b, "  | %s\n  | %s^\n", line, indent(line, at))
		}
	}
	if p.Hint != "" {
		fmt.Fprintf(&b, "  = %s\n", p.Hint)
	}
	return b.String()
}

// excerptWidth is how many bytes of a long line are shown: what is wrong and the caret below it stay
// side by side on a terminal of 80 columns.
const excerptWidth = 72

// excerpt cuts a long line down to what surrounds byte at, and tells where that byte is now.
func excerpt(line string, at int) (string, int) {
	if len(line) <= excerptWidth {
		return line, at
	}
	const cut = "…"
	from := min(max(at-excerptWidth/2, 0), len(line)-excerptWidth)
	to := from + excerptWidth
	for from > 0 && !utf8.RuneStart(line[from]) {
		from--
	}
	for to < len(line) && !utf8.RuneStart(line[to]) {
		to++
	}
	part := line[from:to]
	if to < len(line) {
		part += cut
	}
	if from == 0 {
		return part, at
	}
	return cut + part, at - from + len(cut)
}

// indent returns white space as wide as the first n bytes of line, so that a caret below stands
// right for tabs and for letters of several bytes.
func indent(line string, n int) string {
	n = min(max(n, 0), len(line))
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, line[:n])
}

// sortProblems orders by file (the main one first), line and column; problems without a place come
// last. Equal problems are kept once.
func sortProblems(ps []syntax.Problem, main string) []syntax.Problem {
	rank := func(p syntax.Problem) int {
		switch p.Pos.File {
		case main:
			return 0
		case "":
			return 2
		}
		return 1
	}
	slices.SortStableFunc(ps, func(a, b syntax.Problem) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Pos.File, b.Pos.File),
			cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col))
	})
	return slices.Compact(ps)
}
