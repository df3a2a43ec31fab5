package reload

import (
	"testing"

	"natsd/internal/config"
)

// TestRegistryRestarts: no key of the registry is of this class, so one is made up.
func TestRegistryRestarts(t *testing.T) {
	t.Parallel()
	old, next := &config.Options{Port: 1}, &config.Options{Port: 2}
	c := registryRestarts{diff: func(a, b *config.Options) []Field {
		if a.Port == b.Port {
			return nil
		}
		return []Field{{Path: "debug", Verdict: Live}, {Path: "port", Verdict: Restart}}
	}}
	change, err := c.Plan(old, next)
	keys, other := keyErrors(err)
	if change != nil || len(other) > 0 || len(keys) != 1 || keys[0].Path != "port" || keys[0].Verdict != Restart {
		t.Errorf("%v %v", change, err)
	}
	if _, err := c.Plan(old, old); err != nil {
		t.Error(err)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	want := []string{"noop", "live", "live-disruptive", "restart", "rejected"}
	for i, v := range []Verdict{Noop, Live, Disruptive, Restart, Rejected} {
		if v.String() != want[i] {
			t.Errorf("%d: %s", i, v)
		}
	}
	for want, v := range map[string]interface{ MarshalText() ([]byte, error) }{
		"strict": Strict, "partial": Partial, "replace": Replace, "add": Add, "remove": Remove, "live": Live,
	} {
		if got, err := v.MarshalText(); string(got) != want || err != nil {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
