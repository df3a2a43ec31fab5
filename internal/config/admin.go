package config

import "time"

// Admin is the admin block: the operators' interface of the server.
type Admin struct {
	Configured    bool   // the block stands in the configuration
	Listen        string // TCP host:port; empty is none
	Unix          string // path of the socket; empty is the default place
	UIDRoles      map[string]string
	GIDRoles      map[string]string
	TLS           *TLS
	Tokens        []AdminToken
	TokensFile    string
	CORSOrigins   []string
	HistoryDir    string // empty keeps revisions in memory only
	HistoryKeep   int
	AuditFile     string
	AuditEvents   bool
	MonitorCompat bool // monitoring paths on this listener too
	Probation     time.Duration
	Pprof         bool
	WriteConfig   bool
	Pos           Pos
}

// AdminToken is one token of the file.
type AdminToken struct {
	ID       string
	Hash     Secret // bcrypt
	Role     string // "viewer", "operator" or "admin"
	Expires  time.Time
	CIDR     []string
	Accounts []string
	Scopes   []string
	Pos      Pos
}

// Watch says whether and how the configuration files are watched.
type Watch struct {
	Enabled bool
	Mode    string        // "strict" or "partial"
	Quiet   time.Duration // silence after the last event before a reload
	Poll    time.Duration // interval where events cannot be had
}
