package monitor

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"natsd/internal/status"
)

// connOrder is one way to sort connections. The key of a row is a number; rows come in ascending order
// of their keys, equal ones by cid. A descending order has its numbers turned round.
type connOrder struct {
	name string
	key  func(r *status.Row, now time.Time) int64
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
	{name: "reason", err: errSortReason}, // text: see byReason
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

// ranked is a row's place among others. It is much smaller than a row, which makes sorting cheap.
type ranked struct {
	key int64
	cid uint64
	row *status.Row
}

func compareRanked(a, b ranked) int {
	return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.cid, b.cid))
}

// top returns the first n of rows in order.
func (o *connOrder) top(rows []status.Row, now time.Time, n int) []*status.Row {
	if n == 0 {
		return nil
	}
	key := o.key
	if key == nil {
		key = byReason(rows)
	}
	ranks := make([]ranked, len(rows))
	for i := range rows {
		ranks[i] = ranked{key(&rows[i], now), rows[i].Facts.CID, &rows[i]}
	}
	slices.SortFunc(ranks, compareRanked)
	first := make([]*status.Row, n)
	for i := range first {
		first[i] = ranks[i].row
	}
	return first
}

// byReason numbers the reasons that occur, of which there are few, in the order of their texts.
func byReason(rows []status.Row) func(*status.Row, time.Time) int64 {
	var reasons []string
	index := make(map[string]int64)
	for i := range rows {
		if text := rows[i].Closed.Reason; !slices.Contains(reasons, text) {
			reasons = append(reasons, text)
		}
	}
	slices.SortFunc(reasons, strings.Compare)
	for i, text := range reasons {
		index[text] = int64(i)
	}
	return func(r *status.Row, _ time.Time) int64 { return index[r.Closed.Reason] }
}
