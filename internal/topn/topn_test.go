package topn

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

type item struct{ key, id int }

func compare(a, b *item) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.id, b.id)) }

// Whatever comes in whatever order, what is kept are the first n of all, in order.
func TestFirst(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfN(rapid.IntRange(0, 20), 0, 200).Draw(t, "keys")
		n := rapid.OneOf(rapid.IntRange(0, 30), rapid.Just(math.MaxInt)).Draw(t, "n")
		first := New(n, compare)
		var all []item
		for id, key := range keys {
			row := item{key, id}
			all = append(all, row)
			first.Add(&row)
			if !first.Wants(&row) && n > len(all) {
				t.Fatal("a row is not wanted although there is room")
			}
		}
		slices.SortFunc(all, func(a, b item) int { return compare(&a, &b) })
		var got []item
		for _, row := range first.Rows() {
			got = append(got, *row)
		}
		if want := all[:min(n, len(all))]; !slices.Equal(got, want) {
			t.Fatalf("kept %v, want %v", got, want)
		}
		if n < math.MaxInt/2 && len(first.slots) > max(4*n, 16) {
			t.Fatalf("%d slots are used for %d rows", len(first.slots), n)
		}
	})
}
