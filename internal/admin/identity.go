package admin

import (
	"net/netip"
	"slices"
	"time"

	"natsd/internal/admin/api"
)

// identity is who makes a request and what he may do. It is immutable.
type identity struct {
	method   string // one of the api.Method constants
	subject  string // id of a token, name of a certificate, "uid:0"; empty for nobody
	role     role
	scopes   []string
	accounts []string // limited to these; empty is not limited
	expires  time.Time
	from     []netip.Prefix // may be used from these networks; empty is from anywhere
}

func (i *identity) expired() bool { return !i.expires.IsZero() && !time.Now().Before(i.expires) }

// nobody is who shows nothing.
var nobody = &identity{method: api.MethodNone}

// String is the name for logs and audit: "token:ci".
func (i *identity) String() string {
	if i.method == api.MethodNone {
		return "anonymous"
	}
	return i.method + ":" + i.subject
}

// sees tells whether rows of an account may be shown.
func (i *identity) sees(account string) bool {
	return len(i.accounts) == 0 || slices.Contains(i.accounts, account)
}

// public is the identity as it is shown to its owner.
func (i *identity) public() *api.Identity {
	out := &api.Identity{Subject: i.subject, Method: i.method, Role: i.role.String(), Scopes: i.scopes, Accounts: i.accounts}
	if !i.expires.IsZero() {
		out.Expires = &i.expires
	}
	return out
}
