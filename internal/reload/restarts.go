package reload

import (
	"errors"

	"natsd/internal/config"
)

// registryRestarts is the component behind keys that the registry calls [config.Restart].
type registryRestarts struct {
	class func(path string) config.Reload
}

// Name implements [Component].
func (registryRestarts) Name() string { return "registry" }

// Plan implements [Component].
func (r registryRestarts) Plan(old, next *config.Options) (Change, error) {
	var errs []error
	for path := range next.Values {
		if r.class(path) != config.Restart {
			continue
		}
		for _, f := range compareKeys(old, next, path) {
			errs = append(errs, &KeyError{Path: f.Path, Verdict: Restart, Reason: "it is read at the start only"})
		}
	}
	return nil, errors.Join(errs...)
}

func restartClass(string) config.Reload { return config.Live }
