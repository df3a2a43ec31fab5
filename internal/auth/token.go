package auth

import (
	"context"

	"natsd/internal/config"
)

// token lets in who knows the token of the authorization block. A token sent as user or password
// does not count; neither is named in a refusal, since it may well be the token.
type token struct {
	entry    *entry
	verifier *verifier
}

const tokenID = "token"

func newToken(a *config.Authorization) *entry {
	e := newEntry(tokenID, tokenUser, config.GlobalAccount, bySecret)
	e.secret, e.proxied = newSecret(a.Token), a.ProxyRequired
	return e
}

func (m token) try(ctx context.Context, r *Request) (*entry, error) {
	if r.Token == "" {
		return nil, refuse("token is missing")
	}
	ok, err := m.verifier.check(ctx, r.Remote.Addr(), &m.entry.secret, r.Token)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, refuse("token: %s", m.entry.secret.mismatch(r.Token))
	}
	return m.entry, nil
}
