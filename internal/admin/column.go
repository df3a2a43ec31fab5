package admin

import (
	"strings"
	"time"

	"natsd/internal/admin/filter"
)

// column is something that every row has.
type column[R any] struct {
	names []string // the first is its key in the answer, or its name in connz; others are as good
	kind  filter.Kind
	get   func(r *R) filter.Value
	down  bool // sorts the greatest first
}

// number is a column of whole numbers.
func number[R any](names string, down bool, get func(*R) int64) column[R] {
	return column[R]{strings.Split(names, ","), filter.Number, func(r *R) filter.Value { return filter.Value{Int: get(r)} }, down}
}

// span is a column of durations.
func span[R any](names string, down bool, get func(*R) time.Duration) column[R] {
	return column[R]{strings.Split(names, ","), filter.Duration, func(r *R) filter.Value { return filter.Value{Int: int64(get(r))} }, down}
}

// words is a column of texts.
func words[R any](names string, get func(*R) string) column[R] {
	return column[R]{strings.Split(names, ","), filter.Text, func(r *R) filter.Value { return filter.Value{Text: get(r)} }, false}
}

// truth is a value of a column of yes and no.
func truth(b bool) filter.Value {
	if b {
		return filter.Value{Int: 1}
	}
	return filter.Value{}
}
