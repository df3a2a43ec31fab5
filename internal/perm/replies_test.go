package perm_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"natsd/internal/perm"
)

var start = time.Unix(1_700_000_000, 0)

func TestReplies(t *testing.T) {
	t.Parallel()
	type step struct {
		after time.Duration
		add   string
		take  string
		want  bool
	}
	tests := []struct {
		name      string
		responses perm.Responses
		steps     []step
	}{
		{"defaults: once", perm.Responses{}, []step{
			{add: "rep.1"}, {take: "rep.1", want: true}, {take: "rep.1"}, {take: "rep.2"},
		}},
		{"defaults: two minutes", perm.Responses{}, []step{
			{add: "a"},
			{add: "b"},
			{after: 2 * time.Minute, take: "a", want: true},
			{after: 2*time.Minute + 1, take: "b"},
		}},
		{"limits given", perm.Responses{Max: 2, Expires: 500 * time.Millisecond}, []step{
			{add: "rep.3"},
			{add: "rep.4"},
			{take: "rep.3", want: true},
			{take: "rep.3", want: true},
			{take: "rep.3"},
			{after: 700 * time.Millisecond, take: "rep.4"},
		}},
		{"no limit of number", perm.Responses{Max: -1, Expires: time.Second}, []step{
			{add: "a"},
			{take: "a", want: true},
			{take: "a", want: true},
			{take: "a", want: true},
			{after: 2 * time.Second, take: "a"},
		}},
		{"no limit of time", perm.Responses{Max: 1, Expires: -1}, []step{
			{add: "a"}, {after: 1000 * time.Hour, take: "a", want: true}, {after: 1000 * time.Hour, take: "a"},
		}},
		{"asked again", perm.Responses{Max: 2, Expires: time.Second}, []step{
			{add: "a"},
			{take: "a", want: true},
			{after: 900 * time.Millisecond, add: "a"},
			{after: 1800 * time.Millisecond, take: "a", want: true},
			{after: 1800 * time.Millisecond, take: "a", want: true},
			{after: 1800 * time.Millisecond, take: "a"},
		}},
		{"nothing to answer to", perm.Responses{}, []step{{add: ""}, {take: ""}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := perm.NewReplies(&tt.responses)
			for i, s := range tt.steps {
				now := start.Add(s.after)
				if s.take == "" {
					r.Add([]byte(s.add), now)
				} else if got := r.Take([]byte(s.take), now); got != s.want {
					t.Errorf("step %d: %s may be answered: %v, want %v", i, s.take, got, s.want)
				}
			}
		})
	}
}

func TestNoReplies(t *testing.T) {
	t.Parallel()
	r := perm.NewReplies(nil)
	r.Add([]byte("a"), start)
	if r.Take([]byte("a"), start) || r.Len() != 0 {
		t.Error("a reply is tracked without the right to answer")
	}
}

// TestRepliesAreBounded asks far more than can be held. The newest requests stay.
func TestRepliesAreBounded(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		length int // of a reply subject
		most   int
	}{
		{"by number", 20, 1 << 16},
		{"by size", 4000, 8 << 20 / 4000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := perm.NewReplies(&perm.Responses{Max: -1, Expires: -1})
			reply := func(i int) []byte {
				return []byte(fmt.Sprintf("%0*d", tt.length, i))
			}
			for i := range tt.most + 1000 {
				r.Add(reply(i), start)
			}
			if r.Len() != tt.most {
				t.Errorf("%d replies are held, want %d", r.Len(), tt.most)
			}
			if !r.Take(reply(1000), start) || r.Take(reply(999), start) {
				t.Error("not the oldest ones went")
			}
		})
	}
}

func TestExpiredRepliesGoWithoutBeingTaken(t *testing.T) {
	t.Parallel()
	r := perm.NewReplies(&perm.Responses{Expires: time.Second})
	for i := range 10_000 {
		r.Add(fmt.Append(nil, i), start.Add(time.Duration(i)*time.Millisecond))
		if r.Len() > 1002 {
			t.Fatalf("%d replies are held, at most 1001 of them can be answered", r.Len())
		}
	}
}

// TestRepliesAgainstModel compares with a map.
func TestRepliesAgainstModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limits := perm.Responses{
			Max:     rapid.SampledFrom([]int{-1, 1, 2, 3}).Draw(t, "max"),
			Expires: rapid.SampledFrom([]time.Duration{-1, 5, 20}).Draw(t, "expires"),
		}
		r := perm.NewReplies(&limits)
		type right struct {
			since time.Time
			left  int
		}
		model := make(map[string]right)
		now := start
		name := rapid.Custom(func(t *rapid.T) string {
			return strings.Repeat("x", rapid.IntRange(1, 12).Draw(t, "length"))
		})
		t.Repeat(map[string]func(*rapid.T){
			"wait": func(t *rapid.T) { now = now.Add(time.Duration(rapid.IntRange(1, 4).Draw(t, "ns"))) },
			"add": func(t *rapid.T) {
				s := name.Draw(t, "reply")
				r.Add([]byte(s), now)
				model[s] = right{now, limits.Max}
			},
			"take": func(t *rapid.T) {
				s := name.Draw(t, "reply")
				m, ok := model[s]
				want := ok && m.left != 0 && (limits.Expires < 0 || now.Sub(m.since) <= limits.Expires)
				if got := r.Take([]byte(s), now); got != want {
					t.Fatalf("%s may be answered: %v, want %v", s, got, want)
				}
				m.left--
				if want {
					model[s] = m
				}
			},
		})
	})
}

func TestRepliesConcurrently(t *testing.T) {
	t.Parallel()
	const n = 2000
	r := perm.NewReplies(&perm.Responses{})
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range n {
				reply := fmt.Appendf(nil, "r.%d.%d", w, i)
				r.Add(reply, start)
				if !r.Take(reply, start) || r.Take(reply, start) {
					t.Errorf("%s was not answered exactly once", reply)
				}
			}
		})
	}
	wg.Wait()
	if r.Len() != 0 {
		t.Errorf("%d replies are left", r.Len())
	}
}

func TestRepliesAllocateNothing(t *testing.T) {
	r := perm.NewReplies(&perm.Responses{})
	replies := make([][]byte, 100)
	for i := range replies {
		replies[i] = fmt.Appendf(nil, "_INBOX.aaaaaaaaaaaaaaaaaaaaaa.%d", i)
	}
	n := testing.AllocsPerRun(100, func() {
		for _, s := range replies {
			r.Add(s, start)
		}
		for _, s := range replies {
			r.Take(s, start)
		}
	})
	if n > 1 { // the map may move its buckets now and then
		t.Errorf("%v allocations for 100 replies, want none", n)
	}
}
