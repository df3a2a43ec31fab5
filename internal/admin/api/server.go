package api

import "time"

// Server is the answer of GET /server.
type Server struct {
	ID         string       `json:"server_id"`
	Name       string       `json:"server_name"`
	Version    string       `json:"version"`        // of natsd
	Compat     string       `json:"compat_version"` // what clients see in INFO
	Commit     string       `json:"commit,omitempty"`
	Go         string       `json:"go"`
	PID        int          `json:"pid"`
	State      string       `json:"state"` // "starting", "running", "lame_duck" or "stopping"
	Started    time.Time    `json:"start"`
	Uptime     string       `json:"uptime"`
	Now        time.Time    `json:"now"`
	ConfigFile string       `json:"config_file,omitempty"`
	Digest     string       `json:"config_digest"`
	Revision   int          `json:"config_revision"`
	Generation uint64       `json:"config_generation"`
	LoadedAt   time.Time    `json:"config_load_time"`
	Pending    []string     `json:"restart_pending"` // keys
	Limits     ServerLimits `json:"limits"`
	Usage      ServerUsage  `json:"usage"`
	Listeners  []Listener   `json:"listeners"`
	Features   []string     `json:"features"`
	Audit      ServerAudit  `json:"audit"`
	Tags       []string     `json:"tags,omitempty"`
}

// ServerLimits are the limits of the server.
type ServerLimits struct {
	MaxConnections   int    `json:"max_connections"`
	MaxSubscriptions int    `json:"max_subscriptions"` // of one connection; 0 is not limited
	MaxPayload       int    `json:"max_payload"`
	MaxControlLine   int    `json:"max_control_line"`
	MaxPending       int64  `json:"max_pending"`
	PingInterval     string `json:"ping_interval"`
	PingMax          int    `json:"ping_max"`
	WriteDeadline    string `json:"write_deadline"`
	Memory           int64  `json:"memory_limit"` // bytes; 0 is not limited
}

// ServerUsage is how much of the limits is in use.
type ServerUsage struct {
	Connections   int    `json:"connections"`
	Subscriptions uint32 `json:"subscriptions"`
	Goroutines    int    `json:"goroutines"`
	Heap          uint64 `json:"heap_bytes"`
	Cores         int    `json:"gomaxprocs"`
	SlowConsumers uint64 `json:"slow_consumers"`
	LogDropped    uint64 `json:"log_lines_dropped"`
}

// ServerAudit says where the audit is and whether it can be written.
type ServerAudit struct {
	File  string `json:"file,omitempty"` // empty is in memory
	Error string `json:"error,omitempty"`
}

// Listener is one place where the server listens.
type Listener struct {
	Kind     string     `json:"kind"`    // "clients", "routes", "monitoring", "profiling" or "admin"
	Addr     string     `json:"addr"`    // host:port, or the path of a unix socket
	Network  string     `json:"network"` // "tcp" or "unix"
	TLS      bool       `json:"tls"`
	NotAfter *time.Time `json:"cert_not_after,omitempty"`
	Accepted uint64     `json:"accepted"` // connections
	Errors   uint64     `json:"errors"`   // of accepting
	Serving  bool       `json:"serving"`
}

// Certificate is one certificate that the server has loaded.
type Certificate struct {
	Subject     string     `json:"subject"`
	Issuer      string     `json:"issuer"`
	Serial      string     `json:"serial"`
	SAN         []string   `json:"san"`
	NotBefore   time.Time  `json:"not_before"`
	NotAfter    time.Time  `json:"not_after"`
	DaysLeft    int        `json:"days_left"`
	Fingerprint string     `json:"fingerprint_sha256"`
	File        string     `json:"file,omitempty"`
	UsedBy      string     `json:"used_by"` // the block of the configuration: "tls", "admin.tls"
	LastRotated *time.Time `json:"last_rotation,omitempty"`
}

// ShutdownRequest is the body of POST /server/shutdown.
type ShutdownRequest struct {
	Graceful *bool  `json:"graceful,omitempty"` // send clients away first; true when left out
	Timeout  string `json:"timeout,omitempty"`  // of the graceful way; lame_duck_duration when empty
	Confirm  string `json:"confirm"`            // name of the server
}

// Health is the answer of the health endpoints.
type Health struct {
	Status string        `json:"status"` // one of the Health constants
	State  string        `json:"state"`  // of the server
	Checks []HealthCheck `json:"checks"`
	Now    time.Time     `json:"now"`
}

// HealthCheck is one check.
type HealthCheck struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	Detail string `json:"detail,omitempty"`
}

// The states of health. Only the last one is answered with 503.
const (
	HealthOK          = "ok"
	HealthDegraded    = "degraded" // it serves, and somebody should look
	HealthUnavailable = "unavailable"
)

// AuthFailures counts connections that were not let in.
type AuthFailures struct {
	Items  []AuthFailure `json:"items"`
	Total  int           `json:"total"` // failures in the window, as far as they are remembered
	Window string        `json:"window"`
	By     string        `json:"by"`
	Now    time.Time     `json:"now"`
}

// AuthFailure is how often one address, user or reason has failed.
type AuthFailure struct {
	Key    string    `json:"key"` // the address, user or reason
	Count  int       `json:"count"`
	First  time.Time `json:"first"`
	Last   time.Time `json:"last"`
	IP     string    `json:"last_ip,omitempty"`
	User   string    `json:"last_user,omitempty"`
	Reason string    `json:"last_reason,omitempty"`
}
