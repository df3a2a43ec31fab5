// Package topn keeps the first rows of many in some order, in memory for a few pages rather than for all
// rows: a listing of 1,024 connections out of a million needs no list of a million.
//
// Whoever shows pages of rows may import it. It knows nothing of what a row is.
package topn

import "slices"

// First keeps the first n of the rows that it is given. It belongs to one goroutine.
type First[T any] struct {
	n       int
	compare func(a, b *T) int

	// The first used of slots hold rows, the others are free. After the first cut the rows in the first n are
	// sorted and known to come before all that were dropped.
	slots []*T
	used  int
	full  bool // there was a cut
}

// New returns a First that keeps n rows, n >= 0. Compare is below 0 if a comes before b; rows for which it is 0 come
// in any order.
func New[T any](n int, compare func(a, b *T) int) *First[T] {
	return &First[T]{n: n, compare: compare}
}

// Wants tells whether Add would keep the row as far as is known yet.
func (f *First[T]) Wants(row *T) bool {
	return f.n > 0 && (!f.full || f.compare(row, f.slots[f.n-1]) < 0)
}

// Add takes a copy of the row, if it is among the first until now.
func (f *First[T]) Add(row *T) {
	if !f.Wants(row) {
		return
	}
	if f.used == len(f.slots) {
		f.grow()
	}
	*f.slots[f.used] = *row
	f.used++
	if f.used-f.n >= f.n { // 2n may not be a number
		f.cut()
		f.full = true
	}
}

// Rows returns the rows that are kept, in order. They belong to the caller, who is done with f.
func (f *First[T]) Rows() []*T {
	f.cut()
	return f.slots[:f.used]
}

// cut puts the rows in order and frees the slots of those behind the first n.
func (f *First[T]) cut() {
	slices.SortFunc(f.slots[:f.used], f.compare)
	f.used = min(f.used, f.n)
}

// grow makes slots, in a piece that doubles what there is. Rows are never moved.
func (f *First[T]) grow() {
	const least = 16
	more := make([]T, max(least, len(f.slots)))
	f.slots = slices.Grow(f.slots, len(more))
	for i := range more {
		f.slots = append(f.slots, &more[i])
	}
}
