package route

import (
	"fmt"
	"net"
	"slices"

	"natsd/internal/broker"
	"natsd/internal/conn"
	"natsd/internal/event"
	"natsd/internal/link/peer"
	"natsd/internal/status"
	"natsd/internal/wire"
)

// server is another server of the cluster, as long as there is a route to it. The link's lock guards it.
type server struct {
	info   *Info
	pooled bool
	slots  []*Session          // of the pool; one if there is none
	pinned map[string]*Session // by account
	target *target             // how to get there again; nil: that is the other side's business
	told   bool                // the other servers have been told of it
}

// sessions are all routes to the server.
func (p *server) sessions() []*Session {
	out := make([]*Session, 0, len(p.slots)+len(p.pinned))
	for _, s := range p.slots {
		if s != nil {
			out = append(out, s)
		}
	}
	for _, s := range p.pinned {
		out = append(out, s)
	}
	return out
}

// any is some route to the server, one of the pool if there is one.
func (p *server) any() *Session {
	if all := p.sessions(); len(all) > 0 {
		return all[0]
	}
	return nil
}

// free is the first free place of the pool, or -1.
func (p *server) free() int { return slices.Index(p.slots, nil) }

// carries tells whether the interest of an account is announced over s. It holds as long as s is up.
func (s *Session) carries(set *Settings, account string) bool {
	switch {
	case s.account != "":
		return account == s.account
	case !s.pooled:
		return true
	default:
		return !set.isPinned(account) && slotOf(account, set.pool) == s.slot
	}
}

// verdict is why a route cannot be one.
type verdict struct {
	why  conn.Reason
	text string // told to the other side; empty: nothing is
	gone bool   // do not dial again for this
}

// register makes a route of a connection whose other side has told who it is.
func (s *Session) register(b *broker.Batch, i *Info) conn.Reason {
	l := s.link
	if i.connectedTo = net.JoinHostPort(s.conn.Facts().Remote.Addr().String(), portText(i.Port)); s.dial != nil {
		i.connectedTo = s.dial.target.hostPort
	}
	first, v := l.admit(s, i)
	if v != nil {
		if s.dial != nil && v.gone {
			s.dial.settled.Store(true)
		}
		if v.text != "" {
			s.refuse(b, v.text)
		}
		if v.why == conn.DuplicateRoute && s.dial == nil && i.Account == "" {
			l.gossip(b, s, i) // the route that there is may be one that nobody was told of
		}
		return v.why
	}
	defer close(s.said)
	if s.dial == nil && !s.set.asksAs(s.admitted) {
		s.refuse(b, wire.TextAuthorization) // a reload came after its CONNECT, and looked for routes before it was one
		return conn.AuthenticationViolation
	}
	l.met.Store(true)
	f := *s.conn.Facts()
	f.Name, f.Version, f.Account = i.ServerName, i.Version, s.account
	s.conn.SetFacts(&f)
	s.touch(b)
	for _, a := range l.Broker.Accounts() {
		if s.carries(s.set, a.Name) {
			s.announce(b, a)
		}
	}
	l.Registry.Events.Publish(event.Opened{Facts: &f})
	s.mu.Lock()
	s.timers.up(s)
	s.mu.Unlock()
	s.growPool(b)
	l.gossip(b, s, i)
	if first && l.urls.Set(i.ServerID, i.ConnectURLs) || first {
		l.tell()
	}
	return conn.Open
}

// admit finds the place of a route. It is up when there is no verdict, and this side's INFO is the first
// thing that is sent by it. First says that it is the first route to that server. It goes by the settings
// that are in force at that moment: [Link.Follow] finds either a route that knows them, or one that it has
// to bring in line.
func (l *Link) admit(s *Session, i *Info) (first bool, v *verdict) {
	account := i.Account
	if s.dial != nil {
		account = s.dial.account
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := l.Settings(); now.On() { // else the end is near
		s.set = now
	}
	set := s.set
	pooled := set.pool > 0 && i.PoolSize > 0
	if v := s.misfit(i, account, pooled); v != nil {
		return false, v
	}
	size := 1
	if pooled {
		size = max(set.pool, i.PoolSize)
	}
	p := l.peers[i.ServerID]
	if first = p == nil; first {
		p = &server{info: i, pooled: pooled, slots: make([]*Session, size), pinned: map[string]*Session{}}
	}
	slot := 0
	switch {
	case account != "":
		if p.pinned[account] != nil {
			return false, &verdict{conn.DuplicateRoute, "", true}
		}
	case s.dial != nil:
		if slot = p.free(); slot < 0 {
			l.upgradeLocked(p, s)
			return false, &verdict{conn.DuplicateRoute, "", true}
		}
	default:
		if slot = i.PoolIndex; slot < 0 || slot >= len(p.slots) {
			return false, &verdict{conn.ProtocolViolation, fmt.Sprintf("Invalid route pool index: %d - pool size is %d", slot, len(p.slots)), false}
		}
		if p.slots[slot] != nil {
			return false, &verdict{conn.DuplicateRoute, "", true}
		}
	}
	s.account, s.slot, s.pooled, s.headers = account, slot, pooled, i.Headers && set.Info.Headers
	s.dec.Limits.Pinned, s.dec.Limits.Origins = account != "", i.LNOCU
	if s.dial != nil {
		own := s.firstInfo()
		own.PoolIndex = slot
		s.write(own.line()) // nothing can come before it, and the batch flushes
		l.dialedLocked(s.dial, p, i)
	}
	if account != "" {
		p.pinned[account] = s
	} else {
		p.slots[slot] = s
	}
	l.peers[i.ServerID] = p
	s.remote.Store(i)
	s.up.Store(true)
	return first, nil
}

// mostPooled bounds the connections of a pool that the other side may ask for. This side may have more.
const mostPooled = 1 << 10

// misfit tells what is wrong with a route before it is known which others there are.
func (s *Session) misfit(i *Info, account string, pooled bool) *verdict {
	switch {
	case i.PoolSize > max(s.set.pool, mostPooled):
		return &verdict{conn.ProtocolViolation, fmt.Sprintf("Invalid route pool size: %d", i.PoolSize), false}
	case account != "" && !pooled && s.dial != nil:
		return &verdict{conn.ProtocolViolation, "", true} // an older server would take it for the only route
	case account != "" && !pooled:
		return &verdict{conn.ProtocolViolation, fmt.Sprintf("Not possible to have a dedicated route for account %q between those servers", account), true}
	case account != "" && s.dial != nil && !s.set.isPinned(account):
		return &verdict{conn.RouteRemoved, "", true} // a reload has taken it back meanwhile
	case account != "" && !s.set.isPinned(account):
		return &verdict{conn.ProtocolViolation, fmt.Sprintf("No route for account %q", account), false}
	case account != "" && s.link.Broker.Account(account) == nil:
		return &verdict{conn.MissingAccount, fmt.Sprintf("Unable to lookup account %q: account missing", account), false}
	case s.dial != nil && i.PoolIndex != 0:
		return &verdict{conn.ProtocolViolation, fmt.Sprintf("Route pool index should not be set but is set to %d", i.PoolIndex), false}
	}
	return nil
}

// upgradeLocked lets the routes that there are take over what a connection was dialed for: they are
// dialed again when they end.
func (l *Link) upgradeLocked(p *server, s *Session) {
	t := s.dial.target
	if p.target == nil || t.explicit() && !p.target.explicit() {
		p.target = t
	}
	t.met(p.info)
}

// growPool asks for proof that the other side has let this one in, if more connections are to follow.
func (s *Session) growPool(b *broker.Batch) {
	switch {
	case s.dial == nil || !s.pooled:
		return
	case s.account != "":
		s.link.tend(s) // those of the pool may have been lost
		return
	}
	s.link.mu.Lock()
	p := s.link.peers[s.remote.Load().ServerID]
	more := p != nil && p.free() >= 0
	s.link.mu.Unlock()
	if more {
		s.grow = true
		s.send(b, []byte(wire.LinePing))
	}
	s.link.dialPinned(s)
}

// unregister takes a route out, and sees to it that it is made again.
func (l *Link) unregister(s *Session) {
	info := s.remote.Load()
	l.mu.Lock()
	p := l.peers[info.ServerID]
	if p == nil {
		l.mu.Unlock()
		return
	}
	if s.account != "" {
		delete(p.pinned, s.account)
	} else {
		p.slots[s.slot] = nil
	}
	last := len(p.sessions()) == 0
	if last {
		delete(l.peers, info.ServerID)
	}
	var again *target
	switch {
	case s.dial != nil:
		again = s.dial.target
	case s.account == "":
		again = p.target
	}
	l.mu.Unlock()
	if last && l.urls.Set(info.ServerID, nil) {
		l.tell()
	}
	if again != nil {
		l.redial(again, s.account)
	}
}

// announce tells the other server of the interest of an account, now and from now on.
func (s *Session) announce(b *broker.Batch, a *broker.Account) {
	n := s.lane(a.Name)
	if n == nil {
		return
	}
	a.Observe(b, broker.Route, n)
	if s.ended.Load() { // Closed may have missed it
		a.Unobserve(broker.Route, n)
	}
}

// opened is told of new accounts: routes carry them from now on.
func (l *Link) opened(a *broker.Account) {
	b := broker.Begin()
	defer b.End(0)
	set := l.Settings()
	for _, s := range l.sessions() {
		if n := s.known(a.Name); n != nil {
			n.attach(b, a)
		}
		if s.carries(set, a.Name) {
			s.announce(b, a)
		}
	}
}

// sessions are all routes.
func (l *Link) sessions() []*Session {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []*Session
	for _, p := range l.peers {
		out = append(out, p.sessions()...)
	}
	return out
}

// Up is the number of routes.
func (l *Link) Up() int { return len(l.sessions()) }

// Remotes is the number of other servers that there are routes to.
func (l *Link) Remotes() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.peers)
}

// Remote is another server that there are routes to.
type Remote struct {
	ID, Name string
	Routes   int
}

// Servers returns the other servers of the cluster, sorted by name.
func (l *Link) Servers() []Remote {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]Remote, 0, len(l.peers))
	for id, p := range l.peers {
		out = append(out, Remote{ID: id, Name: p.info.ServerName, Routes: len(p.sessions())})
	}
	slices.SortFunc(out, func(a, b Remote) int { return compare(a.Name, b.Name) })
	return out
}

// modeOf is the mode of compression as monitoring shows it.
func (s *Session) modeOf() string {
	if m := s.mode.Load(); m != nil {
		return *m
	}
	return peer.Off
}

// Status returns the route as monitoring shows it, and whether it is up.
func (s *Session) Status() (row status.Route, up bool) {
	if !s.up.Load() {
		return row, false
	}
	info := s.remote.Load()
	row = status.Route{
		Conn: s.conn.Status(), RemoteID: info.ServerID, RemoteName: info.ServerName,
		Solicited: s.dial != nil, Configured: s.dial != nil && s.dial.target.explicit(),
		Account: s.account, Compression: s.modeOf(),
		Import: info.Import.status(), Export: info.Export.status(),
	}
	s.link.mu.Lock()
	defer s.link.mu.Unlock()
	if p := s.link.peers[info.ServerID]; p != nil && p.target != nil && s.account == "" {
		row.Solicited, row.Configured = true, p.target.explicit()
	}
	return row, true
}

func (r *rules) status() *status.Rules {
	if r == nil {
		return nil
	}
	return &status.Rules{Allow: r.Allow, Deny: r.Deny}
}
