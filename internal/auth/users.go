package auth

import "context"

// users lets in configured users by name and password.
type users struct {
	byName   map[string]*entry
	verifier *verifier
	// mapped tells that some listener maps certificates to users: then a user without password is
	// meant for a certificate and cannot be had by its name.
	mapped bool
}

func (m users) try(ctx context.Context, r *Request) (*entry, error) {
	if r.User == "" {
		return nil, nil
	}
	e := m.byName[r.User]
	var s *secret
	if e != nil && (e.secret.set || !m.mapped) {
		s = &e.secret
	}
	ok, err := m.verifier.check(ctx, r.Remote.Addr(), s, r.Pass)
	switch {
	case err != nil:
		return nil, err
	case e == nil:
		return nil, refuse("user %s is unknown", name(r.User))
	case s == nil:
		return nil, refuse("user %s requires a client certificate", name(r.User))
	case !ok:
		return nil, refuse("user %s: %s", name(r.User), s.mismatch(r.Pass))
	}
	return e, nil
}
