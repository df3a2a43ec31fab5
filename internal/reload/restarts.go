package reload

import (
	"errors"

	"natsd/internal/config"
)

// registryRestarts is the component behind the keys that the registry calls [config.Restart]: it
// refuses their change, so that a strict reload fails and a partial one lists them as pending.
type registryRestarts struct {
	diff func(old, next *config.Options) []Field
}

// Name implements [Component].
func (registryRestarts) Name() string { return "registry" }

// Plan implements [Component].
func (r registryRestarts) Plan(old, next *config.Options) (Change, error) {
	var errs []error
	for _, f := range r.diff(old, next) {
		if f.Verdict == Restart {
			errs = append(errs, &KeyError{Path: f.Path, Verdict: Restart, Reason: "it is read at the start only"})
		}
	}
	return nil, errors.Join(errs...)
}
