package cluster

import (
	"fmt"
	"testing"

	"natsd/test/harness"
)

// footprint is what must not grow while others come and go.
type footprint struct {
	goroutines, descriptors int
	memory                  int64 // resident, in bytes
}

func (f footprint) String() string {
	return fmt.Sprintf("%d goroutines, %d descriptors, %.1f MiB", f.goroutines, f.descriptors, float64(f.memory)/(1<<20))
}

// within reports whether f is no more than base, apart from connections of the moment and from memory that
// the garbage collector may still take back.
func (f footprint) within(base footprint) bool {
	answers := f.goroutines > 0 && base.goroutines > 0
	return answers && f.goroutines <= base.goroutines+12 && f.descriptors <= base.descriptors+8 &&
		(harness.Race || f.memory <= base.memory+base.memory/2+16<<20)
}

func (n *member) footprint() footprint { return footprint{n.Goroutines(), n.FDs(), n.RSS()} }

// footprints are those of servers that live throughout, taken once the first rounds have warmed them up.
func footprints(members []*member) []footprint {
	var out []footprint
	for _, n := range members {
		out = append(out, n.footprint())
	}
	return out
}

// notGrown fails the test when a natsd has more than it had so many rounds ago.
func notGrown(t *testing.T, members []*member, before []footprint, rounds int) {
	t.Helper()
	for i, n := range members {
		var now footprint
		ok := harness.Eventually(patience, func() bool { now = n.footprint(); return now.within(before[i]) })
		t.Logf("%s (%s): %v; %d rounds later %v", n.name, n.kind, before[i], rounds, now)
		if !ok && n.kind == harness.Natsd {
			t.Errorf("%s has grown", n.name)
		}
	}
}

// whole waits until each natsd has a whole pool to each other server, and no connection more.
func (m *mesh) whole(t *testing.T) {
	t.Helper()
	for _, n := range m.members {
		if n.kind == harness.Peer {
			continue
		}
		eventually(t, "whole pools at "+n.name, func() bool {
			have := map[string]int{}
			for _, r := range n.routes() {
				have[r.RemoteName]++
			}
			for _, other := range m.members {
				want := 4
				name := other.name
				if other.kind == harness.Peer { // 2.9 has no pools and tells no name
					want, name = 1, ""
					if have[name] == 0 {
						name = other.name
					}
				}
				if other != n && have[name] != want {
					return false
				}
			}
			return true
		})
	}
}
