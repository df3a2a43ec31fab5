package config

import (
	"strings"
	"testing"
	"unicode/utf8"

	"natsd/internal/config/syntax"
)

// TestLongLines: of a long line, such as a file of JSON on one line, the part around the place is
// shown, with the caret below it.
func TestLongLines(t *testing.T) {
	t.Parallel()
	for _, fill := range []string{"x", "é", "\t", "\xff"} {
		for before := range 200 {
			for _, after := range []int{0, 5, 200} {
				line := strings.Repeat(fill, before) + "!" + strings.Repeat(fill, after)
				col := before*len(fill) + 1
				r := &Report{Source: func(Pos) string { return line }}
				got := strings.Split(r.render(syntax.Problem{Pos: Pos{File: "f", Line: 1, Col: col}}), "\n")
				text, caret := strings.TrimPrefix(got[1], "  | "), strings.TrimPrefix(got[2], "  | ")
				if !strings.HasSuffix(caret, "^") || utf8.RuneCountInString(caret) > 80 || utf8.RuneCountInString(text) > 80 && fill != "\xff" {
					t.Fatalf("%d %d:\n%s\n%s", before, after, text, caret)
				}
				if below := []rune(text)[utf8.RuneCountInString(caret)-1]; below != '!' {
					t.Fatalf("%d before, %d after: the caret is below %q\n%s\n%s", before, after, below, text, caret)
				}
			}
		}
	}
}

// TestNoPlace: what has no place in a file is marked as an error, because the line does not show it.
func TestNoPlace(t *testing.T) {
	t.Parallel()
	_, report := Load(Source{Path: "/nonexistent/x.conf"})
	var b strings.Builder
	if err := report.Write(&b); err != nil || !strings.HasPrefix(b.String(), "error: ") || !strings.Contains(b.String(), "/nonexistent/x.conf") {
		t.Error(b.String(), err)
	}
}
