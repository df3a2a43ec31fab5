// Package filter is the language in which clients of the admin API choose rows of a listing:
//
//	out_bytes>1e9 && account=="APP" && name~"worker.*"
//
// A comparison is a field, an operator and a value; comparisons are combined by &&, || and !, and
// grouped by parentheses. The operators are == != < <= > >= and, for texts, ~ and !~, which compare with a
// pattern of * and ?. Values are numbers with the suffixes of the configuration (10k, 1MiB), durations
// (90s, 1h30m, 2d), times (2026-01-31T12:00:00Z), true and false, and texts, in quotes where they have
// characters other than letters, digits and any of _ . - + : / * ? $ @. A field that is true or false may
// stand alone.
//
// An expression is checked against the fields of the rows when it is parsed; what is wrong is told with
// its column. It is no place for what the rows are. It imports package glob only.
package filter
