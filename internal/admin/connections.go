package admin

import (
	"cmp"
	"iter"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"natsd/internal/admin/api"
	"natsd/internal/admin/filter"
	"natsd/internal/monitor"
	"natsd/internal/status"
)

// connectionRoutes are the endpoints that show connections.
func (a *API) connectionRoutes() []route {
	subs := param{name: "subs", words: subsWords, doc: "Show subscriptions: `1` their subjects, `detail` all about them."}
	return []route{
		{
			method: http.MethodGet, path: "/connections", role: viewer, perAccount: true, heavy: true,
			summary: "Connections of clients and leaf nodes, with rates.",
			query: slices.Concat([]param{
				{name: "state", words: stateWords, doc: "`open` when not given; `closed` are those that the server remembers."},
			}, choiceParams, []param{subs}, listParams),
			result: api.List[api.Connection]{}, produces: []string{ndjson}, codes: []api.Code{api.CursorExpired}, serve: a.listConnections,
		},
		{
			method: http.MethodGet, path: "/connections/{cid}", role: viewer, perAccount: true,
			summary: "One connection, open or closed.", query: []param{subs},
			result: api.Connection{}, codes: []api.Code{api.NotFound}, serve: a.oneConnection,
		},
		{
			method: http.MethodGet, path: "/connections/{cid}/subscriptions", role: viewer, perAccount: true, heavy: true,
			summary: "Subscriptions of one connection.", query: listParams,
			result: api.List[api.Subscription]{}, produces: []string{ndjson}, codes: []api.Code{api.NotFound, api.CursorExpired}, serve: a.connectionSubs,
		},
		{
			method: http.MethodGet, path: "/connections/closed/summary", role: viewer, perAccount: true,
			summary: "How many connections ended, and why, as far as the server remembers.",
			query: []param{
				{name: "window", kind: "duration", doc: "How far back; all when not given."},
				{name: "by", doc: "What to count by, separated by commas: `reason`, `account`, `user`, `ip`; `reason` when not given."},
			},
			result: api.ClosedSummary{}, serve: a.closedSummary,
		},
	}
}

var (
	stateWords = []string{"open", "closed", "any", "all"}
	subsWords  = []string{"0", "1", "detail", "true", "false"}
)

// connRow is one row of the listing of connections.
type connRow struct {
	status.Row
	now   time.Time
	rates *api.Rates // nil: not known
}

func (r *connRow) idle() time.Duration { return r.End(r.now).Sub(r.Last()) }

func (r *connRow) state() string {
	if r.Closed != nil {
		return api.StateClosed
	}
	return api.StateOpen
}

// connections is the listing of connections. The order of the numbers is that of connz.
var connections = &listing[connRow]{
	id:    func(r *connRow) key { return key{N: int64(r.Facts.CID)} },
	show:  showConnection,
	item:  api.Connection{},
	order: "cid",
	columns: slices.Concat([]column[connRow]{
		number("cid", false, func(r *connRow) int64 { return int64(r.Facts.CID) }),
		{names: []string{"start"}, kind: filter.Time, get: func(r *connRow) filter.Value { return filter.Value{Int: r.Facts.Start.UnixNano()} }},
		number("subs,subscriptions", true, func(r *connRow) int64 { return int64(r.Subs) }),
		number("pending,pending_bytes", true, func(r *connRow) int64 { return r.Pending }),
		number("msgs_to,out_msgs", true, func(r *connRow) int64 { return r.OutMsgs }),
		number("msgs_from,in_msgs", true, func(r *connRow) int64 { return r.InMsgs }),
		number("bytes_to,out_bytes", true, func(r *connRow) int64 { return r.OutBytes }),
		number("bytes_from,in_bytes", true, func(r *connRow) int64 { return r.InBytes }),
		{names: []string{"last", "last_activity"}, kind: filter.Time, down: true, get: func(r *connRow) filter.Value { return filter.Value{Int: r.Last().UnixNano()} }},
		span("idle", true, (*connRow).idle),
		span("uptime", false, func(r *connRow) time.Duration { return r.End(r.now).Sub(r.Facts.Start) }),
		span("rtt", true, func(r *connRow) time.Duration { return r.RTT }),
		{names: []string{"stop"}, kind: filter.Time, down: true, get: func(r *connRow) filter.Value {
			if r.Closed == nil {
				return filter.Value{}
			}
			return filter.Value{Int: r.Closed.Stop.UnixNano()}
		}},
		words("reason", func(r *connRow) string {
			if r.Closed == nil {
				return ""
			}
			return r.Closed.Reason
		}),
		number("stalls", true, func(r *connRow) int64 { return r.Stalls }),
		words("state", (*connRow).state),
		words("kind", func(r *connRow) string { return r.Facts.Kind.String() }),
		words("type", func(r *connRow) string { return r.Facts.Type }),
		words("ip", func(r *connRow) string { return ipOf(r.Facts.Remote) }),
		number("port", false, func(r *connRow) int64 { return int64(r.Facts.Remote.Port()) }),
		words("name", func(r *connRow) string { return r.Facts.Name }),
		words("lang", func(r *connRow) string { return r.Facts.Lang }),
		words("version", func(r *connRow) string { return r.Facts.Version }),
		words("user,authorized_user", func(r *connRow) string { return r.Facts.User }),
		words("account", func(r *connRow) string { return r.Facts.Account }),
		words("mqtt_client", func(r *connRow) string { return r.Facts.MQTTClient }),
		{names: []string{"tls"}, kind: filter.Bool, get: func(r *connRow) filter.Value { return truth(r.Facts.TLS != nil) }},
		{names: []string{"tags", "tag"}, kind: filter.Words, get: func(r *connRow) filter.Value { return filter.Value{Words: r.Facts.Tags} }},
	},
		rateColumns("msgs_from,in_msgs", func(r *api.Rates) api.Rate { return r.InMsgs }),
		rateColumns("msgs_to,out_msgs", func(r *api.Rates) api.Rate { return r.OutMsgs }),
		rateColumns("bytes_from,in_bytes", func(r *api.Rates) api.Rate { return r.InBytes }),
		rateColumns("bytes_to,out_bytes", func(r *api.Rates) api.Rate { return r.OutBytes }),
	),
}

// rateColumns are the columns of a counter's rates: out_bytes_rate and out_bytes_rate_10s.
func rateColumns(names string, of func(*api.Rates) api.Rate) []column[connRow] {
	means := []struct {
		suffix string
		get    func(api.Rate) float64
	}{
		{"_rate", func(r api.Rate) float64 { return r.Second }},
		{"_rate_10s", func(r api.Rate) float64 { return r.Ten }},
	}
	out := make([]column[connRow], 0, len(means))
	for _, mean := range means {
		col := column[connRow]{kind: filter.Milli, down: true, get: func(r *connRow) filter.Value {
			if r.rates == nil {
				return filter.Value{}
			}
			return filter.Value{Int: int64(mean.get(of(r.rates)) * 1000)}
		}}
		for name := range strings.SplitSeq(names, ",") {
			col.names = append(col.names, name+mean.suffix)
		}
		out = append(out, col)
	}
	return out
}

func ipOf(a netip.AddrPort) string {
	if !a.IsValid() {
		return ""
	}
	return a.Addr().Unmap().String()
}

// showConnection renders a row.
func showConnection(c *call, r *connRow) (any, error) {
	q := &monitor.ConnzQuery{Auth: true}
	switch c.text("subs") {
	case "1", "true":
		q.Subs = true
	case "detail":
		q.SubsDetail = true
	}
	info := c.api.Monitor.ConnRow(&r.Row, q, r.now.UTC())
	out := connectionOf(info)
	out.State, out.Account, out.Rates = r.state(), r.Facts.Account, r.rates
	return out, nil
}

// connectionOf takes over what connz says.
func connectionOf(i *monitor.ConnInfo) *api.Connection {
	out := &api.Connection{
		CID: i.CID, Kind: i.Kind, Type: i.Type, IP: i.IP, Port: i.Port, Start: i.Start, LastActivity: i.LastActivity,
		Stop: i.Stop, Reason: i.Reason, RTT: i.RTT, Uptime: i.Uptime, Idle: i.Idle, Pending: i.Pending,
		InMsgs: i.InMsgs, OutMsgs: i.OutMsgs, InBytes: i.InBytes, OutBytes: i.OutBytes, Stalls: i.Stalls, Subs: i.NumSubs,
		Name: i.Name, Lang: i.Lang, Version: i.Version, User: i.AuthorizedUser, TLSVersion: i.TLSVersion, TLSCipher: i.TLSCipher,
		TLSFirst: i.TLSFirst, JWT: i.JWT, IssuerKey: i.IssuerKey, NameTag: i.NameTag, Tags: i.Tags, MQTTClient: i.MQTTClient,
		SubsList: i.Subs,
	}
	for _, cert := range i.TLSPeerCerts {
		out.TLSPeerCerts = append(out.TLSPeerCerts, api.PeerCert(cert))
	}
	for _, sub := range i.SubsDetail {
		out.SubsDetail = append(out.SubsDetail, api.Subscription(sub))
	}
	if i.Proxy != nil {
		out.Proxy = &api.Proxy{Key: i.Proxy.Key}
	}
	return out
}

// setRates takes the rates of a connection from those that are known.
func (r *connRow) setRates(known map[uint64]*rateState) {
	if s := known[r.Facts.CID]; s != nil && s.known && r.Closed == nil {
		r.rates = &s.rates
	}
}

// connRows yields the connections in a state that are meant.
func (c *call) connRows(state string, ch *choice, now time.Time, known map[uint64]*rateState) iter.Seq[connRow] {
	return func(yield func(connRow) bool) {
		var r connRow // one for all: taking its address costs memory
		if state != api.StateClosed {
			for open := range c.openConns(ch.cid) {
				r = connRow{Row: status.Row{Conn: open}, now: now}
				r.setRates(known)
				if ch.fits(c, &r) && !yield(r) {
					return
				}
			}
		}
		if state != api.StateOpen {
			for _, closed := range c.api.Server.AppendClosed(nil) {
				r = connRow{Row: status.Row{Conn: closed.Conn, Closed: closed}, now: now}
				if ch.fits(c, &r) && !yield(r) {
					return
				}
			}
		}
	}
}

// openConns yields all open connections, or only the one of that id.
func (c *call) openConns(cid uint64) iter.Seq[status.Conn] {
	if cid == 0 {
		return c.api.Server.Conns()
	}
	return func(yield func(status.Conn) bool) {
		if one, ok := c.api.Server.Conn(cid); ok {
			yield(one)
		}
	}
}

func (a *API) listConnections(c *call) (any, error) {
	q, ch := connections.query(c), c.choice()
	state := cmp.Or(c.word("state", stateWords...), api.StateOpen)
	c.word("subs", subsWords...)
	if state != api.StateClosed && slices.ContainsFunc(q.sorts, func(s sorting[connRow]) bool { return s.names[0] == "stop" || s.names[0] == "reason" }) {
		c.wrong("sort", "stop and reason are only valid on closed connections")
	}
	if err := c.valid(); err != nil {
		return nil, err
	}
	var known map[uint64]*rateState
	if needed := q.uses(c, "rate"); needed || q.fields == nil { // else nobody sees them
		known = a.rates.get(c.r.Context(), needed)
	}
	return q.serve(c, c.connRows(state, ch, q.now, known))
}

// findConnection returns the connection that the path names, as far as the one who asks may see it.
func (c *call) findConnection() (*connRow, error) {
	cid, err := c.cid()
	if err != nil {
		return nil, err
	}
	var found *connRow
	for r := range c.connRows("any", &choice{cid: cid}, time.Now(), nil) {
		if found == nil || found.Closed != nil {
			found = &r
		}
	}
	if found == nil {
		return nil, api.Problemf(api.NotFound, "there is no connection %d", cid)
	}
	return found, nil
}

// findOpen is findConnection for what can only be done to an open one.
func (c *call) findOpen() (*connRow, error) {
	r, err := c.findConnection()
	if err == nil && r.Closed != nil {
		return nil, api.Problemf(api.NotFound, "connection %d is closed already", r.Facts.CID)
	}
	return r, err
}

func (a *API) oneConnection(c *call) (any, error) {
	c.word("subs", subsWords...)
	if err := c.valid(); err != nil {
		return nil, err
	}
	r, err := c.findConnection()
	if err != nil {
		return nil, err
	}
	r.setRates(a.rates.get(c.r.Context(), false))
	return showConnection(c, r)
}

func (a *API) connectionSubs(c *call) (any, error) {
	q := subscriptions.query(c)
	if err := c.valid(); err != nil {
		return nil, err
	}
	r, err := c.findConnection()
	if err != nil {
		return nil, err
	}
	return q.serve(c, func(yield func(status.Sub) bool) {
		for s := range r.EachSub(c.api.Server) {
			s.Account, s.AccountTag = r.Facts.Account, r.Facts.AccountTag
			if !yield(s) {
				return
			}
		}
	})
}
