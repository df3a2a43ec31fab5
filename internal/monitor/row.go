package monitor

import (
	"time"

	"natsd/internal/status"
)

// ConnRow shows one connection, open where closed is nil. Of q only that counts which says
// what to show.
func (c *Collector) ConnRow(conn *status.Conn, closed *status.Closed, q *ConnzQuery, now time.Time) *ConnInfo {
	info := new(ConnInfo)
	c.render(info, &row{Conn: conn, closed: closed}, q, now)
	return info
}
