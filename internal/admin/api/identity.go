package api

import "time"

// The roles, from the least to the most.
const (
	RoleNone     = "none"
	RoleViewer   = "viewer"
	RoleOperator = "operator"
	RoleAdmin    = "admin"
)

// The methods of proving who one is.
const (
	MethodNone  = "none"
	MethodToken = "token"
	MethodMTLS  = "mtls"
	MethodUnix  = "unix"
)

// Identity says who makes a request and what he may do. It is the answer of GET /whoami.
type Identity struct {
	Subject  string     `json:"subject"` // id of the token, name of the certificate, "uid:N"
	Method   string     `json:"method"`
	Role     string     `json:"role"`
	Scopes   []string   `json:"scopes,omitempty"`   // single rights in place of those of the role
	Accounts []string   `json:"accounts,omitempty"` // limited to these
	Expires  *time.Time `json:"expires,omitempty"`
}

// Version is the answer of GET /version.
type Version struct {
	Name        string   `json:"name"` // of the program
	Version     string   `json:"version"`
	Commit      string   `json:"commit,omitempty"`
	Go          string   `json:"go"`
	APIVersions []string `json:"api_versions"`
	Compat      string   `json:"compat_version"` // what clients see in INFO
}
