package config

import (
	"crypto/tls"
	"log/slog"
	"net/netip"
	"time"

	"natsd/internal/config/syntax"
	"natsd/internal/perm"
)

// Options is one complete, validated configuration. It is built once by [Load] and never changed
// afterwards: the server, a configuration test and a reload all work from such a snapshot, and any
// number of goroutines may read it.
type Options struct {
	// ConfigFile is the path that was given; empty when the server runs without a file.
	ConfigFile string
	// Shown is what places in the configuration file are shown under, see [Source].Name.
	Shown string
	// Digest is "sha256:" and the hex digest of the parsed tree; empty without a file.
	Digest string
	// Files lists the configuration file and everything it includes, absolute.
	Files []string
	// Patterns lists the patterns of includes, absolute: a new file that matches one belongs to the
	// configuration too.
	Patterns []string
	// Archive holds everything that was read, files that keys name included; nil when the snapshot was
	// not made by Load.
	Archive *Archive
	// LoadedAt is when this snapshot was built.
	LoadedAt time.Time

	Host            string // listen address of clients
	Port            int    // -1 picks a free port
	ClientAdvertise string // host[:port] told to clients instead of Host and Port
	ServerName      string // empty: the server id is the name
	Tags            []string
	Metadata        map[string]string
	FeatureFlags    map[string]bool

	AllowNonTLS           bool
	ProxyProtocol         bool
	ProxyProtocolFrom     []netip.Prefix // who may send a PROXY header
	NoHeaderSupport       bool
	DisableMatchCache     bool // key disable_sublist_cache
	PIDFile               string
	PortsFileDir          string
	ProfPort              int // 0 is off, -1 a free port
	ProfBlockRate         int
	Limits                Limits
	LameDuckDuration      time.Duration
	LameDuckGrace         time.Duration
	ConnectErrorReports   int
	ReconnectErrorReports int
	MemoryLimit           MemoryLimit

	Logging    Logging
	Monitoring Monitoring

	Authorization    Authorization
	Accounts         []Account // sorted by name; never holds $G or $SYS unless the file configures them
	SystemAccount    string    // "$SYS" unless configured; empty with NoSystemAccount
	NoSystemAccount  bool
	NoAuthUser       string
	AllowAuthRemoval bool
	TrustedProxies   []string // public nkeys; nil without a proxies block

	TLS *TLS // client listener; nil is plain text

	Admin Admin
	Watch Watch

	Cluster   *Cluster
	Gateway   *Gateway
	Leafnodes *Leafnodes
	Websocket *Websocket
	MQTT      *MQTT
	JetStream *JetStream
	Operator  *Operator

	Mappings        []Mapping         // of the global account
	DefaultJSDomain map[string]string // JetStream domain by account
	OCSP            *OCSPStapling
	OCSPCache       *OCSPCache

	// Values holds every scalar key with its effective value and where it came from, by full key
	// path ("cluster.tls.timeout"). Secrets are redacted.
	Values map[string]Value
	// Contents holds what stands under all other keys in the same way, users and accounts left out:
	// together with Accounts and the users of Authorization it makes two configurations comparable.
	Contents map[string]Content

	refusals []syntax.Problem
}

// Limits bounds what one client connection may do. Zero means unlimited where the comment says so.
type Limits struct {
	MaxConnections      int   // <= 0: nobody may connect
	MaxSubscriptions    int   // per connection; 0 unlimited
	MaxSubTokens        int   // tokens of a subscription subject; 0 unlimited
	MaxControlLine      int   // bytes
	MaxPayload          int   // bytes
	MaxPending          int64 // bytes queued for one connection
	MaxClosedClients    int
	MaxTracedMsgLen     int // bytes of a message shown by trace; 0 unlimited
	PingInterval        time.Duration
	PingMax             int
	WriteDeadline       time.Duration
	WriteTimeout        string // "default", "close" or "retry"
	NoFastProducerStall bool
	FirstLineTimeout    time.Duration
}

// Logging says what is logged, in which form and where to.
type Logging struct {
	Debug, Trace, TraceVerbose, TraceHeaders bool
	Time, UTC                                bool
	File                                     string
	SizeLimit                                int64 // bytes; 0 never rotates
	MaxFiles                                 int   // files kept including the current one; 0 keeps all
	MaxAge                                   time.Duration
	Compress                                 bool
	Format                                   string                // "classic", "json" or "logfmt"
	Levels                                   map[string]slog.Level // by module
	Syslog                                   bool
	RemoteSyslog                             string // udp://, tcp:// or unix:// URL
}

// Monitoring is the HTTP monitoring listener. At most one of the ports is set.
type Monitoring struct {
	HTTPHost  string
	HTTPPort  int // 0 is off, -1 a free port
	HTTPSHost string
	HTTPSPort int
	BasePath  string // as written in the file
	Auth      bool
	Metrics   bool
}

// Authorization is the top-level authorization block; its users belong to the global account $G.
type Authorization struct {
	User               string
	Password           Secret
	Token              Secret
	Timeout            time.Duration // effective: with TLS it is the TLS timeout + 1 s unless configured
	Users              []User
	DefaultPermissions *perm.Rules
	Callout            *AuthCallout
	ProxyRequired      bool
	BcryptMaxCost      int
	FailureDelay       FailureDelay
}

// Enabled tells whether any client has to prove who it is.
func (a *Authorization) Enabled() bool {
	return a.User != "" || a.Token != "" || len(a.Users) > 0 || a.Callout != nil
}

// FailureDelay slows down repeated failed logins of one address and user name.
type FailureDelay struct {
	Free int // failures within Per that are answered at once
	Per  time.Duration
	Max  time.Duration // longest delay
}

// User is one user or nkey of the configuration.
type User struct {
	Name            string // empty for nkey users
	Password        Secret
	NKey            string      // public user nkey
	Account         string      // "$G" for the top-level block
	Permissions     *perm.Rules // as configured, default permissions applied; nil is unrestricted
	Perms           *perm.Set   // Permissions compiled
	ConnectionTypes []string    // upper case; empty allows all
	ProxyRequired   bool
	Pos             Pos

	inherits bool    // Permissions are the defaults
	text     *string // of the block, when the next load can go by it; a pointer keeps it from being printed
}

// AuthCallout delegates authentication to a service.
type AuthCallout struct {
	Issuer, Account, XKey      string
	AuthUsers, AllowedAccounts []string
	Pos                        Pos
}

// Account is one account of the configuration.
type Account struct {
	Name               string
	NKey               string
	Users              []User
	Limits             AccountLimits
	DefaultPermissions *perm.Rules
	Exports            []Export
	Imports            []Import
	Mappings           []Mapping
	JetStream          *AccountJetStream
	MsgTrace           *MsgTrace
	Pos                Pos
}

// AccountLimits bounds an account; -1 is unlimited.
type AccountLimits struct {
	MaxConnections   int
	MaxSubscriptions int // per connection
	MaxPayload       int // bytes
	MaxLeafnodes     int
}

// TLS is a tls block with its certificates loaded and its lists resolved.
type TLS struct {
	CertFile, KeyFile, CAFile string
	// Config is complete for a server; callers clone it and must not change it.
	Config                         *tls.Config
	Verify, VerifyAndMap, Insecure bool
	CheckKnownURLs                 bool
	Timeout                        time.Duration
	RateLimit                      int // handshakes per second, 0 unlimited
	HandshakeFirst                 bool
	HandshakeFallback              time.Duration   // with HandshakeFirst: send INFO in clear after this silence; 0 never
	PinnedCerts                    map[string]bool // lower-case hex SHA-256 of SubjectPublicKeyInfo; nil is off
	OCSPPeer                       *OCSPPeer
	Pos                            Pos
}

// MemoryLimit is Go's soft memory limit.
type MemoryLimit struct {
	Auto  bool  // from the cgroup
	Bytes int64 // when not Auto; 0 is off
}
