package client

import (
	"cmp"
	"context"
	"reflect"
	"slices"

	"natsd/internal/broker"
	"natsd/internal/conn"
	"natsd/internal/reload"
	"natsd/internal/wire"
)

// Predict tells what Settle would do to open connections if set were applied. It gives up when ctx
// ends: what it has found until then is not all.
func (l *Link) Predict(ctx context.Context, set *Settings) []reload.Effect {
	var out []reload.Effect
	all := l.sessions()
	gone := map[*Session]bool{}
	for _, s := range all {
		g, proof := s.grant.Load(), s.proof.Load()
		if g == nil || proof == nil {
			continue
		}
		next, err := set.recheck(ctx, g, proof)
		if ctx.Err() != nil {
			return out
		}
		why, lost := conn.Open, 0
		switch {
		case err != nil:
			why = revocation(err).why
		case next != g:
			lost = s.countLost(next.Perms)
		}
		if why == conn.Open && set.overSubscribed(int(s.conn.Counters.Subs.Load())-lost, set.accountLimits(g.Account).MaxSubscriptions) {
			why = conn.MaxSubscriptionsExceeded
		}
		gone[s] = why != conn.Open
		if why != conn.Open || lost > 0 {
			out = append(out, s.effect(why, lost))
		}
	}
	for _, x := range excess(all, set, func(s *Session) bool { return gone[s] }) {
		out = append(out, x.effect(x.why, 0))
	}
	return out
}

// Settle brings every open connection in line with the settings that have been applied, and returns
// what that did to them. Where there are too many for a new limit, the newest go.
func (l *Link) Settle(ctx context.Context) []reload.Effect {
	var out []reload.Effect
	all := l.sessions()
	for _, s := range all {
		if why, lost := s.Regrant(ctx); why != conn.Open || lost > 0 {
			out = append(out, s.effect(why, lost))
		}
	}
	for _, x := range excess(all, l.Settings(), func(s *Session) bool { return s.conn.Reason() != conn.Open }) {
		x.End(x.why, x.text)
		out = append(out, x.effect(x.why, 0))
	}
	return out
}

// Follow does for open connections what is not about rights, when the settings before were old: it
// sends INFO to those for whom something in it has changed, and lets the new interval of PINGs begin.
func (l *Link) Follow(old *Settings) {
	set := l.Settings()
	all := !reflect.DeepEqual(old.Info, set.Info) || old.Auth.Required() != set.Auth.Required()
	pings := old.Options.Limits.PingInterval != set.Options.Limits.PingInterval
	for _, s := range l.sessions() {
		if all || s.toldPayload.Load() != s.maxPayload.Load() {
			s.SendInfo(nil)
		}
		if pings {
			s.restartPings(set.Options.Limits.PingInterval)
		}
	}
}

// Evict ends the n newest connections of an account that has too many in the whole cluster.
func (l *Link) Evict(a *broker.Account, n int) {
	var in []*Session
	for _, s := range l.sessions() {
		if s.account.Load() == a && s.conn.Reason() == conn.Open {
			in = append(in, s)
		}
	}
	slices.SortFunc(in, func(a, b *Session) int { return cmp.Compare(b.conn.ID, a.conn.ID) })
	for _, s := range in[:max(0, min(n, len(in)))] {
		s.End(conn.MaxAccountConnectionsExceeded, wire.TextMaxAccountConnections)
	}
}

// surplus is a connection that is one too many.
type surplus struct {
	*Session
	lastWords
}

// excess returns the newest connections that are over the limits of the server or of their account.
// Those that are gone do not count.
func excess(all []*Session, set *Settings, gone func(*Session) bool) []surplus {
	var out []surplus
	slices.SortFunc(all, func(a, b *Session) int { return cmp.Compare(a.conn.ID, b.conn.ID) })
	total, in := 0, map[*broker.Account]int{}
	for _, s := range all {
		if gone(s) {
			continue
		}
		total++
		words := lastWords{}
		if a := s.account.Load(); a != nil {
			in[a]++
			if most := set.accountLimits(a.Name).MaxConnections; most >= 0 && in[a] > most {
				words = lastWords{conn.MaxAccountConnectionsExceeded, wire.TextMaxAccountConnections}
			}
		}
		if total > set.Options.Limits.MaxConnections {
			words = lastWords{conn.MaxConnectionsExceeded, wire.TextMaxConnections}
		}
		if words.why != conn.Open {
			out = append(out, surplus{s, words})
		}
	}
	return out
}

// sessions returns the sessions of all open client connections.
func (l *Link) sessions() []*Session {
	var out []*Session
	for c := range l.registry.All() {
		if s, ok := c.Session().(*Session); ok {
			out = append(out, s)
		}
	}
	return out
}

func (s *Session) effect(why conn.Reason, lost int) reload.Effect {
	e := reload.Effect{CID: s.conn.ID, Reason: why.String(), Dropped: why != conn.Open, Subs: lost}
	if why == conn.Open {
		e.Reason = "subscriptions that are not allowed any more were removed"
	}
	if g := s.grant.Load(); g != nil {
		e.User, e.Account = g.User, g.Account
	}
	return e
}
