package route

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"strconv"
	"strings"

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

// mostHeard bounds the targets that are known from other servers only. No cluster is that large.
const mostHeard = 512

// heardAddress takes apart where a server is, as others tell it: the address of a route and nothing else.
func heardAddress(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("malformed URL") // err may show a password
	}
	if u.Scheme != "nats-route" || u.User != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("not the URL of a route")
	}
	if port, err := strconv.ParseUint(u.Port(), 10, 16); err != nil || port == 0 {
		return nil, fmt.Errorf("bad port %q", u.Port())
	}
	return u, nil
}

// leadsHere tells whether an address is known to be this server's own.
func (l *Link) leadsHere(set *Settings, hostPort string) bool {
	if set.Info.IP != "" && hostPort == net.JoinHostPort(set.Info.Host, portText(set.Info.Port)) {
		return true
	}
	a, err := netip.ParseAddrPort(hostPort)
	return err == nil && l.isSelf(netip.AddrPortFrom(a.Addr().Unmap(), a.Port()))
}

// heard takes the news of another server and dials it, if it is not known yet.
func (l *Link) heard(s *Session, i *Info) {
	set := l.Settings()
	if !set.On() || i.ServerID == "" || i.IP == "" {
		return
	}
	u, err := heardAddress(i.IP)
	if err != nil {
		s.debug("Ignored the news of a server: " + err.Error())
		return
	}
	own := configured(set.Cluster)
	if l.leadsHere(set, u.Host) || own[u.Host] != nil || own[net.JoinHostPort(i.Host, portText(i.Port))] != nil {
		return
	}
	if !l.dialHeard(set, u, i) && !l.overheard.Swap(true) {
		s.error(fmt.Sprintf("Other servers tell of more than %d servers: what they tell beyond is ignored", mostHeard))
	}
}

// dialHeard reports false if there are too many targets to dial another one.
func (l *Link) dialHeard(set *Settings, u *url.URL, i *Info) (ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.peers[i.ServerID]
	if p != nil && (i.Account == "" || p.pinned[i.Account] != nil || !set.isPinned(i.Account)) {
		return true
	}
	t := l.targets[u.Host]
	if t == nil {
		if l.heardLocked() >= mostHeard {
			return false
		}
		t = l.newTarget(u)
		t.gossip, t.id = i.GossipMode, i.ServerID
		if i.AuthRequired {
			t.user, t.pass = set.Cluster.Auth.User, set.Cluster.Auth.Password.Reveal()
		}
		l.aimLocked(t)
	}
	account := i.Account
	if p == nil {
		account = "" // those for single accounts follow
	}
	if d := t.dials[account]; d != nil {
		d.again = true // it may be about to fail for the last time, and nobody tells this twice
		return true
	}
	l.dialLocked(t, account, 0)
	return true
}

// heardLocked is the number of targets that are known from other servers only.
func (l *Link) heardLocked() (n int) {
	for _, t := range l.targets {
		if !t.explicit() {
			n++
		}
	}
	return n
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
