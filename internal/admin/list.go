package admin

import (
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"natsd/internal/admin/api"
	"natsd/internal/admin/filter"
	"natsd/internal/topn"
)

// listing is how rows of one kind are listed: by which columns they can be sorted and chosen, and how one
// is shown. It is immutable.
type listing[R any] struct {
	columns []column[R]
	id      func(r *R) key                   // no two rows have the same, and none changes it
	show    func(c *call, r *R) (any, error) // called for the rows of the answer only
	item    any                              // a value of the type that show returns
	order   string                           // when none is asked for
}

// key is a value that rows are sorted by: numbers, then texts.
type key struct {
	N int64  `json:"n,omitempty"`
	T string `json:"t,omitempty"`
}

func compareKeys(a, b key) int { return cmp.Or(cmp.Compare(a.N, b.N), strings.Compare(a.T, b.T)) }

// find returns the column of a name.
func (l *listing[R]) find(name string) (*column[R], bool) {
	for i := range l.columns {
		if slices.Contains(l.columns[i].names, name) {
			return &l.columns[i], true
		}
	}
	return nil, false
}

// sorting is one column that rows are sorted by.
type sorting[R any] struct {
	*column[R]
	down bool
}

// query is what one request wants of a listing.
type query[R any] struct {
	*listing[R]
	limit  int
	sorts  []sorting[R]
	down   bool // rows that are equal in all sorts come with the greatest id first
	match  *filter.Expr[*column[R]]
	fields []string
	stream bool      // all rows, one a line
	print  uint64    // of what the request asks for; pages of one listing agree in it
	after  *place    // the last row of the page before
	now    time.Time // what ages are counted to; the same on all pages
}

// defaultLimit is the size of a page of which nothing is said.
const defaultLimit = 100

// The parameters of every listing.
var listParams = []param{
	{name: "limit", kind: "integer", doc: "Rows of a page at most: 100 when not given, 10000 at most."},
	{name: "cursor", doc: "`next_cursor` of the page before."},
	{name: "sort", doc: "Columns to sort by, separated by commas; `-` before one turns it round. The numbers of connz come with the greatest first."},
	{name: "filter", doc: "An expression that rows have to fulfil: `out_bytes>1e9 && account==\"APP\" && name~\"worker.*\"`."},
	{name: "fields", doc: "Fields to show, separated by commas; all when not given."},
}

// ndjson is the media type of rows without pages.
const ndjson = "application/x-ndjson"

// query reads the parameters of a listing. What is wrong with them is noted in c.
func (l *listing[R]) query(c *call) *query[R] {
	q := &query[R]{
		listing: l, limit: c.int("limit", maxLimit, defaultLimit), now: time.Now(),
		stream: strings.Contains(c.r.Header.Get("Accept"), ndjson),
	}
	q.readSort(c)
	q.readFilter(c, c.text("filter"))
	q.readFields(c)
	q.readCursor(c)
	return q
}

func (q *query[R]) readSort(c *call) {
	for name := range strings.SplitSeq(cmp.Or(c.text("sort"), q.order), ",") {
		name = strings.TrimSpace(name)
		bare, turned := strings.CutPrefix(name, "-")
		col, ok := q.find(bare)
		if !ok || col.kind == filter.Words {
			c.wrong("sort", fmt.Sprintf("%q is not one of %s", bare, strings.Join(q.names(), ", ")))
			return
		}
		q.sorts = append(q.sorts, sorting[R]{col, col.down != turned})
		q.down = turned
	}
}

// names lists the columns that rows can be sorted by.
func (l *listing[R]) names() []string {
	var out []string
	for i := range l.columns {
		if l.columns[i].kind != filter.Words {
			out = append(out, l.columns[i].names...)
		}
	}
	return out
}

func (q *query[R]) readFilter(c *call, text string) {
	if text == "" {
		return
	}
	expr, err := filter.Parse(text, func(name string) (*column[R], filter.Kind, bool) {
		col, ok := q.find(name)
		if !ok {
			return nil, 0, false
		}
		return col, col.kind, true
	})
	if err != nil {
		c.wrong("filter", err.Error())
		return
	}
	q.match = expr
}

func (q *query[R]) readFields(c *call) {
	text := c.text("fields")
	if text == "" {
		return
	}
	known := jsonKeys(q.item)
	for name := range strings.SplitSeq(text, ",") {
		name = strings.TrimSpace(name)
		if !slices.Contains(known, name) {
			c.wrong("fields", fmt.Sprintf("%q is not one of %s", name, strings.Join(known, ", ")))
			return
		}
		q.fields = append(q.fields, name)
	}
}

// uses tells whether the request has to do with a column whose name begins so.
func (q *query[R]) uses(c *call, prefix string) bool {
	return strings.Contains(c.text("sort"), prefix) || strings.Contains(c.text("filter"), prefix) ||
		slices.ContainsFunc(q.fields, func(f string) bool { return strings.HasPrefix(f, prefix) })
}

// place is where a row stands among all.
type place struct {
	Keys []key `json:"k"`
	ID   key   `json:"i"`
}

// ranked is a row with its place.
type ranked[R any] struct {
	place
	row R
}

// rank fills p with the place of a row.
func (q *query[R]) rank(p *place, r *R) {
	p.Keys = p.Keys[:0]
	for _, s := range q.sorts {
		v := s.get(r)
		p.Keys = append(p.Keys, key{v.Int, v.Text})
	}
	p.ID = q.id(r)
}

// compare tells which of two places comes first.
func (q *query[R]) compare(a, b *place) int {
	for i, s := range q.sorts {
		if c := compareKeys(a.Keys[i], b.Keys[i]); c != 0 {
			return turn(c, s.down)
		}
	}
	return turn(compareKeys(a.ID, b.ID), q.down)
}

func turn(c int, down bool) int {
	if down {
		return -c
	}
	return c
}

// wants tells whether a row passes the filter.
func (q *query[R]) wants(r *R) bool {
	return q.match.Match(func(col *column[R]) filter.Value { return col.get(r) })
}

// page returns the first n rows behind the cursor in order, and how many rows there are on all pages. It
// holds no more than about 2n rows.
func (q *query[R]) page(rows iter.Seq[R], n int) (first []*ranked[R], total int) {
	kept := topn.New(n, func(a, b *ranked[R]) int { return q.compare(&a.place, &b.place) })
	var at ranked[R]
	for at.row = range rows {
		if !q.wants(&at.row) {
			continue
		}
		total++
		q.rank(&at.place, &at.row)
		if q.after != nil && q.compare(&at.place, q.after) <= 0 || !kept.Wants(&at) {
			continue
		}
		kept.Add(&at)
		at.Keys = nil // they are those of the row that is kept
	}
	return kept.Rows(), total
}

// serve answers with the rows that the request wants.
func (q *query[R]) serve(c *call, rows iter.Seq[R]) (any, error) {
	if q.stream {
		return q.serveAll(c, rows)
	}
	first, total := q.page(rows, q.limit+1)
	out := &api.List[any]{Items: make([]any, 0, min(len(first), q.limit)), Total: total, Now: q.now.UTC()}
	for i := range first[:min(len(first), q.limit)] {
		item, err := q.render(c, &first[i].row)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, item)
	}
	if len(first) > q.limit {
		out.NextCursor = q.cursorAt(c, &first[q.limit-1].place)
		c.w.Header().Set("Link", "<"+nextPage(c.r.URL, out.NextCursor)+`>; rel="next"`)
	}
	return out, nil
}

// nextPage is the same request with another cursor.
func nextPage(u *url.URL, cursor string) string {
	values := u.Query()
	values.Set("cursor", cursor)
	return u.Path + "?" + values.Encode()
}

// writePeriod is how long a client may take for a piece of a long answer.
const writePeriod = 30 * time.Second

// serveAll writes all rows, one a line, for as long as the client reads. In the order in which they come
// nothing has to be kept. Where it ends too early the connection breaks.
func (q *query[R]) serveAll(c *call, rows iter.Seq[R]) (any, error) {
	if c.r.Method == http.MethodHead {
		c.w.Header().Set("Content-Type", ndjson)
		return written, nil
	}
	var first []*ranked[R]
	sorted := c.text("sort") != "" || q.after != nil
	if sorted {
		first, _ = q.page(rows, math.MaxInt/2)
	}
	done, err := c.api.limits.stream() // the client may read slowly
	if err != nil {
		return nil, err
	}
	defer done()
	if c.release != nil {
		c.release()
	}
	c.w.Header().Set("Content-Type", ndjson)
	enc := json.NewEncoder(c.w)
	control := http.NewResponseController(c.w)
	_ = control.SetReadDeadline(time.Time{}) // a client that reads may take longer than a request
	n, whole := 0, true
	write := func(r *R) bool {
		if n%1000 == 0 {
			_ = control.SetWriteDeadline(time.Now().Add(writePeriod)) // a test's writer may have none
		}
		n++
		item, err := q.render(c, r)
		whole = err == nil && enc.Encode(item) == nil
		return whole
	}
	if !sorted {
		for r := range rows {
			if q.wants(&r) && !write(&r) {
				break
			}
		}
	}
	for i := range first {
		if !write(&first[i].row) {
			break
		}
	}
	if !whole {
		_ = control.SetWriteDeadline(time.Now()) // the connection breaks: nobody takes a part for the whole
	}
	return written, nil
}

// render shows a row, or the fields of it that were asked for.
func (q *query[R]) render(c *call, r *R) (any, error) {
	item, err := q.show(c, r)
	if err != nil || q.fields == nil {
		return item, err
	}
	return project(item, q.fields)
}
