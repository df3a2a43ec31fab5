package auth

import (
	"time"

	"natsd/internal/config"
	"natsd/internal/perm"
)

// tokenUser is what connz shows for whoever came with a token.
const tokenUser = "[REDACTED]"

// Grant is what a connection may do. It is immutable and shared by the connections of a user.
type Grant struct {
	// User is authorized_user of connz: the user name, the public nkey, "[REDACTED]" for a token.
	// Without authentication it is what the client claims to be; nobody checked it.
	User     string
	Account  string
	Perms    *perm.Set // nil restricts nothing
	Expires  time.Time // zero: never
	ProxyKey string    // public key of the trusted proxy that the client came through
	ID       string    // the entry of the configuration that granted it

	entry *entry
	by    credential
}

// credential is what a grant was given for.
type credential uint8

const (
	byNothing credential = iota // open, no_auth_user
	byCertificate
	bySecret    // password or token
	bySignature // of the nonce
)

// through returns the grant of a client that came through a proxy; the same one without.
func (g *Grant) through(proxyKey string) *Grant {
	if proxyKey == "" {
		return g
	}
	own := *g
	own.ProxyKey = proxyKey
	return &own
}

// Same tells that both give the same rights to the same user.
func (g *Grant) Same(o *Grant) bool {
	return g.ID == o.ID && g.User == o.User && g.Account == o.Account && g.ProxyKey == o.ProxyKey && g.Perms.Equal(o.Perms)
}

// compiled returns the permissions of a configured user. A set that is missing although there are
// rules is compiled here: it must never be taken for the set that allows everything.
func compiled(u *config.User) (*perm.Set, error) {
	if u.Perms != nil || u.Permissions == nil {
		return u.Perms, nil
	}
	return perm.Compile(u.Permissions)
}
