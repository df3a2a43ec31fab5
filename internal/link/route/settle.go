package route

import (
	"context"
	"net"
	"reflect"
	"slices"

	"natsd/internal/broker"
	"natsd/internal/conn"
	"natsd/internal/link/peer"
	"natsd/internal/reload"
	"natsd/internal/wire"
)

// Apply puts settings in force for routes to come, and for open ones where they read them anew. It returns
// those before. [Link.Follow] does the rest.
func (l *Link) Apply(set *Settings) (old *Settings) {
	old = l.Settings()
	l.apply(set)
	return old
}

// Follow brings the routes in line with the settings that have been applied, when those before were old:
// it dials who is new, ends what is not wanted any more, and tells the other servers what has changed. It
// returns what that did to connections.
func (l *Link) Follow(ctx context.Context, old *Settings) []reload.Effect {
	set := l.Settings()
	e := &effects{}
	l.rememberTLSName(set)
	l.followRoutes(set, e)
	if why := reconnects(old, set); why != conn.Open {
		for _, s := range l.routes() {
			e.end(s, why)
		}
	}
	if set.On() && old.On() {
		before := l.settled()
		l.followAuth(ctx, before, old, set, e)
		l.followAccounts(ctx, before, old, set, e)
		l.followPermissions(before, old, set)
		l.followInfo(old, set)
		l.followPace(old, set)
	}
	if old.On() != set.On() || set.On() && (old.Cluster.NoAdvertise != set.Cluster.NoAdvertise ||
		old.Cluster.Name != set.Cluster.Name || !slices.Equal(old.Info.ConnectURLs, set.Info.ConnectURLs)) {
		l.tell()
	}
	return e.list
}

// settled are the routes that may have been registered before the settings were applied. They have announced
// what they carried then. Those that come later know the settings.
func (l *Link) settled() []*Session {
	all := l.sessions()
	for _, s := range all {
		<-s.said
	}
	return all
}

// effects collects what happens to routes.
type effects struct{ list []reload.Effect }

func (e *effects) end(s *Session, why conn.Reason) {
	if s.conn.Close(why) {
		e.list = append(e.list, reload.Effect{CID: s.conn.ID, Reason: why.String(), Dropped: true, Path: "cluster"})
	}
}

// routes are the sessions of all connections, also of those that are not up yet.
func (l *Link) routes() []*Session {
	var out []*Session
	for c := range l.Registry.All() {
		if s, ok := c.Session().(*Session); ok {
			out = append(out, s)
		}
	}
	return out
}

// reconnects tells whether all routes have to be made anew, and why.
func reconnects(old, set *Settings) conn.Reason {
	switch {
	case !old.On():
		return conn.Open
	case !set.On():
		return conn.RouteRemoved
	case old.Cluster.Name != set.Cluster.Name:
		return conn.ClusterNameConflict
	case old.pool != set.pool, old.Info.Headers != set.Info.Headers, old.Info.ServerName != set.Info.ServerName,
		reconnectsFor(peer.Mode(&old.Cluster.Compression), peer.Mode(&set.Cluster.Compression)):
		return conn.RouteRemoved
	}
	return conn.Open
}

// reconnectsFor tells whether a change of the mode of compression needs another handshake.
func reconnectsFor(old, now string) bool {
	return old != now && (!peer.Compresses(old) || !peer.Compresses(now))
}

// rememberTLSName picks the name that certificates have to show where only an address is known.
func (l *Link) rememberTLSName(set *Settings) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tlsName = ""
	if !set.On() {
		return
	}
	for _, r := range set.Cluster.Routes {
		if net.ParseIP(r.Hostname()) == nil {
			l.tlsName = r.Hostname()
			return
		}
	}
}

// followRoutes dials what the configuration names anew, and ends what it does not name any more.
func (l *Link) followRoutes(set *Settings, e *effects) {
	want := configured(set.Cluster)
	if !set.On() {
		want = nil
	}
	l.mu.Lock()
	if !set.On() {
		l.lost = nil
	}
	all := make([]*target, 0, len(l.targets))
	for _, t := range l.targets {
		all = append(all, t)
	}
	l.mu.Unlock()
	for _, t := range all {
		u := want[t.hostPort]
		pass := ""
		if u != nil {
			pass, _ = u.User.Password()
		}
		switch {
		case !set.On(), t.configured() && u == nil:
			for _, s := range l.behind(t) {
				e.end(s, conn.RouteRemoved)
			}
			l.drop(t)
		case u == nil:
		case t.user != u.User.Username() || t.pass != pass:
			l.drop(t) // dialed again below, as the configuration says
		default:
			t.named.Store(byConfiguration)
		}
	}
	for _, u := range want {
		t := l.newTarget(u)
		t.named.Store(byConfiguration)
		l.want(t)
	}
}

// behind are the routes to the server behind a target.
func (l *Link) behind(t *target) []*Session {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []*Session
	for _, p := range l.peers {
		if p.target == t || p.info.ServerID == t.serverID() {
			out = append(out, p.sessions()...)
		}
	}
	return out
}

// followAuth ends accepted routes whose credentials are not good any more.
func (l *Link) followAuth(ctx context.Context, before []*Session, old, set *Settings, e *effects) {
	if set.asksAs(old) {
		return
	}
	for _, s := range before {
		if s.dial != nil {
			continue
		}
		if ok, _ := set.admits(ctx, s); !ok {
			e.end(s, conn.AuthenticationViolation)
		}
	}
}

// followPermissions announces by the routes before what may be announced now, and takes back what may not.
func (l *Link) followPermissions(before []*Session, old, set *Settings) {
	if reflect.DeepEqual(old.Cluster.Import, set.Cluster.Import) && reflect.DeepEqual(old.Cluster.Export, set.Cluster.Export) {
		return
	}
	l.broadcast(set)
	for _, s := range before {
		b := broker.Begin()
		for _, n := range s.allLanes() {
			n.reannounce(b, old, set)
			n.forget(b, func(sub *broker.Sub) bool { return set.mayExport(sub.Subject) })
		}
		b.End(0)
	}
}

// reannounce tells the other server what a change of the permissions for import gives or takes.
func (n *lane) reannounce(b *broker.Batch, old, set *Settings) {
	a := n.account.Load()
	if a == nil || !n.s.carries(set, n.name) {
		return
	}
	a.Interest(broker.Route, func(filter, queue string, members int) {
		was, is := old.mayImport(filter), set.mayImport(filter)
		switch {
		case was && !is:
			n.s.send(b, wire.AppendInterest(nil, n.wire, filter, queue, 0))
		case is && !was:
			n.s.send(b, wire.AppendInterest(nil, n.wire, filter, queue, members))
		}
	})
}

// followInfo tells the other servers what they are told of this one, if that has changed.
func (l *Link) followInfo(old, set *Settings) {
	if !slices.Equal(old.Info.ConnectURLs, set.Info.ConnectURLs) || old.Info.Host != set.Info.Host ||
		old.Info.Port != set.Info.Port || old.Info.IP != set.Info.IP {
		l.broadcast(set)
	}
}

// broadcast sends every other server an INFO.
func (l *Link) broadcast(set *Settings) {
	i := l.baseInfo(set)
	l.toEach(i)
}

// toEach sends an INFO to every other server, once.
func (l *Link) toEach(i *Info) {
	l.mu.Lock()
	var to []*Session
	for _, p := range l.peers {
		if s := p.any(); s != nil {
			to = append(to, s)
		}
	}
	l.mu.Unlock()
	b := broker.Begin()
	defer b.End(0)
	line := i.line()
	for _, s := range to {
		s.send(b, line)
	}
}

// LameDuck tells the other servers that this one is about to go, so that they send no clients here, or
// that it stays after all.
func (l *Link) LameDuck(going bool) {
	if set := l.Settings(); set.On() {
		i := l.baseInfo(set)
		i.LameDuck = going
		l.toEach(i)
	}
}

// followPace lets new intervals and levels of compression begin.
func (l *Link) followPace(old, set *Settings) {
	for _, s := range l.sessions() {
		if old.Cluster.PingInterval != set.Cluster.PingInterval {
			s.restartPings(set.Cluster.PingInterval)
		}
		mode := peer.Mode(&set.Cluster.Compression)
		if peer.Compresses(mode) && peer.Compresses(s.modeOf()) && mode != peer.Mode(&old.Cluster.Compression) {
			s.mode.Store(&mode)
			s.compress(set, mode, s.rtt())
		}
	}
}
