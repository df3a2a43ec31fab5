package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"natsd/internal/admin/filter"
)

// thing is a row of a listing of tests.
type thing struct {
	id, size int64
	name     string
}

var things = &listing[thing]{
	id:   func(t *thing) key { return key{N: t.id} },
	show: func(_ *call, t *thing) (any, error) { return t, nil },
	columns: []column[thing]{
		number("id", false, func(t *thing) int64 { return t.id }),
		number("size", true, func(t *thing) int64 { return t.size }),
		words("name", func(t *thing) string { return t.name }),
	},
}

// sorted makes a query without a request.
func sorted(order string) *query[thing] {
	q := &query[thing]{listing: things}
	for name := range strings.SplitSeq(order, ",") {
		bare, turned := strings.CutPrefix(name, "-")
		col, _ := things.find(bare)
		q.sorts = append(q.sorts, sorting[thing]{col, col.down != turned})
		q.down = turned
	}
	return q
}

func thingGen(id int64) *rapid.Generator[thing] {
	return rapid.Custom(func(t *rapid.T) thing {
		return thing{id, rapid.Int64Range(0, 3).Draw(t, "size"), rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "name")}
	})
}

var orders = rapid.SampledFrom([]string{"id", "-id", "size", "-size", "name,size", "-name,-size", "size,-name", "name,-id"})

// Rows that are there all the time are seen exactly once, in order, whoever comes and goes meanwhile.
func TestPagesUnderChurn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q := sorted(orders.Draw(t, "order"))
		limit := rapid.IntRange(1, 5).Draw(t, "limit")
		var rows []thing
		next := int64(0)
		come := func(label string) {
			for range rapid.IntRange(0, 6).Draw(t, label) {
				rows = append(rows, thingGen(next).Draw(t, label))
				next++
			}
		}
		come("at first")
		stay := rapid.IntRange(0, len(rows)).Draw(t, "stay")
		seen := map[int64]int{}
		var last *place
		for page := 0; ; page++ {
			first, total := q.page(slices.Values(rows), limit+1)
			if total != len(rows) {
				t.Fatalf("total %d of %d", total, len(rows))
			}
			for i := range first[:min(len(first), limit)] {
				p := &first[i].place
				if last != nil && q.compare(last, p) >= 0 {
					t.Fatalf("%+v after %+v", p, last)
				}
				seen[first[i].row.id]++
				last = p
			}
			if len(first) <= limit {
				break
			}
			text, err := json.Marshal(&cursor{place: *last}) // as a client carries it
			if err != nil {
				t.Fatal(err)
			}
			var back cursor
			if err := json.Unmarshal(text, &back); err != nil {
				t.Fatal(err)
			}
			q.after = &back.place
			if page < 5 {
				for range rapid.IntRange(0, 3).Draw(t, "go") {
					if len(rows) > stay {
						i := rapid.IntRange(stay, len(rows)-1).Draw(t, "gone")
						rows = slices.Delete(rows, i, i+1)
					}
				}
				come("come")
			}
		}
		for _, r := range rows[:stay] {
			if seen[r.id] != 1 {
				t.Fatalf("row %+v was seen %d times", r, seen[r.id])
			}
		}
		for id, n := range seen {
			if n > 1 {
				t.Fatalf("row %d was seen %d times", id, n)
			}
		}
	})
}

// -KEY is the mirror of KEY, and pages are parts of the whole.
func TestSortIsMirrored(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var rows []thing
		for id := range rapid.Int64Range(0, 40).Draw(t, "rows") {
			rows = append(rows, thingGen(id).Draw(t, "row"))
		}
		col := rapid.SampledFrom([]string{"id", "size", "name"}).Draw(t, "column")
		up, _ := sorted(col).page(slices.Values(rows), 1000)
		down, _ := sorted("-"+col).page(slices.Values(rows), 1000)
		slices.Reverse(down)
		some, _ := sorted(col).page(slices.Values(rows), 3)
		for i := range up {
			if up[i].row != down[i].row || i < len(some) && up[i].row != some[i].row {
				t.Fatalf("place %d: %+v, mirrored %+v", i, up[i].row, down[i].row)
			}
		}
	})
}

func TestFilteredRows(t *testing.T) {
	t.Parallel()
	q := sorted("id")
	var err error
	if q.match, err = filter.Parse(`size>1 && name~"a*"`, func(name string) (*column[thing], filter.Kind, bool) {
		col, ok := things.find(name)
		return col, col.kind, ok
	}); err != nil {
		t.Fatal(err)
	}
	rows := []thing{{1, 2, "ab"}, {2, 1, "ab"}, {3, 3, "b"}, {4, 9, "a"}}
	if first, total := q.page(slices.Values(rows), 10); total != 2 || fmt.Sprint(first[0].row.id, first[1].row.id) != "1 4" {
		t.Errorf("%d: %+v", total, first)
	}
}

func TestProject(t *testing.T) {
	t.Parallel()
	type inner struct {
		A int    `json:"a"`
		B string `json:"b,omitempty"`
		C []int  `json:"c"`
	}
	got, err := project(inner{A: 1, C: []int{1}}, []string{"c", "b", "a", "c"})
	if err != nil || string(got) != `{"c":[1],"a":1}` {
		t.Errorf("%s %v", got, err)
	}
	if keys := strings.Join(jsonKeys(inner{}), " "); keys != "a b c" {
		t.Errorf("keys %s", keys)
	}
}

// A listing without pages that ends too early does not look like a whole one.
func TestListingThatBreaks(t *testing.T) {
	t.Parallel()
	broken := *things
	broken.show = func(_ *call, t *thing) (any, error) {
		if t.id == 2000 {
			return nil, errors.New("it is gone")
		}
		return t.id, nil
	}
	a := &API{limits: newLimits()}
	for _, last := range []int64{1000, 3000} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			q := &query[thing]{listing: &broken}
			_, err := q.serveAll(&call{api: a, w: w, r: r}, func(yield func(thing) bool) {
				for id := int64(1); id <= last && yield(thing{id: id}); {
					id++
				}
			})
			if err != nil {
				t.Error(err)
			}
		}))
		resp, err := s.Client().Get(s.URL)
		if err == nil {
			_, err = io.ReadAll(resp.Body)
			_ = resp.Body.Close()
		}
		if (err != nil) != (last > 2000) {
			t.Errorf("%d rows: %v", last, err)
		}
		s.Close()
	}
}
