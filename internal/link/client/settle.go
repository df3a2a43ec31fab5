package client

import (
	"cmp"
	"context"
	"slices"

	"natsd/internal/broker"
	"natsd/internal/conn"
	"natsd/internal/reload"
	"natsd/internal/wire"
)

// Predict tells which open connections set would end if it were applied.
func (l *Link) Predict(ctx context.Context, set *Settings) []reload.Effect {
	var out []reload.Effect
	for _, s := range l.sessions() {
		g, proof := s.grant.Load(), s.proof.Load()
		if g == nil || proof == nil {
			continue
		}
		if _, err := set.Auth.Recheck(ctx, g, proof); err != nil {
			out = append(out, s.effect(revocation(err).why, 0))
		}
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
	return append(out, l.fit(all)...)
}

// fit ends the newest connections that are over the limits of the server or of their account.
func (l *Link) fit(all []*Session) []reload.Effect {
	var out []reload.Effect
	slices.SortFunc(all, func(a, b *Session) int { return cmp.Compare(a.conn.ID, b.conn.ID) })
	set := l.Settings()
	total, in := 0, map[*broker.Account]int{}
	for _, s := range all {
		if s.conn.Reason() != conn.Open {
			continue
		}
		total++
		why, text := conn.Open, ""
		if a := s.account.Load(); a != nil {
			in[a]++
			if most := a.Limits().MaxConnections; most >= 0 && in[a] > most {
				why, text = conn.MaxAccountConnectionsExceeded, wire.TextMaxAccountConnections
			}
		}
		if total > set.Options.Limits.MaxConnections {
			why, text = conn.MaxConnectionsExceeded, wire.TextMaxConnections
		}
		if why != conn.Open {
			s.end(why, text)
			out = append(out, s.effect(why, 0))
		}
	}
	return out
}

// sessions returns the sessions of all open client connections.
func (l *Link) sessions() []*Session {
	var out []*Session
	for _, c := range l.registry.Append(nil) {
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
