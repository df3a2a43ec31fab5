package reload

import (
	"context"

	"natsd/internal/config"
)

// Component is a part of the server that can take a new configuration while it runs. The manager
// calls its components one after the other in the order they were given; that order is part of the
// design (accounts before authentication before links).
type Component interface {
	// Name is one word for reports and logs: "tls", "auth".
	Name() string
	// Plan compares two snapshots and returns what it would take to go from old to next; nil when
	// that does not concern the component. It is pure: it reads its arguments and its own state, and
	// changes nothing. Old is the snapshot that the component works from at the moment.
	//
	// An error refuses the reload. One or several [KeyError] (joined by [errors.Join]) name the keys
	// that the component cannot take live; a reload in mode [Partial] goes on without the component
	// then.
	Plan(old, next *config.Options) (Change, error)
}

// Owner is a Component that says which keys it puts into force. Reports name the component of each
// change by it. A key owns everything below it: "tls" is "tls.timeout" too.
type Owner interface {
	Keys() []string
}

// Change is the way of one component from one snapshot to the next, made by [Component.Plan] and
// used once. Prepare is called first. Then come either Abort, or Commit and Settle. A Change whose
// Prepare failed or panicked is aborted like those before it; one that was never prepared is not.
// Embed [Base] to leave out what there is nothing to do for.
type Change interface {
	// Diff refines what the registry says about changed keys: a field replaces the one of the same
	// path, a new path is added. Nil leaves all to the registry.
	Diff() []Field
	// Prepare does whatever can be refused, invisibly: open, bind, load, compile. It must heed ctx.
	// An error is shown to the operator; it needs no mention of the component and holds no secret.
	Prepare(ctx context.Context) error
	// Commit puts into force what was prepared. It only swaps pointers: it neither blocks nor fails.
	Commit()
	// Abort undoes Prepare, also one that went half the way.
	Abort()
	// Settle follows the publication of the new snapshot: it brings into line what still lives by
	// the old one and releases what nobody needs any more. It returns what it did to connections. An
	// error becomes a warning in the report; nothing is undone. It must heed ctx, which ends with
	// the manager's settle timeout and not with the caller.
	Settle(ctx context.Context) ([]Effect, error)
}

// Predictor is a Change that can tell what Settle would do to connections. It is asked when all
// components are prepared; it changes nothing.
type Predictor interface {
	Predict(ctx context.Context) []Effect
}

// Base is a Change that does nothing, for embedding.
type Base struct{}

// Diff implements [Change].
func (Base) Diff() []Field { return nil }

// Prepare implements [Change].
func (Base) Prepare(context.Context) error { return nil }

// Commit implements [Change].
func (Base) Commit() {}

// Abort implements [Change].
func (Base) Abort() {}

// Settle implements [Change].
func (Base) Settle(context.Context) ([]Effect, error) { return nil, nil }

// KeyError says that a component cannot take the change of one key while it runs.
type KeyError struct {
	Path    string  // "jetstream.store_dir"
	Verdict Verdict // Restart or Rejected
	Reason  string
}

// Error implements error.
func (e *KeyError) Error() string {
	if e.Verdict == Restart {
		return e.Path + " needs a restart: " + e.Reason
	}
	return e.Path + ": " + e.Reason
}

func (e *KeyError) code() string {
	if e.Verdict == Restart {
		return CodeRestart
	}
	return CodeRejected
}
