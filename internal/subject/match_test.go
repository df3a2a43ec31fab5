package subject_test

import (
	"slices"
	"strings"
	"testing"

	"natsd/internal/subject"
)

func TestMatches(t *testing.T) {
	t.Parallel()
	tests := []struct {
		filter, literal string
		want            bool
	}{
		{"foo", "foo", true},
		{"foo", "fo", false},
		{"fo", "foo", false},
		{"foo.bar", "foo.bar", true},
		{"foo.bar", "foo", false},
		{"foo", "foo.bar", false},
		{"*", "foo", true},
		{"*", "foo.bar", false},
		{"*.*", "foo.bar", true},
		{"foo.*", "foo", false},
		{"foo.*.baz", "foo.bar.baz", true},
		{"foo.*.baz", "foo.bar.bar", false},
		{">", "foo", true},
		{">", "foo.bar.baz", true},
		{"foo.>", "foo", false},
		{"foo.>", "foo.bar", true},
		{"foo.>", "foo.bar.baz", true},
		{"foo.>", "bar.foo", false},
		{"*.>", "foo", false},
		{"*.>", "foo.bar.baz", true},
		{"foo.*bar", "foo.xbar", false},
		{"foo.*bar", "foo.*bar", true},
		{"foo.>bar", "foo.>bar", true},

		// wildcards in a published subject are text
		{"foo.*", "foo.*", true},
		{"foo.*", "foo.>", true},
		{"foo.>", "foo.*", true},
		{">", "*", true},
		{"*", ">", true},
		{"foo.bar", "foo.*", false},
		{"foo.bar", "foo.>", false},

		// empty tokens match nothing
		{">", "", false},
		{"*", "", false},
		{">", "foo..bar", false},
		{"foo.>", "foo..bar", false},
		{"foo.>", "foo.bar.", false},
		{">", ".foo", false},
		{"*.foo", ".foo", false},
		{"foo.*", "foo.", false},
		{"foo..bar", "foo..bar", false},
		{"", "", false},
		{"foo.>.bar", "foo.>.bar", false},
	}
	for _, tt := range tests {
		if got := subject.Matches(tt.filter, []byte(tt.literal)); got != tt.want {
			t.Errorf("Matches(%q, %q) = %v, want %v", tt.filter, tt.literal, got, tt.want)
		}
		if got := naiveMatches(tt.filter, tt.literal); got != tt.want {
			t.Errorf("the naive matcher disagrees with the table on (%q, %q)", tt.filter, tt.literal)
		}
	}
}

// TestRelations compares Covers and Overlaps with their definitions: what the
// sets of matched subjects say. It goes through every pair of filters of up to
// three tokens over two letters, and every subject of up to four.
func TestRelations(t *testing.T) {
	t.Parallel()
	filters := slices.DeleteFunc(texts([]string{"a", "b", "*", ">"}, 3), func(f string) bool { return !subject.Valid(f) })
	// The third letter stands for all tokens that no filter names.
	literals := texts([]string{"a", "b", "c"}, 4)
	for _, a := range filters {
		for _, b := range filters {
			covers, overlaps := true, false
			for _, l := range literals {
				inA, inB := naiveMatches(a, l), naiveMatches(b, l)
				covers = covers && (inA || !inB)
				overlaps = overlaps || inA && inB
			}
			if got := subject.Covers([]byte(a), b); got != covers {
				t.Errorf("Covers(%q, %q) = %v, want %v", a, b, got, covers)
			}
			if got := subject.Overlaps(a, []byte(b)); got != overlaps {
				t.Errorf("Overlaps(%q, %q) = %v, want %v", a, b, got, overlaps)
			}
		}
	}
}

func TestNoAllocations(t *testing.T) {
	filter, literal := "orders.*.eu.>", []byte("orders.new.eu.berlin.42")
	n := testing.AllocsPerRun(100, func() {
		subject.Valid(literal)
		subject.Literal(filter)
		subject.Matches(filter, literal)
		subject.Covers(filter, literal)
		subject.Overlaps(filter, literal)
	})
	if n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

// texts returns every subject of 1 to n of the given tokens.
func texts(tokens []string, n int) []string {
	all := slices.Clone(tokens)
	for last := all; n > 1; n-- {
		var longer []string
		for _, l := range last {
			for _, t := range tokens {
				longer = append(longer, l+"."+t)
			}
		}
		all, last = append(all, longer...), longer
	}
	return all
}

// naiveMatches is the definition of matching over split strings.
func naiveMatches(filter, literal string) bool {
	f, l := strings.Split(filter, "."), strings.Split(literal, ".")
	if slices.Contains(f, "") || slices.Contains(l, "") {
		return false
	}
	if i := slices.Index(f, ">"); i >= 0 {
		if i != len(f)-1 || len(l) < len(f) {
			return false
		}
		f, l = f[:i], l[:i]
	}
	return slices.EqualFunc(f, l, func(f, l string) bool { return f == "*" || f == l })
}
