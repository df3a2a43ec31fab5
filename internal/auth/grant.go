package auth

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
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
	// Hash is of user, account and permissions: equal hashes grant the same.
	Hash [sha256.Size]byte

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

// grantHash covers what is granted. Rules stand for the compiled set, of which they are the source.
func grantHash(user, account string, rules *perm.Rules) [sha256.Size]byte {
	h := sha256.New()
	text, err := json.Marshal(rules) // tells nil lists from empty ones
	if err != nil {
		text = nil // unreachable: the type holds strings and numbers only
	}
	for _, part := range [][]byte{[]byte(user), []byte(account), text} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write(part)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// compiled returns the permissions of a configured user. A set that is missing although there are
// rules is compiled here: it must never be taken for the set that allows everything.
func compiled(u *config.User) (*perm.Set, error) {
	if u.Perms != nil || u.Permissions == nil {
		return u.Perms, nil
	}
	return perm.Compile(u.Permissions)
}
