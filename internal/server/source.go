package server

import (
	"iter"
	"time"

	"natsd/internal/broker"
	"natsd/internal/certs"
	"natsd/internal/interest"
	"natsd/internal/link/client"
	"natsd/internal/status"
	"natsd/internal/system"
	"natsd/internal/version"
)

var _ status.Source = (*Server)(nil)

// Server returns identity and facts of the server as they are now.
func (s *Server) Server() status.Server {
	o := s.Options()
	out := status.Server{
		ID: s.id, Name: s.name(o),
		Version: version.Protocol, NatsdVersion: version.Natsd, Commit: version.Commit(),
		Started: s.started, ConfigLoaded: time.Unix(0, s.loaded.Load()),
		Cluster:       s.clusterStatus(),
		ConnectURLs:   s.clients.News().URLs,
		AuthRequired:  s.clients.Settings().Info.AuthRequired,
		SystemAccount: o.SystemAccount,
	}
	out.Port, out.HTTPPort = s.sockets.clients.port(), s.sockets.monitor.port()
	if o.Monitoring.HTTPSPort != 0 {
		out.HTTPPort, out.HTTPSPort = 0, out.HTTPPort
	}
	if o.TLS != nil {
		out.CertNotAfter = certs.NotAfter(o.TLS.Config)
	}
	return out
}

// Counters returns the totals of the server.
func (s *Server) Counters() status.Counters {
	traffic := status.Traffic{
		InMsgs: s.conns.In.Msgs.Load(), InBytes: s.conns.In.Bytes.Load(),
		OutMsgs: s.conns.Out.Msgs.Load(), OutBytes: s.conns.Out.Bytes.Load(),
	}
	routes := status.Traffic{
		InMsgs: s.routeConns.In.Msgs.Load(), InBytes: s.routeConns.In.Bytes.Load(),
		OutMsgs: s.routeConns.Out.Msgs.Load(), OutBytes: s.routeConns.Out.Bytes.Load(),
	}
	out := status.Counters{
		Connections:      s.conns.Len(),
		TotalConnections: s.conns.Total.Load(),
		Traffic:          traffic.Add(routes),
		Clients:          traffic,
		Routes:           s.routes.Up(),
		Remotes:          s.routes.Remotes(),
		SlowConsumers:    status.KindCounts{Clients: s.conns.SlowConsumers.Load(), Routes: s.routeConns.SlowConsumers.Load()},
		StaleConnections: status.KindCounts{Clients: s.conns.Stale.Load(), Routes: s.routeConns.Stale.Load()},
		Stalls:           s.conns.Stalls.Load(),
		Closed:           s.conns.ClosedBy(),
		RoutesClosed:     s.routeConns.ClosedBy(),
		Refused:          s.conns.RefusedBy(),
		RoutesRefused:    s.routeConns.RefusedBy(),
		Log:              s.logCounters(),
	}
	for _, a := range s.broker.Accounts() {
		out.Subs += uint32(a.Index().Len())
	}
	return out
}

func (s *Server) logCounters() status.LogCounters {
	c := s.log.Counters()
	return status.LogCounters{
		Written: c.Written, Dropped: c.Dropped, Suppressed: c.Suppressed, Rotated: c.Rotated, Failing: c.Failing,
	}
}

// Conns yields every open connection.
func (s *Server) Conns() iter.Seq[status.Conn] {
	return func(yield func(status.Conn) bool) {
		for c := range s.conns.All() {
			if !yield(c.Status()) {
				return
			}
		}
	}
}

// AppendClosed appends the remembered closed connections, oldest first.
func (s *Server) AppendClosed(dst []*status.Closed) []*status.Closed {
	return s.conns.Closed.Append(dst)
}

// ConnSubs yields the subscriptions of one open connection.
func (s *Server) ConnSubs(cid uint64) iter.Seq[status.Sub] {
	return func(yield func(status.Sub) bool) {
		c := s.conns.Get(cid)
		if c == nil {
			c = s.routeConns.Get(cid)
		}
		if c == nil {
			return
		}
		for _, sub := range c.Session().Subscriptions(-1) {
			if !yield(sub) {
				return
			}
		}
	}
}

// Accounts returns all accounts with their totals.
func (s *Server) Accounts() []status.Account {
	all := s.broker.Accounts()
	out := make([]status.Account, 0, len(all))
	for _, a := range all {
		out = append(out, accountStatus(a))
	}
	return out
}

func accountStatus(a *broker.Account) status.Account {
	return status.Account{
		Name: a.Name, Tag: a.Name,
		Clients:       a.Clients(),
		Subs:          uint32(a.Index().Len()),
		Sent:          accountTraffic(&a.Sent, &a.RoutesSent),
		Received:      accountTraffic(&a.Received, &a.RoutesReceived),
		SlowConsumers: a.SlowConsumers.Load(),
	}
}

func accountTraffic(v, routes *broker.Volume) status.AccountTraffic {
	return status.AccountTraffic{
		Msgs: v.Msgs.Load(), Bytes: v.Bytes.Load(),
		Routes: status.Volume{Msgs: routes.Msgs.Load(), Bytes: routes.Bytes.Load()},
	}
}

// HasAccount tells whether an account of that name exists.
func (s *Server) HasAccount(name string) bool { return s.broker.Account(name) != nil }

// Account returns one account in detail.
func (s *Server) Account(name string) (status.AccountDetail, bool) {
	a := s.broker.Account(name)
	if a == nil {
		return status.AccountDetail{}, false
	}
	detail := status.AccountDetail{
		Account:  accountStatus(a),
		Updated:  s.started,
		System:   name == s.Options().SystemAccount,
		Complete: true,
		Imports:  system.Imports(name, s.Options().SystemAccount),
		Index:    indexStats(a.Index().Stats()),
	}
	if detail.System {
		detail.Exports = system.Exports()
	}
	return detail, true
}

// IndexStats returns the statistics of one account's index, or of all for "".
func (s *Server) IndexStats(account string) status.IndexStats {
	var sum status.IndexStats
	for _, a := range s.accounts(account) {
		sum = sum.Add(indexStats(a.Index().Stats()))
	}
	return sum
}

func indexStats(x interest.Stats) status.IndexStats {
	return status.IndexStats{
		Subs:        uint32(x.Subscriptions),
		Inserts:     x.Inserts,
		Removes:     x.Removes,
		Matches:     x.Matches,
		MaxFanout:   uint32(x.MaxFanout),
		FanoutSum:   uint64(x.AvgFanout * float64(x.Matches)),
		FanoutCount: x.Matches,
	}
}

// accounts returns the account of that name, if there is one, or all accounts for "".
func (s *Server) accounts(name string) []*broker.Account {
	if name == "" {
		return s.broker.Accounts()
	}
	if a := s.broker.Account(name); a != nil {
		return []*broker.Account{a}
	}
	return nil
}

// subsPage is how many subscriptions are copied at a time.
const subsPage = 1024

// Subs yields the subscriptions of an account, or of all accounts for "".
func (s *Server) Subs(account string) iter.Seq[status.Sub] {
	return func(yield func(status.Sub) bool) {
		for _, a := range s.accounts(account) {
			if !subsOf(a, yield) {
				return
			}
		}
	}
}

func subsOf(a *broker.Account, yield func(status.Sub) bool) bool {
	page := make([]*broker.Sub, 0, subsPage)
	for cursor, more := 0, true; more; more = cursor != 0 {
		page = page[:0]
		cursor = a.Index().Walk(cursor, subsPage, func(_, _ string, sub *broker.Sub) {
			page = append(page, sub)
		})
		for _, sub := range page {
			if sub.Link != nil {
				continue // of another server
			}
			if !yield(subStatus(a, sub)) {
				return false
			}
		}
	}
	return true
}

func subStatus(a *broker.Account, sub *broker.Sub) status.Sub {
	out := status.Sub{Subject: sub.Subject, Queue: sub.Queue, SID: sub.SID, Msgs: sub.Delivered.Load(), Max: sub.Max.Load()}
	if owner, ok := sub.Sink.(*client.Session); ok {
		out = owner.Describe(sub)
	}
	out.Account, out.AccountTag = a.Name, a.Name
	return out
}

// NotReady names the listeners that should accept connections and do not.
func (s *Server) NotReady() []string {
	if !s.accepts.Load() {
		return []string{"server"}
	}
	var out []string
	for _, l := range []struct {
		name   string
		socket *socket
	}{
		{"server", &s.sockets.clients},
		{"route", &s.sockets.routes},
		{"monitoring", &s.sockets.monitor},
		{"profiling", &s.sockets.profile},
	} {
		if !l.socket.serves() {
			out = append(out, l.name)
		}
	}
	return out
}
