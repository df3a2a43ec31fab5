package admin

import (
	"crypto/sha256"
	"fmt"
	"testing"
)

// Whoever sends many keys pushes out his own.
func TestReplaysOfOthersStay(t *testing.T) {
	t.Parallel()
	var p replays
	var request [sha256.Size]byte
	note := func(who, key string) bool {
		k := replayKey{who, key}
		_, first := p.begin(k, request)
		p.end(k, key, true)
		return first
	}
	for i := range 10 {
		note("quiet", fmt.Sprint(i))
	}
	for i := range 3 * mostReplays {
		note("loud", fmt.Sprint(i))
	}
	for i := range 10 {
		if note("quiet", fmt.Sprint(i)) {
			t.Errorf("key %d is forgotten", i)
		}
	}
	if len(p.all) != mostReplays || len(p.by) != mostReplays || p.held["loud"] != mostReplays-10 {
		t.Errorf("%d %d %v", len(p.all), len(p.by), p.held)
	}
	if note("loud", fmt.Sprint(3*mostReplays-1)) || !note("loud", "0") {
		t.Error("the newest are not those that are kept")
	}
}
