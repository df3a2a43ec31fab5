package syntax

import (
	"cmp"
	"slices"
)

// Problem is one thing that is wrong, or looks wrong, in a configuration. Its texts never hold a
// value from the file, so they may be logged.
type Problem struct {
	Pos     Pos
	Key     string // path of the key, dotted; empty when it is not about a key
	Message string
	Hint    string // what to do about it; may be empty
	Warning bool
}

// Error returns "file:line:col: message".
func (p Problem) Error() string {
	if p.Pos.File == "" {
		return p.Message
	}
	return p.Pos.String() + ": " + p.Message
}

// maxProblems ends the search for more: beyond it a file is not a configuration, and the list is no
// help any more.
const maxProblems = 100

// problems collects what the parsers of one load find.
type problems struct {
	list     []Problem
	errors   int
	warnings int
}

// add records p and reports whether there is room for more of its kind.
func (ps *problems) add(p Problem) bool {
	n := &ps.errors
	if p.Warning {
		n = &ps.warnings
	}
	if *n >= maxProblems {
		return false
	}
	*n++
	ps.list = append(ps.list, p)
	return *n < maxProblems
}

// sorted returns the problems by file, line and column.
func (ps *problems) sorted() []Problem {
	slices.SortStableFunc(ps.list, func(a, b Problem) int { return comparePos(a.Pos, b.Pos) })
	return ps.list
}

func comparePos(a, b Pos) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
}
