package status

import (
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func closedCIDs(r *Ring) []uint64 {
	var out []uint64
	for _, c := range r.Append(nil) {
		out = append(out, c.Facts.CID)
	}
	return out
}

// TestRingModel compares the ring with a slice that is cut at its front.
func TestRingModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(-1, 6).Draw(t, "size")
		r := NewRing(size)
		size = max(size, 0)
		var model []uint64
		var cid uint64
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			if rapid.IntRange(0, 9).Draw(t, "resize") == 0 {
				size = rapid.IntRange(0, 6).Draw(t, "newsize")
				r.Resize(size)
			} else {
				cid++
				r.Add(&Closed{Conn: Conn{Facts: &Facts{CID: cid}}})
				model = append(model, cid)
			}
			model = model[max(0, len(model)-size):]
			if got := closedCIDs(r); !slices.Equal(got, model) {
				t.Fatalf("got %v, want %v", got, model)
			}
		}
		if r.Total() != cid {
			t.Fatalf("total %d, want %d", r.Total(), cid)
		}
	})
}

func TestRingConcurrent(t *testing.T) {
	t.Parallel()
	r := NewRing(64)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 500 {
				r.Add(&Closed{Conn: Conn{Facts: &Facts{CID: uint64(i)}}})
				r.Append(nil)
				if i%100 == 0 {
					r.Resize(32 + i%64)
				}
			}
		})
	}
	wg.Wait()
	if r.Total() != 2000 {
		t.Errorf("total %d, want 2000", r.Total())
	}
}

func TestIndexStatsAdd(t *testing.T) {
	t.Parallel()
	a := IndexStats{Subs: 1, Cached: 2, Inserts: 3, Removes: 4, Matches: 5, Hits: 6, MaxFanout: 9, FanoutSum: 8, FanoutCount: 7}
	got := a.Add(IndexStats{Subs: 1, Cached: 1, Inserts: 1, Removes: 1, Matches: 1, Hits: 1, MaxFanout: 3, FanoutSum: 1, FanoutCount: 1})
	want := IndexStats{Subs: 2, Cached: 3, Inserts: 4, Removes: 5, Matches: 6, Hits: 7, MaxFanout: 9, FanoutSum: 9, FanoutCount: 8}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestKindNames(t *testing.T) {
	t.Parallel()
	for k, want := range map[Kind]string{Client: "Client", Leafnode: "Leafnode", Router: "Router", Gateway: "Gateway", System: "System", JetStream: "JetStream", AccountKind: "Account", 99: "Unknown"} {
		if got := k.String(); got != want {
			t.Errorf("Kind(%d) = %q, want %q", k, got, want)
		}
	}
}
