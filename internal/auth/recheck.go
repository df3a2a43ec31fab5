package auth

import (
	"context"
	"errors"
	"fmt"
)

// Recheck decides whether a connection that an earlier Auth let in may stay, and returns what it is
// granted now: the same g when nothing changed for it. R is what the connection came with. It is
// cheap for an entry whose credentials did not change: a password is not compared again. With the
// reason ClientClosed the entry is gone, has moved to another account, or is the single user with
// another password: nats-server does not tell these clients why either.
func (a *Auth) Recheck(ctx context.Context, g *Grant, r *Request) (*Grant, error) {
	if g.ProxyKey != "" && !a.proxies.trusts(g.ProxyKey) {
		return nil, &Refusal{ProxyNotTrusted, "the proxy's key is not trusted any more"}
	}
	next, err := a.again(ctx, g, r)
	switch {
	case err != nil:
		return nil, err
	case next.Account != g.Account:
		return nil, &Refusal{ClientClosed, g.ID + " moved to another account"}
	case next.Same(g) && next.entry.same(g.entry):
		return g, nil
	}
	return next, nil
}

func (a *Auth) again(ctx context.Context, g *Grant, r *Request) (*Grant, error) {
	e := a.entries[g.ID]
	switch {
	case a.open || g.by == byNothing || g.by == byCertificate:
		return a.decide(ctx, r) // without password or signature this is cheap
	case e == nil && g.ID != tokenID:
		return nil, &Refusal{ClientClosed, g.ID + " is not configured any more"}
	case e != nil && e.same(g.entry):
		return a.admit(e, r, g.ProxyKey)
	case e != nil && e.lone:
		return nil, &Refusal{ClientClosed, g.ID + " has another password"}
	default:
		return a.compare(ctx, g, r)
	}
}

// compare decides anew on somebody whose password or token is not what it was. What is wrong for one
// connection is wrong for all that came with the same: a user with a thousand connections costs one
// comparison.
func (a *Auth) compare(ctx context.Context, g *Grant, r *Request) (*Grant, error) {
	d := a.known.digest(fmt.Sprintf("%s %d %s", r.Type, len(g.ID), g.ID), fmt.Sprintf("%d %s%s", len(r.Pass), r.Pass, r.Token))
	if refusal, ok := a.wrong.Load(d); ok {
		return nil, refusal.(*Refusal) //nolint:forcetypeassert // there is nothing else in it
	}
	next, err := a.decide(ctx, r)
	if refusal := (*Refusal)(nil); errors.As(err, &refusal) && refusal.Reason == AuthenticationFailure {
		a.wrong.Store(d, refusal)
	}
	return next, err
}
