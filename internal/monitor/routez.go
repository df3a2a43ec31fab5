package monitor

import (
	"cmp"
	"slices"
	"time"

	"natsd/internal/perm"
	"natsd/internal/status"
)

// RoutezQuery selects what is told of routes.
type RoutezQuery struct {
	Subs       bool `json:"subscriptions"`
	SubsDetail bool `json:"subscriptions_detail"` // wins over Subs
}

// Routez lists routes.
type Routez struct {
	ID     string        `json:"server_id"`
	Name   string        `json:"server_name"`
	Now    time.Time     `json:"now"`
	Import *status.Rules `json:"import,omitempty"`
	Export *status.Rules `json:"export,omitempty"`
	Num    int           `json:"num_routes"`
	Routes []*RouteInfo  `json:"routes"`
}

// RouteInfo is one route as monitoring shows it.
type RouteInfo struct {
	RID          uint64        `json:"rid"`
	RemoteID     string        `json:"remote_id"`
	RemoteName   string        `json:"remote_name"`
	Solicited    bool          `json:"did_solicit"`
	Configured   bool          `json:"is_configured"`
	IP           string        `json:"ip"`
	Port         int           `json:"port"`
	Start        time.Time     `json:"start"`
	LastActivity time.Time     `json:"last_activity"`
	RTT          string        `json:"rtt,omitempty"`
	Uptime       string        `json:"uptime"`
	Idle         string        `json:"idle"`
	Import       *status.Rules `json:"import,omitempty"`
	Export       *status.Rules `json:"export,omitempty"`
	Pending      int64         `json:"pending_size"`
	InMsgs       int64         `json:"in_msgs"`
	OutMsgs      int64         `json:"out_msgs"`
	InBytes      int64         `json:"in_bytes"`
	OutBytes     int64         `json:"out_bytes"`
	NumSubs      int           `json:"subscriptions"`
	Subs         []string      `json:"subscriptions_list,omitempty"`
	SubsDetail   []subInfo     `json:"subscriptions_list_detail,omitempty"`
	Account      string        `json:"account,omitempty"`
	Compression  string        `json:"compression,omitempty"`
}

// Routez lists routes by their ids.
func (c *Collector) Routez(q RoutezQuery) *Routez {
	server, now := c.source.Server(), c.now().UTC()
	rows := c.source.AppendRoutes(nil)
	slices.SortFunc(rows, func(a, b status.Route) int { return cmp.Compare(a.Facts.CID, b.Facts.CID) })
	out := &Routez{ID: server.ID, Name: server.Name, Now: now, Num: len(rows), Routes: make([]*RouteInfo, 0, len(rows))}
	if k := c.options().Cluster; k != nil {
		out.Import, out.Export = showRules(k.Import), showRules(k.Export)
	}
	for i := range rows {
		out.Routes = append(out.Routes, c.route(&rows[i], q, now))
	}
	return out
}

func (c *Collector) route(r *status.Route, q RoutezQuery, now time.Time) *RouteInfo {
	f, last := r.Facts, r.Last()
	ip, port := hostPort(f.Remote)
	info := &RouteInfo{
		RID: f.CID, RemoteID: r.RemoteID, RemoteName: r.RemoteName,
		Solicited: r.Solicited, Configured: r.Configured,
		IP: ip, Port: port,
		Start: f.Start.UTC(), LastActivity: last,
		RTT: rttText(r.RTT), Uptime: uptimeText(now.Sub(f.Start)), Idle: uptimeText(now.Sub(last)),
		Import: r.Import, Export: r.Export, Pending: r.Pending,
		InMsgs: r.InMsgs, OutMsgs: r.OutMsgs, InBytes: r.InBytes, OutBytes: r.OutBytes,
		NumSubs: r.Subs, Account: r.Account, Compression: r.Compression,
	}
	switch {
	case q.SubsDetail:
		info.SubsDetail = slices.Collect(c.source.ConnSubs(f.CID))
	case q.Subs:
		for s := range c.source.ConnSubs(f.CID) {
			info.Subs = append(info.Subs, s.Subject)
		}
	}
	return info
}

func showRules(r *perm.SubjectRules) *status.Rules {
	if r == nil {
		return nil
	}
	return &status.Rules{Allow: r.Allow, Deny: r.Deny}
}
