package interest

import "sync/atomic"

// Stats are the figures of an index since it was made.
type Stats struct {
	Subscriptions int
	Filters       int // distinct ones
	Wildcards     int // distinct ones with a wildcard
	Inserts       uint64
	Removes       uint64

	// Matches that callers answered from a kept result are not among these. A
	// fan-out is the number of plain subscribers and of groups that a match
	// found.
	Matches   uint64
	MaxFanout int
	AvgFanout float64
}

// Stats returns the current figures.
func (x *Index[T]) Stats() Stats {
	var s Stats
	x.mu.RLock()
	s.Subscriptions, s.Wildcards = x.counts.subscriptions, x.counts.wildcards
	s.Filters = len(x.literals) + s.Wildcards
	s.Inserts, s.Removes = x.counts.inserts, x.counts.removes
	x.mu.RUnlock()
	s.Matches, s.MaxFanout = x.fanout.matches.Load(), int(x.fanout.max.Load())
	if s.Matches > 0 {
		s.AvgFanout = float64(x.fanout.sum.Load()) / float64(s.Matches)
	}
	return s
}

// counts change under the lock of the index.
type counts struct {
	subscriptions, wildcards int
	inserts, removes         uint64
}

// fanout is counted by matches, which run at the same time.
type fanout struct{ matches, sum, max atomic.Uint64 }

func (f *fanout) count(found int) {
	n := uint64(found)
	f.matches.Add(1)
	f.sum.Add(n)
	for {
		old := f.max.Load()
		if n <= old || f.max.CompareAndSwap(old, n) {
			return
		}
	}
}
