package api

import "time"

// Token is one token without its secret.
type Token struct {
	ID        string     `json:"id"`
	Source    string     `json:"source"` // TokenOfConfig or TokenOfAPI
	Role      string     `json:"role"`
	Scopes    []string   `json:"scopes,omitempty"`   // single rights in place of those of the role
	Accounts  []string   `json:"accounts,omitempty"` // limited to these
	CIDR      []string   `json:"cidr,omitempty"`     // may be used from these networks only
	Note      string     `json:"note,omitempty"`
	Created   *time.Time `json:"created,omitempty"`
	CreatedBy string     `json:"created_by,omitempty"`
	Expires   *time.Time `json:"expires,omitempty"`
	Expired   bool       `json:"expired"`
	LastUsed  *time.Time `json:"last_used,omitempty"` // in this run of the server
	// PreviousUntil is how long the secret before the last rotation is still taken.
	PreviousUntil *time.Time `json:"previous_until,omitempty"`
}

// The sources of tokens.
const (
	TokenOfConfig = "config" // stands in the configuration and is changed there
	TokenOfAPI    = "api"
)

// NewToken is the body of POST /tokens.
type NewToken struct {
	Role     string   `json:"role,omitempty"` // viewer when empty
	Scopes   []string `json:"scopes,omitempty"`
	Accounts []string `json:"accounts,omitempty"`
	CIDR     []string `json:"cidr,omitempty"`
	TTL      string   `json:"ttl,omitempty"` // duration; without one it does not expire
	Note     string   `json:"note,omitempty"`
}

// IssuedToken is a token with its secret, which is shown this once.
type IssuedToken struct {
	Token
	Secret string `json:"secret,omitempty"` // none in a dry run
	DryRun bool   `json:"dry_run,omitempty"`
}

// RotateToken is the body of POST /tokens/{id}/rotate.
type RotateToken struct {
	Grace string `json:"grace,omitempty"` // duration for which the old secret is taken too; not at all when empty
}
