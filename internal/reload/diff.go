package reload

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"natsd/internal/config"
)

// Diff returns the differences between two configurations, sorted by path. Nothing in it is secret.
// The verdicts are those of the registry: what a change can do at most.
func Diff(old, next *config.Options) []Field {
	if old == next {
		return nil
	}
	var out []Field
	for path := range old.Values {
		out = append(out, compareKeys(old, next, path)...)
	}
	for path := range next.Values {
		if _, ok := old.Values[path]; !ok {
			out = append(out, compareKeys(old, next, path)...)
		}
	}
	slices.SortFunc(out, func(a, b Field) int { return cmp.Compare(a.Path, b.Path) })
	return out
}

// compareKeys compares one key that has a place of its own.
func compareKeys(old, next *config.Options, path string) []Field {
	a, before := old.Values[path]
	b, after := next.Values[path]
	if reflect.DeepEqual(a.Value, b.Value) {
		return nil
	}
	f := Field{Old: a.Value, New: b.Value, Origin: b.Origin, Verdict: Live}
	f.at(strings.Split(path, ".")...)
	switch {
	case !before:
		f.Op = Add
	case !after:
		f.Op, f.Origin = Remove, a.Origin
	}
	return []Field{f}
}
