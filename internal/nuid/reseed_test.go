package nuid

import "testing"

func TestCounterRunsOver(t *testing.T) {
	t.Parallel()
	g := New()
	g.count = countLimit - 1
	prefix := g.prefix
	if id := g.Next(); g.prefix == prefix || g.count >= countLimit || len(id) != Size {
		t.Errorf("after the last number: id %s, prefix kept %v, count %d", id, g.prefix == prefix, g.count)
	}
}
