package admin

import (
	"encoding/base64"
	"encoding/json"
	"hash/fnv"
	"time"

	"natsd/internal/admin/api"
)

// cursor is the end of a page, as clients carry it to the next one. It tells the place of the last row,
// not its number: rows that come and go meanwhile move no other row from one page to another. A row whose
// place itself changes, as that of a busy connection among connections sorted by bytes, may be seen twice
// or not at all.
type cursor struct {
	Server string    `json:"s"` // ids mean nothing to another one
	Print  uint64    `json:"p"`
	Now    time.Time `json:"n"`
	place
}

// cursorAt makes the cursor behind a row.
func (q *query[R]) cursorAt(c *call, p *place) string {
	text, err := json.Marshal(&cursor{c.api.Server.Server().ID, q.print, q.now, *p})
	if err != nil {
		return "" // unreachable: the type holds numbers and texts only
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// readCursor takes up a listing where the page before has ended.
func (q *query[R]) readCursor(c *call) {
	h := fnv.New64a()
	for _, name := range []string{"sort", "filter"} {
		_, _ = h.Write([]byte(c.text(name) + "\x00")) // never fails
	}
	q.print = h.Sum64()
	text := c.text("cursor")
	if text == "" {
		return
	}
	data, err := base64.RawURLEncoding.DecodeString(text)
	var at cursor
	if err == nil {
		err = json.Unmarshal(data, &at)
	}
	switch {
	case err != nil:
		c.wrong("cursor", "it is not one that this API has given")
	case at.Server != c.api.Server.Server().ID:
		c.gone = api.Problemf(api.CursorExpired, "the server was started anew since the page before; begin again without a cursor")
	case at.Print != q.print || len(at.Keys) != len(q.sorts):
		c.wrong("cursor", "sort and filter must be the same on all pages")
	default:
		q.after, q.now = &at.place, at.Now
	}
}
