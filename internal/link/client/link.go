package client

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"natsd/internal/auth"
	"natsd/internal/ban"
	"natsd/internal/broker"
	"natsd/internal/config"
	"natsd/internal/conn"
	"natsd/internal/logging"
	"natsd/internal/status"
	"natsd/internal/task"
	"natsd/internal/wire"
)

// stallPeriod is how long a publisher is held up per read for receivers whose queues are nearly full.
const stallPeriod = 10 * time.Millisecond

// Tracer tells whether debug and trace lines are wanted, at the cost of one atomic load.
type Tracer interface {
	DebugOn() bool
	TraceOn() bool
}

// Link is what all client connections of a server share. It is safe for concurrent use.
type Link struct {
	// Bans is who may not come in; nil is nobody. It is set before the first connection.
	Bans *ban.List

	broker   *broker.Broker
	registry *conn.Registry
	tasks    *task.Group
	log      *slog.Logger
	authLog  *slog.Logger
	tracer   Tracer

	settings   atomic.Pointer[Settings]
	news       atomic.Pointer[News] // nil: there never were any
	handshakes rate
	seats      atomic.Int64 // connections that were let in as far as max_connections goes
	stopped    atomic.Bool
}

// Settings is what one generation of the configuration means for clients. It is immutable.
type Settings struct {
	Options *config.Options
	Auth    *auth.Auth
	Info    Info // what every client is told
	Conn    conn.Settings

	tls      *tls.Config                      // nil: plain text
	accounts map[string]*config.AccountLimits // by name, of configured accounts
}

// NewSettings derives the settings from a snapshot.
func NewSettings(o *config.Options, a *auth.Auth, info Info) *Settings {
	s := &Settings{Options: o, Auth: a, Info: info, accounts: make(map[string]*config.AccountLimits, len(o.Accounts))}
	for i := range o.Accounts {
		s.accounts[o.Accounts[i].Name] = &o.Accounts[i].Limits
	}
	s.Conn = conn.Settings{
		WriteDeadline: o.Limits.WriteDeadline,
		RetryWrites:   o.Limits.WriteTimeout == "retry",
		Stall:         stallPeriod,
	}
	s.Info.Headers = !o.NoHeaderSupport
	s.Info.MaxPayload = o.Limits.MaxPayload
	s.Info.AuthRequired = a.Required() && !a.NoAuthUser()
	if o.TLS != nil {
		s.tls = serverTLS(o.TLS)
		s.Info.TLSRequired = !o.AllowNonTLS
		s.Info.TLSAvailable = o.AllowNonTLS
		s.Info.TLSVerify = o.TLS.Verify || o.TLS.VerifyAndMap
	}
	return s
}

var unlimited = config.AccountLimits{MaxConnections: -1, MaxSubscriptions: -1, MaxPayload: -1, MaxLeafnodes: -1}

// accountLimits returns what an account may have; it must not be changed.
func (set *Settings) accountLimits(name string) *config.AccountLimits {
	if l := set.accounts[name]; l != nil {
		return l
	}
	return &unlimited
}

// New returns a link without settings; [Link.Apply] must be called before the first connection.
func New(b *broker.Broker, r *conn.Registry, tasks *task.Group, log *slog.Logger, tracer Tracer) *Link {
	return &Link{
		broker: b, registry: r, tasks: tasks, tracer: tracer,
		log:     logging.Module(log, logging.ModuleClient),
		authLog: logging.Module(log, logging.ModuleAuth),
	}
}

// Apply puts settings in force for connections to come, and for open ones from their next read on
// where that does not concern how they came in.
func (l *Link) Apply(s *Settings) { l.settings.Store(s) }

// Settings returns what is in force.
func (l *Link) Settings() *Settings { return l.settings.Load() }

// Serve runs the client connection on sock. It may return before that ends; then left is called.
func (l *Link) Serve(ctx context.Context, sock net.Conn, left func()) {
	set := l.settings.Load()
	c := conn.New(sock, l.registry, l.tasks, func() *conn.Settings { return &l.settings.Load().Conn })
	s := newSession(l, set, c)
	c.Start(s, &status.Facts{
		CID:    c.ID,
		Kind:   status.Client,
		Type:   status.TypeNATS,
		Remote: remoteAddr(sock),
		Start:  time.Now(),
	})
	if l.stopped.Load() { // Stop may have missed it
		c.Close(conn.ServerShutdown)
	}
	c.Run(ctx, left)
}

// sit takes a seat for a connection unless all of them are taken. A seat is given back with stand.
func (l *Link) sit(seats int) bool {
	for n := l.seats.Load(); n < int64(seats); n = l.seats.Load() {
		if l.seats.CompareAndSwap(n, n+1) {
			return true
		}
	}
	return false
}

func (l *Link) stand() { l.seats.Add(-1) }

// Stop ends all client connections, also those that are just being made.
func (l *Link) Stop() {
	l.stopped.Store(true)
	for c := range l.registry.All() {
		c.Close(conn.ServerShutdown)
	}
}

// remoteAddr is the address of the other end, as far as it has one.
func remoteAddr(sock net.Conn) netip.AddrPort {
	if a, ok := sock.RemoteAddr().(*net.TCPAddr); ok {
		p := a.AddrPort()
		return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
	}
	return netip.AddrPort{}
}

// limits are the limits of the decoder before CONNECT.
func (set *Settings) limits() wire.Limits {
	return wire.Limits{
		ControlLine:  set.Options.Limits.MaxControlLine,
		Payload:      set.Options.Limits.MaxPayload,
		ConnectFirst: set.Auth.Required() && !set.Auth.NoAuthUser(),
	}
}
