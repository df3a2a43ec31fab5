package auth

import "context"

// method is one way to be let in. It is immutable and safe for concurrent use.
type method interface {
	// try decides on a request: the entry that lets it in, a *Refusal, or the error of
	// ctx. A nil entry without error hands the request on to the next method.
	try(ctx context.Context, r *Request) (*entry, error)
}
