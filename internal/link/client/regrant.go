package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"

	"natsd/internal/auth"
	"natsd/internal/broker"
	"natsd/internal/certs"
	"natsd/internal/conn"
	"natsd/internal/perm"
	"natsd/internal/wire"
)

// A reload changes the rights of connections from another goroutine than their own. The order makes
// it safe without a common lock: the settings are replaced first, then every connection is looked at
// ([Session.Regrant]); a connection that authenticates or subscribes meanwhile publishes what it did
// first and looks at the settings or the grant again afterwards. One of the two always sees the other.

// lastWords is what a client is told at an end that was not its own doing.
type lastWords struct {
	why  conn.Reason
	text string
}

// End closes the connection and tells the client why, unless it is closing already. It reports whether
// it was this that ended it, and may be called by any goroutine.
func (s *Session) End(why conn.Reason, text string) bool {
	s.words.Store(&lastWords{why, text})
	return s.conn.Close(why)
}

// adopt brings what the read goroutine works with in line with the settings and the grant that are in
// force.
func (s *Session) adopt() {
	if g := s.grant.Load(); g != nil {
		s.perms = g.Perms
	}
	set := s.link.Settings()
	if set == s.set {
		return
	}
	s.set = set
	s.limits.ControlLine = set.Options.Limits.MaxControlLine
	if a := s.account.Load(); a != nil {
		s.limit(a)
	} else {
		limits := set.limits()
		s.limits.ConnectFirst, s.limits.Payload = limits.ConnectFirst, limits.Payload
		s.maxPayload.Store(int64(limits.Payload))
	}
}

// limit sets the size that messages may have: the smallest of what server and account allow.
func (s *Session) limit(a *broker.Account) {
	limit := s.set.maxPayload(a)
	s.limits.Payload = limit
	s.maxPayload.Store(int64(limit))
}

// maxPayload is what clients of an account may publish at most; negative is unlimited.
func (set *Settings) maxPayload(a *broker.Account) int {
	server, account := set.Options.Limits.MaxPayload, a.Limits().MaxPayload
	switch {
	case account < 0:
		return server
	case server < 0:
		return account
	default:
		return min(server, account)
	}
}

// Regrant decides anew what the client may do, by the settings in force, and carries it out: it keeps
// the connection as it is, takes subscriptions away that are not allowed any more, or ends it. It
// returns the reason of an end, or Open, and the number of subscriptions that were taken away. It may
// be called by any goroutine.
func (s *Session) Regrant(ctx context.Context) (why conn.Reason, lost int) {
	s.rights.Lock()
	defer s.rights.Unlock()
	set, g, proof := s.link.Settings(), s.grant.Load(), s.proof.Load()
	if g == nil || proof == nil || s.conn.Reason() != conn.Open {
		return conn.Open, 0
	}
	next, err := set.recheck(ctx, g, proof)
	if err != nil {
		return s.revoke(err), 0
	}
	account := s.account.Load()
	s.maxPayload.Store(int64(set.maxPayload(account)))
	if next != g {
		s.grant.Store(next)
		s.replies.Store(newResponder(next.Perms))
		lost = s.narrow(next.Perms)
	}
	if set.overSubscribed(int(s.conn.Counters.Subs.Load()), account.Limits().MaxSubscriptions) {
		s.End(conn.MaxSubscriptionsExceeded, wire.TextMaxSubscriptions)
		return conn.MaxSubscriptionsExceeded, lost
	}
	return conn.Open, lost
}

// errNotPinned says that a certificate is not among those that may connect.
var errNotPinned = errors.New("certificate not pinned")

// pinned tells whether a client may connect with the certificate that it showed, as far as
// pinned_certs goes. A client in clear text shows none.
func (set *Settings) pinned(state *tls.ConnectionState) bool {
	t := set.Options.TLS
	return t == nil || state == nil || t.PinnedCerts == nil || certs.Pinned(state, t.PinnedCerts)
}

// recheck decides what a client that was granted g for proof may do now.
func (set *Settings) recheck(ctx context.Context, g *auth.Grant, proof *auth.Request) (*auth.Grant, error) {
	if !set.pinned(proof.TLS) {
		return nil, errNotPinned
	}
	return set.Auth.Recheck(ctx, g, proof)
}

// revoke ends a connection that has lost its right to be here.
func (s *Session) revoke(err error) conn.Reason {
	w := revocation(err)
	if errors.Is(err, errNotPinned) {
		s.error(err.Error())
	}
	if r, ok := errors.AsType[*auth.Refusal](err); ok {
		s.logTo(s.link.authLog, slog.LevelInfo, "Authorization revoked: "+r.Detail)
	}
	s.End(w.why, w.text)
	return w.why
}

// revocation is how a connection ends that may not stay.
func revocation(err error) lastWords {
	if errors.Is(err, errNotPinned) {
		return lastWords{conn.TLSHandshakeError, ""}
	}
	if r, ok := errors.AsType[*auth.Refusal](err); ok {
		switch r.Reason {
		case auth.ClientClosed: // the user is gone or belongs elsewhere now
			return lastWords{conn.CredentialsRevoked, wire.TextRevoked}
		case auth.ProxyNotTrusted:
			return lastWords{conn.ProxyNotTrusted, wire.TextAuthorization}
		case auth.ProxyRequired:
			return lastWords{conn.ProxyRequired, wire.TextAuthorization}
		}
	}
	return lastWords{conn.AuthenticationViolation, wire.TextAuthorization}
}

// narrow takes away the subscriptions that p does not allow, tells the client, and gives the others
// the filters of p. It returns how many were taken away.
func (s *Session) narrow(p *perm.Set) int {
	lost := 0
	for _, sub := range s.someSubs(-1) {
		if s.review(p, sub) {
			lost++
		}
	}
	if lost > 0 {
		s.conn.Flush()
	}
	return lost
}

// countLost returns how many subscriptions narrow would take away.
func (s *Session) countLost(p *perm.Set) int {
	lost := 0
	for _, sub := range s.someSubs(-1) {
		if !p.Subscribe([]byte(sub.Subject), []byte(sub.Queue)) {
			lost++
		}
	}
	return lost
}

// review checks one subscription against p and reports whether it was taken away.
func (s *Session) review(p *perm.Set, sub *broker.Sub) bool {
	subj, queue := []byte(sub.Subject), []byte(sub.Queue)
	if p.Subscribe(subj, queue) {
		sub.Filter.Store(p.Filter(subj, queue))
		return false
	}
	s.remove(nil, sub)
	text := fmt.Sprintf("Permissions Violation for Subscription to %q", sub.Subject)
	if sub.Queue != "" {
		text += fmt.Sprintf(" using queue %q", sub.Queue)
	}
	s.write(wire.AppendErr(nil, fmt.Sprintf("%s (sid %q)", text, sub.SID)))
	return true
}

// confirm looks again at a subscription that was made while the rights of the connection may have
// changed.
func (s *Session) confirm(b *broker.Batch, sub *broker.Sub) {
	if g := s.grant.Load(); g.Perms != s.perms {
		s.perms = g.Perms
		if s.review(g.Perms, sub) {
			b.Touch(s.conn)
		}
	}
}

// overSubscribed tells whether n subscriptions are more than one client may have now.
func (set *Settings) overSubscribed(n, accountLimit int) bool {
	most := set.Options.Limits.MaxSubscriptions
	return most > 0 && n > most || accountLimit >= 0 && n > accountLimit
}
