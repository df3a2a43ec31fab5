package config

import "time"

// Websocket is the websocket listener. It is nil without a block, and off while Port is 0.
type Websocket struct {
	Host      string
	Port      int // 0 is off, -1 a free port
	Advertise string
	NoTLS     bool
	TLS       *TLS

	SameOrigin       bool
	AllowedOrigins   []string // lower-case scheme://host[:port]; nil allows all
	HandshakeTimeout time.Duration
	Compression      bool
	Headers          map[string]string // of the answer to the upgrade
	PingInterval     time.Duration     // effective

	Auth       ListenerAuth
	NoAuthUser string
	JWTCookie, UserCookie,
	PassCookie, TokenCookie string
	Pos Pos
}

// ListenerAuth is the authorization block of a listener that has its own. A zero one leaves
// everything to the top-level block.
type ListenerAuth struct {
	User     string
	Password Secret
	Token    Secret
	Timeout  time.Duration // 0: the top-level one
}
