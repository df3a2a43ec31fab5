package metrics

import (
	"cmp"
	"crypto/tls"
	"slices"
	"strconv"
	"strings"
	"time"

	"natsd/internal/status"
)

// other names what is summed up because there is too much of it.
const other = "other"

// connz is a family of metrics about connections, and its part in one connection. There are as many
// labels as details were asked for.
type connz struct {
	family
	of func(c *status.Conn, now time.Time) float64
	// sum tells that the values of several connections may be added.
	sum bool
}

var connzFamilies = []connz{
	{family{name: "pending_bytes", help: "Bytes that wait to be sent."}, func(c *status.Conn, _ time.Time) float64 { return float64(c.Pending) }, true},
	{family{name: "subscriptions", help: "Subscriptions of open connections."}, func(c *status.Conn, _ time.Time) float64 { return float64(c.Subs) }, true},
	{family{name: "in_msgs", help: "Messages received from open connections."}, func(c *status.Conn, _ time.Time) float64 { return float64(c.InMsgs) }, true},
	{family{name: "in_bytes", help: "Bytes received from open connections."}, func(c *status.Conn, _ time.Time) float64 { return float64(c.InBytes) }, true},
	{family{name: "out_msgs", help: "Messages sent to open connections."}, func(c *status.Conn, _ time.Time) float64 { return float64(c.OutMsgs) }, true},
	{family{name: "out_bytes", help: "Bytes sent to open connections."}, func(c *status.Conn, _ time.Time) float64 { return float64(c.OutBytes) }, true},
	{family{name: "rtt", help: "Round trip time of a connection in microseconds, with detailed=1."}, func(c *status.Conn, _ time.Time) float64 { return float64(c.RTT.Microseconds()) }, false},
	{family{name: "idle", help: "Milliseconds since a connection was last active, with detailed=1."}, func(c *status.Conn, now time.Time) float64 {
		return float64(now.Sub(time.Unix(0, c.LastActivity)).Milliseconds())
	}, false},
	{family{name: "start", help: "When a connection began, in milliseconds of Unix time, with detailed=1."}, func(c *status.Conn, _ time.Time) float64 { return float64(c.Facts.Start.UnixMilli()) }, false},
	{family{name: "uptime", help: "Age of a connection in milliseconds, with detailed=1."}, func(c *status.Conn, now time.Time) float64 { return float64(now.Sub(c.Facts.Start).Milliseconds()) }, false},
	{family{name: "last_activity", help: "When a connection was last active, in milliseconds of Unix time, with detailed=1."}, func(c *status.Conn, _ time.Time) float64 {
		return float64(time.Unix(0, c.LastActivity).UnixMilli())
	}, false},
}

// connections gives what the exporter makes of connz: sums, or with details a series for each of the
// busiest connections and one for all others. The exporter gives sums and series under one name; here
// sum() of a name is right in both forms.
func (s *scrape) connections() {
	rows := slices.Collect(s.deps.Source.Conns())
	prefix := s.request.prefix + "_connz_"
	for _, x := range []struct {
		name, help string
		value      int
	}{
		{"num_connections", "Connections in the listing.", len(rows)},
		{"total", "Connections that are open.", len(rows)},
		{"offset", "Always 0: the listing is whole.", 0},
		{"limit", "Connections that get series of their own with detailed=1.", s.request.limit},
	} {
		s.emit(&family{name: prefix + x.name, help: x.help}, float64(x.value))
	}
	if !s.request.detailed {
		s.sums(prefix, rows, nil)
		return
	}
	slices.SortFunc(rows, func(a, b status.Conn) int {
		return cmp.Or(cmp.Compare(volume(&b), volume(&a)), cmp.Compare(a.Facts.CID, b.Facts.CID))
	})
	listed := min(len(rows), s.request.limit)
	for i := range rows[:listed] {
		labels := labelsOf(&rows[i])
		for _, x := range connzFamilies {
			x.name, x.labels = prefix+x.name, connLabels
			s.emit(&x.family, x.of(&rows[i], s.now), labels...)
		}
	}
	rest := make([]string, len(connLabels))
	rest[0] = other
	s.sums(prefix, rows[listed:], rest)
}

// sums gives one series per family for all rows, with labels if there are any.
func (s *scrape) sums(prefix string, rows []status.Conn, labels []string) {
	for _, x := range connzFamilies {
		if !x.sum {
			continue
		}
		var sum float64
		for i := range rows {
			sum += x.of(&rows[i], s.now)
		}
		x.name = prefix + x.name
		if labels != nil {
			x.labels = connLabels
		}
		s.emit(&x.family, sum, labels...)
	}
}

// volume is how much a connection has moved.
func volume(c *status.Conn) int64 { return c.InBytes + c.OutBytes }

// connLabels are the labels of a connection.
var connLabels = []string{
	"cid", "kind", "type", "ip", "port", "name", "name_tag", "account", "account_id", "lang", "version", "tls_version", "tls_cipher_suite",
}

func labelsOf(c *status.Conn) []string {
	f := c.Facts
	version, suite := "", ""
	if f.TLS != nil {
		version, suite = strings.TrimPrefix(tls.VersionName(f.TLS.Version), "TLS "), tls.CipherSuiteName(f.TLS.CipherSuite)
	}
	ip, port := "", strconv.Itoa(int(f.Remote.Port()))
	if f.Remote.IsValid() {
		ip = f.Remote.Addr().Unmap().String()
	}
	return []string{
		strconv.FormatUint(f.CID, 10), f.Kind.String(), f.Type, ip, port, f.Name,
		f.AccountTag, cmp.Or(f.AccountTag, f.Account), f.Account, f.Lang, f.Version, version, suite,
	}
}
