package top

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"natsd/internal/ctl/output"
)

// View is one of the screens.
type View uint8

// The views, in the order of their keys.
const (
	Overview View = iota
	Connections
	Accounts
	Routes
	Slow
	Subscriptions // of one connection
)

var viewNames = []string{"server", "connections", "accounts", "routes", "slow"}

// ViewNames lists the views that can be begun with.
func ViewNames() []string { return viewNames }

// ParseView reads the name of a view.
func ParseView(name string) (View, error) {
	if i := slices.Index(viewNames, name); i >= 0 {
		return View(i), nil
	}
	return 0, fmt.Errorf("there is no view %q: choose one of %s", name, strings.Join(viewNames, " "))
}

// SortKeys are the orders of connections.
func SortKeys() []string {
	return []string{"cid", "start", "subs", "pending", "msgs_to", "msgs_from", "bytes_to", "bytes_from", "last", "idle", "uptime", "rtt"}
}

// less orders two connections by a key, as connz does; equal ones by cid.
func less(key string, a, b *Conn) int {
	var order int
	switch key {
	case "subs":
		order = cmp.Compare(b.NumSubs, a.NumSubs)
	case "pending":
		order = cmp.Compare(b.Pending, a.Pending)
	case "msgs_to":
		order = cmp.Compare(b.OutMsgs, a.OutMsgs)
	case "msgs_from":
		order = cmp.Compare(b.InMsgs, a.InMsgs)
	case "bytes_to":
		order = cmp.Compare(b.OutBytes, a.OutBytes)
	case "bytes_from":
		order = cmp.Compare(b.InBytes, a.InBytes)
	case "last":
		order = b.Last.Compare(a.Last)
	case "idle":
		order = cmp.Compare(lasting(b.Idle), lasting(a.Idle))
	case "uptime":
		order = cmp.Compare(lasting(a.Uptime), lasting(b.Uptime))
	case "rtt":
		order = cmp.Compare(lasting(b.RTT), lasting(a.RTT))
	}
	return cmp.Or(order, cmp.Compare(a.CID, b.CID))
}

// row is one line of a table, with what it stands for.
type row struct {
	cells []string
	cid   uint64 // of the connection; 0 when it is none
	about string // what a filter looks at, in lower case
}

// table is what a view shows.
type table struct {
	columns []output.Column
	rows    []row
}

// numbers shows counts and bytes, shortened or as they are.
func (m *Model) count(n float64) string {
	if m.Raw {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return output.Humane(n)
}

func (m *Model) bytes(n float64) string {
	if m.Raw {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return output.HumaneBytes(n)
}

// moved shows what has passed, or what passes in a second.
func (m *Model) moved(t totals, r rates) []string {
	if m.Rates {
		return []string{m.count(r.outMsgs), m.count(r.inMsgs), m.bytes(r.outBytes), m.bytes(r.inBytes)}
	}
	return []string{m.count(float64(t.outMsgs)), m.count(float64(t.inMsgs)), m.bytes(float64(t.outBytes)), m.bytes(float64(t.inBytes))}
}

// movedColumns are the titles of what moved gives.
func (m *Model) movedColumns() []output.Column {
	unit := ""
	if m.Rates {
		unit = "/S"
	}
	return []output.Column{
		{Title: "MSGS_TO" + unit, Kind: output.Number, Drop: 14},
		{Title: "MSGS_FROM" + unit, Kind: output.Number, Drop: 15},
		{Title: "BYTES_TO" + unit, Kind: output.Number, Drop: 11},
		{Title: "BYTES_FROM" + unit, Kind: output.Number, Drop: 12},
	}
}

// connTable shows connections.
func (m *Model) connTable(conns []Conn, slow bool) table {
	t := table{columns: slices.Concat([]output.Column{
		{Title: "HOST", Keep: 12},
		{Title: "CID", Kind: output.Number},
		{Title: "NAME", Keep: 8},
		{Title: "ACCOUNT", Keep: 7, Drop: 70},
		{Title: "USER", Keep: 7, Drop: 80},
		{Title: "SUBS", Kind: output.Number, Drop: 13},
		{Title: "PENDING", Kind: output.Number, Drop: 16},
	}, m.movedColumns(), []output.Column{
		{Title: "LANG", Drop: 95},
		{Title: "VERSION", Drop: 96},
		{Title: "UPTIME", Kind: output.Duration, Drop: 85},
		{Title: "LAST", Drop: 75},
		{Title: "IDLE", Kind: output.Duration, Drop: 60},
		{Title: "RTT", Kind: output.Duration, Drop: 97},
		{Title: "REASON", Keep: 16, Drop: 98},
		{Title: "SUBSCRIPTIONS", Keep: 12, Drop: 99},
	})}
	m.keepColumns(&t, slow)
	for i := range conns {
		c := &conns[i]
		host := m.host(c.IP, c.Port)
		cells := slices.Concat([]string{
			host, strconv.FormatUint(c.CID, 10), output.Clean(c.Name), output.Clean(c.Account), output.Clean(c.User),
			m.count(float64(c.NumSubs)), m.bytes(float64(c.Pending)),
		}, m.moved(c.totals(), m.connRates[c.CID]), []string{
			output.Clean(c.Lang), output.Clean(c.Version), c.Uptime, c.Last.In(m.zone()).Format("15:04:05"), c.Idle, c.RTT, c.Reason, output.Clean(strings.Join(c.Subs, " ")),
		})
		t.rows = append(t.rows, row{cells: cells, cid: c.CID, about: strings.ToLower(strings.Join([]string{
			host, c.Name, c.Account, c.User, c.Lang, c.Version, strings.Join(c.Subs, " "), c.Reason,
		}, " "))})
	}
	return t
}

// keepColumns holds on to the columns that the user looks at.
func (m *Model) keepColumns(t *table, slow bool) {
	key := map[string]string{
		"subs": "SUBS", "pending": "PENDING", "msgs_to": "MSGS_TO", "msgs_from": "MSGS_FROM", "bytes_to": "BYTES_TO", "bytes_from": "BYTES_FROM",
		"last": "LAST", "idle": "IDLE", "uptime": "UPTIME", "rtt": "RTT",
	}[m.Sort]
	for i := range t.columns {
		title := strings.TrimSuffix(t.columns[i].Title, "/S")
		if title == key && !slow || slow && (title == "PENDING" || title == "REASON") || m.Subs && title == "SUBSCRIPTIONS" {
			t.columns[i].Drop = 0
		}
		if slow && title == "REASON" {
			t.columns[i].Keep = 30
		}
	}
}

// host shows an address, or the name that it has.
func (m *Model) host(ip string, port int) string {
	if name := m.names[ip]; m.Lookup && name != "" {
		ip = name
	}
	return net.JoinHostPort(ip, strconv.Itoa(port))
}

func (m *Model) accountTable() table {
	t := table{columns: slices.Concat([]output.Column{
		{Title: "ACCOUNT", Keep: 10},
		{Title: "CONNS", Kind: output.Number},
		{Title: "LEAFS", Kind: output.Number, Drop: 20},
		{Title: "SUBS", Kind: output.Number},
	}, m.movedColumns(), []output.Column{{Title: "SLOW", Kind: output.Number}})}
	for i := range m.sample.Accounts {
		a := &m.sample.Accounts[i]
		t.rows = append(t.rows, row{about: strings.ToLower(a.Name), cells: slices.Concat(
			[]string{output.Clean(a.Name), m.count(float64(a.Conns)), m.count(float64(a.Leafs)), m.count(float64(a.NumSubs))},
			m.moved(a.totals(), m.accountRates[a.Name]), []string{m.count(float64(a.Slow))},
		)})
	}
	return t
}

func (m *Model) routeTable() table {
	t := table{columns: slices.Concat([]output.Column{
		{Title: "REMOTE", Keep: 8},
		{Title: "RID", Kind: output.Number},
		{Title: "HOST", Keep: 12},
		{Title: "ACCOUNT", Keep: 7, Drop: 60},
		{Title: "SUBS", Kind: output.Number},
		{Title: "PENDING", Kind: output.Number, Drop: 50},
	}, m.movedColumns(), []output.Column{
		{Title: "RTT", Kind: output.Duration, Drop: 55},
		{Title: "UPTIME", Kind: output.Duration, Drop: 70},
	})}
	for i := range m.sample.Routes {
		r := &m.sample.Routes[i]
		host := m.host(r.IP, r.Port)
		t.rows = append(t.rows, row{about: strings.ToLower(r.Name + " " + host + " " + r.Account), cells: slices.Concat(
			[]string{output.Clean(r.Name), strconv.FormatUint(r.RID, 10), host, output.Clean(r.Account), m.count(float64(r.NumSubs)), m.bytes(float64(r.Pending))},
			m.moved(r.totals(), m.routeRates[r.RID]), []string{r.RTT, r.Uptime},
		)})
	}
	return t
}

func (m *Model) subTable() table {
	t := table{columns: []output.Column{
		{Title: "SUBJECT", Keep: 20},
		{Title: "QUEUE", Keep: 8},
		{Title: "SID", Kind: output.Number},
		{Title: "MSGS", Kind: output.Number},
		{Title: "MAX", Kind: output.Number, Drop: 50},
	}}
	subs := slices.Clone(m.sample.Subs)
	slices.SortStableFunc(subs, func(a, b Sub) int {
		return cmp.Or(cmp.Compare(b.Msgs, a.Msgs), strings.Compare(a.Subject, b.Subject))
	})
	for _, s := range subs {
		limit := ""
		if s.Max > 0 {
			limit = m.count(float64(s.Max))
		}
		t.rows = append(t.rows, row{about: strings.ToLower(s.Subject + " " + s.Queue), cells: []string{
			output.Clean(s.Subject), output.Clean(s.Queue), output.Clean(s.SID), m.count(float64(s.Msgs)), limit,
		}})
	}
	return t
}

// table returns what the view shows, filtered and in order.
func (m *Model) table() table {
	var t table
	switch m.View {
	case Connections:
		conns := slices.Clone(m.sample.Conns)
		slices.SortFunc(conns, func(a, b Conn) int { return less(m.Sort, &a, &b) })
		if m.Reverse {
			slices.Reverse(conns)
		}
		if m.Limit > 0 && len(conns) > m.Limit {
			conns = conns[:m.Limit]
		}
		t = m.connTable(conns, false)
	case Accounts:
		t = m.accountTable()
	case Routes:
		t = m.routeTable()
	case Slow:
		t = m.connTable(m.sample.Slow, true)
	case Subscriptions:
		t = m.subTable()
	case Overview:
	}
	if m.Filter != "" {
		words := strings.Fields(strings.ToLower(m.Filter))
		t.rows = slices.DeleteFunc(t.rows, func(r row) bool {
			return slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(r.about, w) })
		})
	}
	return t
}
