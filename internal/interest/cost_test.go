package interest_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"natsd/internal/interest"
)

func TestMatchAllocatesNothing(t *testing.T) {
	x := interest.New[*int]()
	for i := range 100 {
		x.Insert("a.b", "", new(int))
		x.Insert("a.*", fmt.Sprint("q", i), new(int))
		x.Insert(">", fmt.Sprint("q", i), new(int))
	}
	var r interest.Result[*int]
	subject := []byte("a.b")
	n := testing.AllocsPerRun(100, func() {
		x.Match(subject, &r)
		x.HasInterest(subject)
		x.Generation()
	})
	if n != 0 {
		t.Errorf("%v allocations per match, want none", n)
	}
}

// TestMemoryOfLiterals pins what a subscription costs. The filter itself is the
// caller's and counted apart from the index, as callers keep it anyway.
func TestMemoryOfLiterals(t *testing.T) { checkMemory(t, 100_000) }

func checkMemory(t *testing.T, n int) {
	empty := heap()
	filters := literals(n)
	ids := make([]int32, n)
	own := heap()
	x := interest.New[*int32]()
	for i, f := range filters {
		x.Insert(f, "", &ids[i])
	}
	full := heap()
	index, text := (full-own)/int64(n), (own-empty)/int64(n)
	t.Logf("%d subscriptions: %d bytes each in the index, %d bytes in the filters", n, index, text)
	if index+text > 200 {
		t.Errorf("%d bytes for a literal subscription, want at most 200", index+text)
	}
	for i, f := range filters {
		if i%100 > 0 {
			x.Remove(f, "", &ids[i])
		}
	}
	if left := (heap() - own) / int64(n); left > index/4 {
		t.Errorf("%d bytes per former subscription stay when 99 of 100 have gone", left)
	}
	runtime.KeepAlive(x)
	runtime.KeepAlive(filters)
	runtime.KeepAlive(ids)
}

// TestManyWildcards builds what would take a matcher exponential time that tried
// filters or ways one after the other.
func TestManyWildcards(t *testing.T) {
	t.Parallel()
	x := interest.New[int]()
	const depth = 64
	stars := strings.Split(strings.Repeat("*", depth), "")
	x.Insert(strings.Join(stars, "."), "", 0)
	for i := range depth {
		tokens := append([]string(nil), stars...)
		tokens[i] = "a"
		x.Insert(strings.Join(tokens, "."), "", i+1)
		x.Insert(strings.Join(tokens[:i+1], ".")+".>", "", 1000+i)
	}
	subject := []byte(strings.Repeat("a.", depth-1) + "a")
	var r interest.Result[int]
	start := time.Now()
	for range 1000 {
		x.Match(subject, &r)
	}
	took := time.Since(start) / 1000
	if len(r.Plain) != 2*depth { // all, but "*.….a.>" with nothing left for ">"
		t.Errorf("%d subscribers, want %d", len(r.Plain), 2*depth)
	}
	if took > 5*time.Millisecond {
		t.Errorf("a match took %v", took)
	}
}

// TestCrowdLeaves removes a crowd from one subject in a bad order, and compares
// the time with that of a crowd of a twentieth. Looking through a list for each
// would take 400 times as long instead of 20 or, with cache misses, 40 times.
func TestCrowdLeaves(t *testing.T) {
	const few, many = 5_000, 100_000
	for name, sub := range map[string]struct {
		filter string
		queue  func(i int) string
	}{
		"plain":      {"news", func(int) string { return "" }},
		"one group":  {"news.*", func(int) string { return "q" }},
		"own groups": {"news", func(i int) string { return fmt.Sprint("q", i) }},
	} {
		t.Run(name, func(t *testing.T) {
			leave := func(n int) time.Duration {
				x := interest.New[int]()
				for i := range n {
					x.Insert(sub.filter, sub.queue(i), i)
				}
				start := time.Now()
				for i := range n {
					if i%2 == 1 { // from both ends of the list
						i = n - i
					}
					if !x.Remove(sub.filter, sub.queue(i), i) {
						t.Fatalf("%d is not there", i)
					}
				}
				return time.Since(start)
			}
			var short, long time.Duration
			for range 3 { // another process may take the processor away
				if short, long = leave(few), leave(many); long <= 150*short {
					return
				}
			}
			t.Errorf("%d removals took %v, %d took %v", few, short, many, long)
		})
	}
}

// literals returns n different filters of 18 bytes.
func literals(n int) []string {
	filters := make([]string, n)
	for i := range filters {
		filters[i] = fmt.Sprintf("bench.subj.%07d", i)
	}
	return filters
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
