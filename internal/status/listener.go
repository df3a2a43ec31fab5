package status

import "time"

// The states of a server.
const (
	Starting   = "starting"
	Running    = "running"
	InLameDuck = "lame_duck" // it sends its clients away
	Stopping   = "stopping"
)

// Listener is one place where a server listens.
type Listener struct {
	Kind     string    `json:"kind"` // "clients", "routes", "monitoring", "profiling" or "admin"
	Addr     string    `json:"addr"` // host:port, or the path of a unix socket
	Network  string    `json:"network"`
	TLS      bool      `json:"tls"`
	NotAfter time.Time `json:"cert_not_after,omitzero"`
	Accepted uint64    `json:"accepted"`        // connections
	Errors   uint64    `json:"errors"`          // of accepting
	Serving  bool      `json:"serving"`         // connections are accepted
	Fault    string    `json:"fault,omitempty"` // why they are not
}
