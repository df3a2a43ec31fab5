package monitor

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"

	"natsd/internal/status"
)

// connOrder is one way to sort connections. The key of a row is a number or a text; rows come in ascending
// order of their keys, equal ones by cid. A descending order has its numbers turned round.
type connOrder struct {
	name string
	key  func(r *status.Row, now time.Time) int64
	text func(r *status.Row) string
	err  error // what to answer when open connections are asked for; nil goes with every state
}

// connOrders is the table of sort options.
var connOrders = []connOrder{
	{name: "cid", key: func(*status.Row, time.Time) int64 { return 0 }},
	{name: "start", key: func(*status.Row, time.Time) int64 { return 0 }},
	{name: "subs", key: func(r *status.Row, _ time.Time) int64 { return down(int64(r.Subs)) }},
	{name: "pending", key: func(r *status.Row, _ time.Time) int64 { return down(r.Pending) }},
	{name: "msgs_to", key: func(r *status.Row, _ time.Time) int64 { return down(r.OutMsgs) }},
	{name: "msgs_from", key: func(r *status.Row, _ time.Time) int64 { return down(r.InMsgs) }},
	{name: "bytes_to", key: func(r *status.Row, _ time.Time) int64 { return down(r.OutBytes) }},
	{name: "bytes_from", key: func(r *status.Row, _ time.Time) int64 { return down(r.InBytes) }},
	{name: "last", key: func(r *status.Row, _ time.Time) int64 { return down(r.Last().UnixNano()) }},
	{name: "idle", key: func(r *status.Row, now time.Time) int64 { return down(int64(r.End(now).Sub(r.Last()))) }},
	{name: "uptime", key: func(r *status.Row, now time.Time) int64 { return int64(r.End(now).Sub(r.Facts.Start)) }},
	{name: "rtt", key: func(r *status.Row, _ time.Time) int64 { return down(int64(r.RTT)) }},
	{name: "stop", key: func(r *status.Row, now time.Time) int64 { return down(r.End(now).UnixNano()) }, err: errSortStop},
	{name: "reason", err: errSortReason, text: func(r *status.Row) string { return r.Closed.Reason }},
}

// down turns the order of numbers round, without an overflow.
func down(n int64) int64 { return math.MaxInt64 - max(n, 0) }

// SortOptions returns the names that ConnzQuery.Sort takes.
func SortOptions() []string {
	names := make([]string, len(connOrders))
	for i := range connOrders {
		names[i] = connOrders[i].name
	}
	return names
}

func parseSort(name string, state ConnState) (*connOrder, error) {
	if name == "" {
		return &connOrders[0], nil
	}
	for i := range connOrders {
		switch o := &connOrders[i]; {
		case o.name != name:
		case o.err != nil && state != ConnClosed:
			return nil, o.err
		default:
			return o, nil
		}
	}
	return nil, fmt.Errorf("invalid sorting option: %s", name)
}

// ranked is a row with its place among others.
type ranked struct {
	key  int64
	text string
	cid  uint64
	status.Row
}

func compareRanked(a, b *ranked) int {
	if a.key != b.key {
		return cmp.Compare(a.key, b.key)
	}
	return cmp.Or(strings.Compare(a.text, b.text), cmp.Compare(a.cid, b.cid))
}

// rank finds the place of a row.
func (o *connOrder) rank(r *ranked, now time.Time) {
	r.cid = r.Facts.CID
	if o.text != nil {
		r.text = o.text(&r.Row)
		return
	}
	r.key = o.key(&r.Row, now)
}
