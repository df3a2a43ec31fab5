package interest_test

import (
	"slices"
	"strings"
	"testing"

	"natsd/internal/interest"
	"natsd/internal/subject"
)

// FuzzMatch fills an index with the lines of a text, each "filter" or "filter
// queue", takes every third out again, and matches a subject. The filters need
// not be valid.
func FuzzMatch(f *testing.F) {
	f.Add("foo\nfoo.*\nfoo.> q\n>\nfoo.bar q\n*.bar", "foo.bar")
	f.Add("a..b\n.a\na.\n>.a\n*\n>", "a..b")
	f.Add("*.*.*\n*.*\n*", "*.>")
	f.Fuzz(func(t *testing.T, text, s string) {
		x, m := interest.New[int](), model{}
		for i, line := range strings.Split(text, "\n") {
			e := entry{v: i}
			e.filter, e.queue, _ = strings.Cut(line, " ")
			if got := x.Insert(e.filter, e.queue, i); got != subject.Valid(e.filter) {
				t.Fatalf("insert %q: %v", e.filter, got)
			} else if got {
				m[e] = true
			}
		}
		for e := range m {
			if e.v%3 == 0 {
				if delete(m, e); !x.Remove(e.filter, e.queue, e.v) {
					t.Errorf("%v is not there", e)
				}
			}
		}
		var r interest.Result[int]
		x.Match([]byte(s), &r)
		plain, groups := m.match(s)
		slices.Sort(plain)
		slices.Sort(r.Plain)
		if !slices.Equal(r.Plain, plain) || len(r.Groups) != len(groups) || x.HasInterest([]byte(s)) == r.Empty() {
			t.Errorf("%q matches %+v, want %v and %v", s, r, plain, groups)
		}
		for _, g := range r.Groups {
			want := groups[g.Name]
			slices.Sort(want)
			slices.Sort(g.Members)
			if !slices.Equal(g.Members, want) {
				t.Errorf("group %q is %v, want %v", g.Name, g.Members, want)
			}
		}
	})
}
