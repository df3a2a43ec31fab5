package config

import "time"

// Leafnodes is the leafnodes block: leafnode connections taken and made. It is nil without a block;
// the listener is off while Port is 0.
type Leafnodes struct {
	Host string
	Port int // 0 is off, -1 a free port

	Auth        LeafAuth
	TLS         *TLS
	Advertise   string
	NoAdvertise bool
	MinVersion  string // "X.Y.Z"; empty accepts all
	Compression Compression
	Isolate     bool // the interest of one leafnode is not told to the others

	Reconnect     time.Duration
	DialTimeout   time.Duration
	WriteDeadline time.Duration // effective
	WriteTimeout  string        // "close" or "retry"
	Remotes       []LeafRemote
	Pos           Pos
}

// LeafAuth is what a leafnode must show to be let in. Without user, nkey and users the rules for
// clients count.
type LeafAuth struct {
	User          string
	Password      Secret
	NKey          string
	Account       string // of the single user or nkey; empty is the global account
	Timeout       time.Duration
	ProxyRequired bool
	Users         []LeafUser
}

// LeafUser is one of several users for leafnodes.
type LeafUser struct {
	Name          string
	Password      Secret
	Account       string // empty is the global account
	ProxyRequired bool
	Pos           Pos
}

// LeafRemote is a server that this one connects to as a leafnode.
type LeafRemote struct {
	URLs        []URL  // with ports; all WebSocket, or none
	Account     string // local account that is bound
	Credentials string // file, expanded
	NKey        Secret // seed
	TLS         *TLS

	NoRandomize, Hub         bool
	DenyImports, DenyExports []string // subjects
	Compression              Compression
	WSCompression            bool
	WSNoMasking              bool
	MigrateJetStream         bool
	MigrateDelay             time.Duration
	Isolate                  bool
	RequestIsolation         bool
	FirstInfoTimeout         time.Duration
	DialTimeout              time.Duration // effective
	Disabled                 bool
	IgnoreDiscovered         bool
	Proxy                    *HTTPProxy
	Pos                      Pos
}

// HTTPProxy is a proxy through which WebSocket connections are made.
type HTTPProxy struct {
	URL      URL
	User     string
	Password Secret
	Timeout  time.Duration
}
