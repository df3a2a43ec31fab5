package config

import (
	"time"

	"natsd/internal/perm"
)

// Cluster is the cluster block: routes to the servers of the same cluster. It is nil without a block,
// and off while Port is 0.
type Cluster struct {
	Name string // empty: the gateway's name, or one made up at start
	Host string
	Port int // 0 is off, -1 a free port

	Auth           PeerAuth
	TLS            *TLS
	Import, Export *perm.SubjectRules // nil is unrestricted
	Advertise      string             // host[:port]; empty is what the listener is bound to
	NoAdvertise    bool

	Routes         []URL
	PoolSize       int      // routes to one server; -1: one, without pooling
	Accounts       []string // accounts with a route of their own, beside the system account
	Compression    Compression
	ConnectRetries int // for routes learned from other servers
	ConnectBackoff bool

	PingInterval  time.Duration // effective, at most 30 s
	PingMax       int
	WriteDeadline time.Duration // effective
	WriteTimeout  string        // "close" or "retry"
	Pos           Pos
}
