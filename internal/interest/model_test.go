package interest_test

import (
	"cmp"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"natsd/internal/interest"
	"natsd/internal/subject"
)

// entry is one subscription of the model.
type entry struct {
	filter, queue string
	v             int
}

// model is an index that goes through everything it has.
type model map[entry]bool

func (m model) match(s string) (plain []int, groups map[string][]int) {
	groups = make(map[string][]int)
	for e := range m {
		switch {
		case !subject.Matches(e.filter, s):
		case e.queue == "":
			plain = append(plain, e.v)
		default:
			groups[e.queue] = append(groups[e.queue], e.v)
		}
	}
	return plain, groups
}

// TestAgainstModel does the same to an index and to the model and compares what
// they answer. The alphabet is small, so that filters meet; the number of
// subscribers is large enough to pass from lists to indexed lists and back.
func TestAgainstModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x, m := interest.New[int](), model{}
		var r interest.Result[int]
		token := rapid.SampledFrom([]string{"a", "b", "c", "*", ">", "a*", ""})
		text := rapid.Custom(func(t *rapid.T) string {
			s := token.Draw(t, "token")
			for rapid.IntRange(0, 2).Draw(t, "more") > 0 {
				s += "." + token.Draw(t, "token")
			}
			return s
		})
		draw := func(t *rapid.T) entry {
			return entry{
				text.Draw(t, "filter"),
				rapid.SampledFrom([]string{"", "", "q1", "q2", "q3"}).Draw(t, "queue"),
				rapid.IntRange(0, 40).Draw(t, "subscriber"),
			}
		}
		insert := func(t *rapid.T, e entry) {
			want := subject.Valid(e.filter) && !m[e]
			if got := x.Insert(e.filter, e.queue, e.v); got != want {
				t.Fatalf("insert %v: %v, want %v", e, got, want)
			}
			if want {
				m[e] = true
			}
		}
		remove := func(t *rapid.T, e entry) {
			if got := x.Remove(e.filter, e.queue, e.v); got != m[e] {
				t.Fatalf("remove %v: %v, want %v", e, got, m[e])
			}
			delete(m, e)
		}
		t.Repeat(map[string]func(*rapid.T){
			"insert": func(t *rapid.T) { insert(t, draw(t)) },
			"crowd": func(t *rapid.T) {
				e := draw(t)
				for e.v = range 40 {
					insert(t, e)
				}
			},
			"leave": func(t *rapid.T) {
				e := draw(t)
				for e.v = range 40 {
					remove(t, e)
				}
			},
			"remove": func(t *rapid.T) { remove(t, draw(t)) },
			"remove one that is there": func(t *rapid.T) {
				if len(m) == 0 {
					t.Skip("there is none")
				}
				all := slices.SortedFunc(maps.Keys(m), func(a, b entry) int {
					return cmp.Or(cmp.Compare(a.filter, b.filter), cmp.Compare(a.queue, b.queue), cmp.Compare(a.v, b.v))
				})
				remove(t, rapid.SampledFrom(all).Draw(t, "entry"))
			},
			"match": func(t *rapid.T) {
				s := text.Draw(t, "subject")
				x.Match([]byte(s), &r)
				plain, groups := m.match(s)
				slices.Sort(plain)
				slices.Sort(r.Plain)
				if !slices.Equal(r.Plain, plain) {
					t.Fatalf("%q: plain %v, want %v", s, r.Plain, plain)
				}
				if len(r.Groups) != len(groups) {
					t.Fatalf("%q: groups %v, want %v", s, r.Groups, groups)
				}
				for _, g := range r.Groups {
					want := groups[g.Name]
					slices.Sort(want)
					slices.Sort(g.Members)
					if !slices.Equal(g.Members, want) {
						t.Fatalf("%q: group %s %v, want %v", s, g.Name, g.Members, want)
					}
				}
				if got := x.HasInterest([]byte(s)); got == r.Empty() {
					t.Fatalf("%q: interest is %v", s, got)
				}
			},
			"": func(t *rapid.T) {
				seen := model{}
				for cursor, first := 0, true; first || cursor != 0; first = false {
					cursor = x.Walk(cursor, 7, func(filter, queue string, v int) { seen[entry{filter, queue, v}] = true })
				}
				if !maps.Equal(seen, m) {
					t.Fatalf("the index has %v, want %v", seen, m)
				}
				if stats := x.Stats(); x.Len() != len(m) || stats.Subscriptions != len(m) || stats.Inserts-stats.Removes != uint64(len(m)) {
					t.Fatalf("length %d and %+v, want %d", x.Len(), stats, len(m))
				}
			},
		})
	})
}
