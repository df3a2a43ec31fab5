package interest_test

import (
	"fmt"
	"slices"
	"testing"

	"natsd/internal/interest"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	x := interest.New[int]()
	for i, sub := range []struct{ filter, queue string }{
		1: {"foo", ""},
		2: {"foo", "g1"},
		3: {"foo", "g2"},
		4: {"foo.>", "g1"},
		5: {"foo.*", "g1"},
		6: {"*.bar", ""},
		7: {">", ""},
		8: {"foo.*bar", ""},
		9: {"foo.bar", "g3"},
	} {
		if i > 0 && !x.Insert(sub.filter, sub.queue, i) {
			t.Fatalf("insert %v refused", sub)
		}
	}
	tests := []struct {
		subject string
		plain   []int
		groups  map[string][]int
	}{
		{"foo", []int{1, 7}, map[string][]int{"g1": {2}, "g2": {3}}},
		{"foo.bar", []int{6, 7}, map[string][]int{"g1": {4, 5}, "g3": {9}}},
		{"foo.x", []int{7}, map[string][]int{"g1": {4, 5}}},
		{"foo.*", []int{7}, map[string][]int{"g1": {4, 5}}},
		{"foo.>", []int{7}, map[string][]int{"g1": {4, 5}}},
		{"*.bar", []int{6, 7}, nil},
		{"foo.*bar", []int{7, 8}, map[string][]int{"g1": {4, 5}}},
		{"foo.x.y", []int{7}, map[string][]int{"g1": {4}}},
		{"other", []int{7}, nil},
		{"foo..bar", nil, nil},
		{"foo.", nil, nil},
		{"", nil, nil},
	}
	var r interest.Result[int] // one for all, as callers use it
	for _, tt := range tests {
		x.Match([]byte(tt.subject), &r)
		slices.Sort(r.Plain)
		if !slices.Equal(r.Plain, tt.plain) {
			t.Errorf("%s: plain %v, want %v", tt.subject, r.Plain, tt.plain)
		}
		if len(r.Groups) != len(tt.groups) {
			t.Errorf("%s: groups %v, want %v", tt.subject, r.Groups, tt.groups)
		}
		for _, g := range r.Groups {
			slices.Sort(g.Members)
			if !slices.Equal(g.Members, tt.groups[g.Name]) {
				t.Errorf("%s: group %s is %v, want %v", tt.subject, g.Name, g.Members, tt.groups[g.Name])
			}
		}
		if r.Empty() != (tt.plain == nil && tt.groups == nil) || x.HasInterest([]byte(tt.subject)) == r.Empty() {
			t.Errorf("%s: empty %v, interest %v", tt.subject, r.Empty(), x.HasInterest([]byte(tt.subject)))
		}
	}
}

func TestInsertAndRemoveReport(t *testing.T) {
	t.Parallel()
	x := interest.New[int]()
	steps := []struct {
		name   string
		do     func(filter, queue string, v int) bool
		filter string
		queue  string
		want   bool
	}{
		{"insert", x.Insert, "a.*", "", true},
		{"insert", x.Insert, "a.*", "", false},
		{"insert", x.Insert, "a.*", "q", true},
		{"insert", x.Insert, "a..b", "", false},
		{"insert", x.Insert, "", "", false},
		{"insert", x.Insert, "a.>.b", "", false},
		{"remove", x.Remove, "a.>", "", false},
		{"remove", x.Remove, "a", "", false},
		{"remove", x.Remove, "a.*.b", "", false},
		{"remove", x.Remove, "a.>.b", "", false},
		{"remove", x.Remove, "a..b", "", false},
		{"remove", x.Remove, "a.*", "other", false},
		{"remove", x.Remove, "a.*", "", true},
		{"remove", x.Remove, "a.*", "", false},
		{"remove", x.Remove, "a.*", "q", true},
	}
	for _, s := range steps {
		before := x.Generation()
		if got := s.do(s.filter, s.queue, 7); got != s.want {
			t.Errorf("%s %q %q: %v, want %v", s.name, s.filter, s.queue, got, s.want)
		}
		if moved := x.Generation() != before; moved != s.want {
			t.Errorf("%s %q %q: generation moved %v, want %v", s.name, s.filter, s.queue, moved, s.want)
		}
	}
	if x.Len() != 0 {
		t.Errorf("%d left, want none", x.Len())
	}
}

// TestManyGroups makes one subject with more groups than are looked for one by
// one, spread over two filters that share half of the names.
func TestManyGroups(t *testing.T) {
	t.Parallel()
	const n = 1000
	x := interest.New[int]()
	for i := range n {
		x.Insert("foo.bar", fmt.Sprint("q", i), i)
		x.Insert("foo.*", fmt.Sprint("q", i+n/2), n+i)
	}
	var r interest.Result[int]
	for range 2 {
		x.Match([]byte("foo.bar"), &r)
		if len(r.Groups) != n+n/2 {
			t.Fatalf("%d groups, want %d", len(r.Groups), n+n/2)
		}
		for _, g := range r.Groups {
			var i int
			fmt.Sscanf(g.Name, "q%d", &i)
			var want []int
			if i < n {
				want = append(want, i)
			}
			if i >= n/2 {
				want = append(want, n+i-n/2)
			}
			slices.Sort(g.Members)
			if !slices.Equal(g.Members, want) {
				t.Fatalf("group %s is %v, want %v", g.Name, g.Members, want)
			}
		}
	}
	for i := range n {
		if !x.Remove("foo.bar", fmt.Sprint("q", i), i) || !x.Remove("foo.*", fmt.Sprint("q", i+n/2), n+i) {
			t.Fatal("a member is missing")
		}
	}
	if x.HasInterest([]byte("foo.bar")) {
		t.Error("interest is left")
	}
}

func TestStats(t *testing.T) {
	t.Parallel()
	x := interest.New[int]()
	x.Insert("a", "", 1)
	x.Insert("a", "", 2)
	x.Insert("a", "q", 3)
	x.Insert("a", "q", 4)
	x.Insert("*", "", 5)
	x.Insert("b", "", 6)
	x.Remove("b", "", 6)
	var r interest.Result[int]
	x.Match([]byte("a"), &r)
	x.Match([]byte("b"), &r)
	x.Match([]byte("c.d"), &r)
	want := interest.Stats{
		Subscriptions: 5, Filters: 2, Wildcards: 1, Inserts: 6, Removes: 1,
		Matches: 3, MaxFanout: 4, AvgFanout: 5.0 / 3,
	}
	if got := x.Stats(); got != want {
		t.Errorf("stats %+v, want %+v", got, want)
	}
}

func TestWalk(t *testing.T) {
	t.Parallel()
	type sub struct {
		filter, queue string
		v             int
	}
	x := interest.New[int]()
	stay := make(map[sub]int)
	insert := func(i int) sub {
		s := sub{fmt.Sprintf("s.%d", i/3), "", i}
		if i%2 == 1 {
			s.filter += ".*"
		}
		if i%5 == 1 {
			s.queue = "q"
		}
		if !x.Insert(s.filter, s.queue, s.v) {
			t.Fatalf("insert %v refused", s)
		}
		return s
	}
	for i := range 1000 {
		stay[insert(i)] = 0
	}
	var guests []sub
	for i := range 1000 {
		guests = append(guests, insert(5000+i))
	}
	seen := make(map[sub]int)
	pages, cursor := 0, 0
	for {
		cursor = x.Walk(cursor, 10, func(filter, queue string, v int) {
			seen[sub{filter, queue, v}]++
			x.Len() // takes the lock, so it must be free
		})
		pages++
		if cursor == 0 {
			break
		}
		for range 10 { // some go and some come while we look away
			if len(guests) > 0 {
				g := guests[0]
				guests = guests[1:]
				x.Remove(g.filter, g.queue, g.v)
				insert(10000 + 10*pages + len(guests)%10)
			}
		}
	}
	for s := range stay {
		if seen[s] != 1 {
			t.Errorf("%v was there all the time and was visited %d times", s, seen[s])
		}
	}
	for s, n := range seen {
		if n != 1 {
			t.Errorf("%v was visited %d times", s, n)
		}
	}
	if pages < 100 {
		t.Errorf("%d pages of about 10 for 2000 subscriptions", pages)
	}
	if got := interest.New[int]().Walk(0, 10, nil); got != 0 {
		t.Errorf("an empty index continues at %d", got)
	}
}
