package server

import (
	"testing"

	"natsd/internal/reload"
)

// TestEveryKeyIsPutIntoForce: a key that no component takes would be reported as applied and have no
// effect.
func TestEveryKeyIsPutIntoForce(t *testing.T) {
	t.Parallel()
	s, _ := launch(t, options(t, ""))
	for _, key := range reload.Unclaimed(s.components()) {
		t.Errorf("%s: no component claims it", key)
	}
}
