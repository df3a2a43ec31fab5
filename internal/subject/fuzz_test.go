package subject_test

import (
	"slices"
	"strings"
	"testing"

	"natsd/internal/subject"
)

// FuzzMatch compares the functions, which walk over bytes, with the same
// questions asked of split strings.
func FuzzMatch(f *testing.F) {
	for _, seed := range [][2]string{
		{"foo", "foo"},
		{"foo.*", "foo.bar"},
		{"foo.>", "foo.bar.baz"},
		{">", "a..b"},
		{"*.*", "*.>"},
		{"foo.>.bar", "foo.>.bar"},
		{"", ""},
		{".", "."},
		{"foo.*bar", "foo.xbar"},
		{"☃.*", "☃.\xff"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		tokens := strings.Split(a, ".")
		rest := slices.Index(tokens, ">")
		valid := !slices.Contains(tokens, "") && (rest < 0 || rest == len(tokens)-1) && !strings.ContainsAny(a, " \t\r\n\f")
		literal := rest < 0 && !slices.Contains(tokens, "*")

		check := func(name string, got, want bool) {
			t.Helper()
			if got != want {
				t.Errorf("%s(%q, %q) = %v, want %v", name, a, b, got, want)
			}
		}
		check("Valid", subject.Valid(a), valid)
		check("Literal", subject.Literal(a), literal)
		check("HasEmptyToken", subject.HasEmptyToken(a), slices.Contains(tokens, ""))
		check("Matches", subject.Matches(a, []byte(b)), naiveMatches(a, b))

		if !subject.Valid(a) || !subject.Valid(b) {
			return
		}
		covers, overlaps := subject.Covers(a, b), subject.Overlaps(a, b)
		check("Covers implies Overlaps", covers && !overlaps, false)
		check("Overlaps is symmetric", overlaps, subject.Overlaps(b, a))
		if subject.Literal(b) {
			check("Covers of a literal is Matches", covers, subject.Matches(a, b))
			check("Overlaps of a literal is Matches", overlaps, subject.Matches(a, b))
		}
	})
}
