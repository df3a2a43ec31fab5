package status

import (
	"iter"
	"slices"
	"time"
)

// Row is one connection of a list that may hold both open and closed ones.
type Row struct {
	Conn
	Closed *Closed // nil while it is open
}

// End is the moment that ages are counted to.
func (r *Row) End(now time.Time) time.Time {
	if r.Closed != nil {
		return r.Closed.Stop
	}
	return now
}

// EachSub yields the subscriptions; those of an open connection are asked of src.
func (r *Row) EachSub(src Source) iter.Seq[Sub] {
	if r.Closed != nil {
		return slices.Values(r.Closed.Subscriptions)
	}
	return src.ConnSubs(r.Facts.CID)
}

// Last is the moment of the last activity.
func (c *Conn) Last() time.Time {
	if c.LastActivity == 0 {
		return c.Facts.Start.UTC()
	}
	return time.Unix(0, c.LastActivity).UTC()
}
