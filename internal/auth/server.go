package auth

import (
	"context"
	"net/netip"

	"natsd/internal/config"
)

// Servers decides about other servers that connect. It outlives snapshots, takes its turn for bcrypt among
// clients, and is safe for concurrent use.
type Servers struct {
	slots *slots
	known *known
}

// Servers returns what decides about other servers: the same for all snapshots of a process.
func (a *Auth) Servers() *Servers { return &Servers{slots: a.slots, known: a.known} }

// Admits tells whether a server at an address may connect with that user and password. The error is that of
// ctx, which may end while others stand before it in the queue for bcrypt.
func (v *Servers) Admits(ctx context.Context, from netip.Addr, c *config.PeerAuth, user, password string) (bool, error) {
	if c.User == "" && c.Password == "" {
		return true, nil
	}
	want, name := newSecret(c.Password), newSecret(config.Secret(c.User))
	given := &want
	if !name.equals(user) {
		given = nil // which costs the same
	}
	ok, err := newVerifier(v.slots, v.known, &want).check(ctx, from, given, password)
	return ok && given != nil, err
}
