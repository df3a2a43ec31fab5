package config

import "time"

// MQTT is the mqtt listener. It is nil without a block, and off while Port is 0.
type MQTT struct {
	Host string
	Port int // 0 is off, -1 a free port
	TLS  *TLS

	Auth       ListenerAuth
	NoAuthUser string

	AckWait       time.Duration
	MaxAckPending int
	APITimeout    time.Duration
	Domain        string // of JetStream

	StreamReplicas        int // <= 0: by the size of the cluster, at most 3
	ConsumerMemoryStorage bool
	ConsumerInactive      time.Duration // 0 never removes consumers
	RejectQoS2            bool          // published messages
	DowngradeQoS2         bool          // subscriptions
	Pos                   Pos
}
