package api

import "time"

// List is one page of a listing.
type List[T any] struct {
	Items      []T       `json:"items"`
	NextCursor string    `json:"next_cursor,omitempty"` // empty on the last page
	Total      int       `json:"total"`                 // rows that match, on all pages
	Now        time.Time `json:"now"`
}

// Fields is a row of a listing with those fields only that were asked for.
type Fields map[string]any
