package config

import "time"

// Gateway is the gateway block: connections between clusters. It is nil without a block, and off
// while it has neither name nor port.
type Gateway struct {
	Name string // of this cluster
	Host string
	Port int // -1 is a free port

	Auth           PeerAuth
	TLS            *TLS
	Advertise      string
	ConnectRetries int
	ConnectBackoff bool
	RejectUnknown  bool // clusters that Remotes does not name may not connect
	Remotes        []RemoteGateway

	WriteDeadline time.Duration // effective
	WriteTimeout  string        // "close" or "retry"
	Pos           Pos
}

// RemoteGateway is another cluster. The list may hold this one too.
type RemoteGateway struct {
	Name string
	URLs []URL
	TLS  *TLS // nil: that of the gateway block
	Pos  Pos
}
