package route

import (
	"net"
	"net/url"
	"reflect"
	"strconv"

	"natsd/internal/broker"
)

// gossip tells all other servers of the one that a new route leads to: of its first route that does not
// come from gossip itself, and of each that serves a single account. The route may be one too many, and
// already on its way out.
func (l *Link) gossip(b *broker.Batch, s *Session, i *Info) {
	news := *i
	accepted := s.dial == nil
	switch {
	case accepted && news.GossipMode == gossipDisabled,
		!accepted && !s.dial.target.explicit() && s.dial.target.gossip != gossipOverride:
		return // they have heard of it from elsewhere
	}
	if s.account == "" && l.wasTold(i.ServerID) {
		return
	}
	news.Nonce, news.PoolIndex = "", 0
	news.Account = s.account
	if news.IP == "" {
		news.IP = routeURL(s.conn.Facts().Remote.Addr().String(), news.Port)
	}
	type message struct {
		to   *Session
		mode int
	}
	var out []message
	l.mu.Lock()
	for id, p := range l.peers {
		if id == news.ServerID || s.account != "" && !p.pooled {
			continue
		}
		wanted := p.target != nil && p.target.explicit()
		mode := gossipDefault
		switch {
		case accepted && wanted, !accepted && s.dial.target.explicit():
			mode = gossipOverride
		case accepted:
			mode = gossipDisabled
		}
		if to := p.any(); to != nil {
			out = append(out, message{to, mode})
		}
	}
	l.mu.Unlock()
	for _, m := range out {
		news.GossipMode = m.mode
		m.to.send(b, news.line())
	}
}

// wasTold reports whether others have been told of a server, and notes that they are now.
func (l *Link) wasTold(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.peers[id]
	if p == nil {
		return true // gone again
	}
	told := p.told
	p.told = true
	return told
}

// heard takes the news of another server and dials it, if it is not known yet.
func (l *Link) heard(i *Info) {
	set := l.Settings()
	if !set.On() || i.ServerID == "" || i.IP == "" {
		return
	}
	u, err := url.Parse(i.IP)
	if err != nil || u.Host == "" {
		return
	}
	own := configured(set.Cluster)
	if own[u.Host] != nil || own[net.JoinHostPort(i.Host, portText(i.Port))] != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.peers[i.ServerID]
	if p != nil && (i.Account == "" || p.pinned[i.Account] != nil || !set.isPinned(i.Account)) {
		return
	}
	t := l.targets[u.Host]
	if t == nil {
		t = l.newTarget(u)
		t.gossip, t.id = i.GossipMode, i.ServerID
		if i.AuthRequired {
			t.user, t.pass = set.Cluster.Auth.User, set.Cluster.Auth.Password.Reveal()
		}
		l.targets[u.Host] = t
	}
	account := i.Account
	if p == nil {
		account = "" // those for single accounts follow
	}
	if d := t.dials[account]; d != nil {
		d.again = true // it may be about to fail for the last time, and nobody tells this twice
		return
	}
	l.dialLocked(t, account, 0)
}

// updated takes a later INFO of the server that a route leads to.
func (l *Link) updated(b *broker.Batch, s *Session, i *Info) {
	urls := i.ConnectURLs
	if i.LameDuck {
		urls = nil // it is about to go
	}
	if l.urls.Set(i.ServerID, urls) {
		l.tell()
	}
	before := s.remote.Load()
	next := *before
	next.Import, next.Export, next.ConnectURLs, next.LameDuck = i.Import, i.Export, i.ConnectURLs, i.LameDuck
	s.remote.Store(&next)
	if !reflect.DeepEqual(before.Export, next.Export) {
		l.announceAgain(b, next.ServerID)
	}
}

// announceAgain tells a server of all interest once more: what it did not let count before, it may now.
func (l *Link) announceAgain(b *broker.Batch, id string) {
	set := l.Settings()
	var routes []*Session
	l.mu.Lock()
	if p := l.peers[id]; p != nil {
		routes = p.sessions()
	}
	l.mu.Unlock()
	for _, s := range routes {
		for _, n := range s.allLanes() {
			a := n.account.Load()
			if a == nil || !s.carries(set, n.name) {
				continue
			}
			a.Interest(broker.Route, func(filter, queue string, members int) {
				n.InterestChanged(b, a, filter, queue, members)
			})
		}
	}
}

func portText(port int) string { return strconv.Itoa(port) }
