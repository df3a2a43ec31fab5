package metrics

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"natsd/internal/status"
)

// route is all connections to one other server together. They come and go, so they have no series of
// their own.
type route struct {
	remote      string // name of the other server
	connections int
	traffic     status.Traffic
	pending     int64
	rtt         time.Duration // the longest
}

func routesOf(conns []status.Route) []route {
	slices.SortFunc(conns, func(a, b status.Route) int { return strings.Compare(remoteOf(&a), remoteOf(&b)) })
	var out []route
	for i := range conns {
		c := &conns[i]
		if name := remoteOf(c); len(out) == 0 || out[len(out)-1].remote != name {
			out = append(out, route{remote: name})
		}
		r := &out[len(out)-1]
		r.connections++
		r.traffic = r.traffic.Add(c.Traffic)
		r.pending += c.Pending
		r.rtt = max(r.rtt, c.RTT)
	}
	return out
}

func remoteOf(c *status.Route) string { return shown(cmp.Or(c.RemoteName, c.RemoteID)) }
