package auth

import (
	"context"
	"crypto/subtle"

	"natsd/internal/config"
)

// single lets in the one user of an authorization block without a users list.
type single struct {
	entry    *entry
	verifier *verifier
}

func newSingle(a *config.Authorization) *entry {
	e := newEntry("single:"+a.User, a.User, config.GlobalAccount, bySecret)
	e.secret, e.lone, e.proxied = newSecret(a.Password), true, a.ProxyRequired
	return e
}

func (m single) try(ctx context.Context, r *Request) (*entry, error) {
	known := subtle.ConstantTimeCompare([]byte(m.entry.grant.User), []byte(r.User)) == 1
	s := &m.entry.secret
	if !known {
		s = nil
	}
	ok, err := m.verifier.check(ctx, r.Remote.Addr(), s, r.Pass)
	switch {
	case err != nil:
		return nil, err
	case !known:
		return nil, refuse("user %s is unknown", name(r.User))
	case !ok:
		return nil, refuse("user %s: %s", name(r.User), s.mismatch(r.Pass))
	}
	return m.entry, nil
}
