package route

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"natsd/internal/auth"
	"natsd/internal/broker"
	"natsd/internal/conn"
	"natsd/internal/link/peer"
	"natsd/internal/logging"
	"natsd/internal/nuid"
	"natsd/internal/status"
	"natsd/internal/task"
)

// dynamicName is the length of a cluster name that is made up.
const dynamicName = 22

// Tracer tells whether debug and trace lines are wanted, at the cost of one atomic load.
type Tracer interface {
	DebugOn() bool
	TraceOn() bool
}

// Setup is what a link works with. All fields but Dial have to be set.
type Setup struct {
	Broker   *broker.Broker
	Registry *conn.Registry // of routes
	Clients  *conn.Registry // what routes bring to clients counts there
	Tasks    *task.Group
	Log      *slog.Logger
	Tracer   Tracer
	ID       string // of this server
	Auth     *auth.Servers

	// Told is called when the addresses that other servers tell clients of, or the name of the
	// cluster, have changed. It runs on a goroutine of its own; calls do not overlap.
	Told func()

	// Dial connects to another server; nil is TCP.
	Dial func(ctx context.Context, hostPort string) (net.Conn, error)
}

// Link is what all routes of a server share. It is safe for concurrent use.
type Link struct {
	Setup

	urls peer.URLs // of clients of other servers

	settings atomic.Pointer[Settings]
	name     atomic.Pointer[clusterName]
	stopped  atomic.Bool
	met      atomic.Bool // there has been a route

	overheard atomic.Bool // the log has been told that others tell of too many servers

	mu      sync.Mutex // guards what follows
	peers   map[string]*server
	targets map[string]*target
	lost    []Target       // heard of and given up, the latest last
	tlsName string         // host that certificates are for where only an address is known
	adding  map[string]int // requests of other servers that wait to be answered, see pin.go
	telling bool           // a call of Told is on its way
	toldNew bool           // and another one has to follow
}

// clusterName is the name of the cluster as long as nobody proves it wrong.
type clusterName struct {
	text    string
	dynamic bool // made up: another one may replace it
}

// New returns a link without settings, which has no routes. [Link.Apply] and [Link.Start] give it some.
func New(s Setup) *Link {
	l := &Link{Setup: s, peers: map[string]*server{}, targets: map[string]*target{}}
	l.Log = logging.Module(s.Log, logging.ModuleRoute)
	if l.Dial == nil {
		l.Dial = func(ctx context.Context, hostPort string) (net.Conn, error) {
			return peer.Dial(ctx, hostPort, l.isSelf)
		}
	}
	l.settings.Store(&Settings{})
	l.name.Store(&clusterName{})
	l.Broker.OnOpen(l.opened)
	return l
}

// Settings returns what is in force.
func (l *Link) Settings() *Settings { return l.settings.Load() }

// Name returns the name of the cluster, which is empty when there are no routes, and whether it was made
// up.
func (l *Link) Name() (name string, dynamic bool) {
	n := l.name.Load()
	return n.text, n.dynamic
}

// ClientURLs returns the addresses that other servers tell clients of, and whether there has ever been
// another server.
func (l *Link) ClientURLs() (urls []string, met bool) {
	if set := l.Settings(); !set.On() || set.Cluster.NoAdvertise {
		return nil, l.met.Load()
	}
	return l.urls.All(), l.met.Load()
}

// apply puts settings in force and gives the cluster its name.
func (l *Link) apply(set *Settings) {
	if set.On() {
		now := l.name.Load()
		switch {
		case set.Cluster.Name != "":
			l.name.Store(&clusterName{text: set.Cluster.Name})
		case now.text == "" || !now.dynamic && l.Settings().On() && l.Settings().Cluster.Name != "":
			l.name.Store(&clusterName{text: nuid.Token(dynamicName), dynamic: true})
		}
	} else {
		l.name.Store(&clusterName{})
	}
	l.settings.Store(set)
}

// Serve runs a connection that another server has made, until it ends; then left is called.
func (l *Link) Serve(ctx context.Context, sock net.Conn, left func()) {
	defer left()
	l.serve(ctx, sock, nil)
}

// serve runs a connection: one that d has made, or an accepted one.
func (l *Link) serve(ctx context.Context, sock net.Conn, d *dialed) *Session {
	c := conn.New(sock, l.Registry, l.Tasks, func() *conn.Settings { return &l.settings.Load().Conn })
	s := newSession(l, c, d)
	c.Start(s, &status.Facts{CID: c.ID, Kind: status.Router, Remote: remoteAddr(sock), Start: time.Now()})
	if l.stopped.Load() || !l.Settings().On() { // Stop may have missed it
		c.Close(conn.ServerShutdown)
	}
	c.Serve(ctx)
	return s
}

// Stop ends all routes, also those that are just being made.
func (l *Link) Stop() {
	l.stopped.Store(true)
	l.mu.Lock()
	for _, t := range l.targets {
		t.cancel()
	}
	l.mu.Unlock()
	for c := range l.Registry.All() {
		c.Close(conn.ServerShutdown)
	}
}

// tell has Told called soon, once for changes that come together.
func (l *Link) tell() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.telling {
		l.toldNew = true
		return
	}
	l.telling = true
	l.Tasks.Go("cluster news", func(context.Context) {
		for again := true; again; {
			l.Told()
			l.mu.Lock()
			again = l.toldNew
			l.toldNew, l.telling = false, again
			l.mu.Unlock()
		}
	})
}

// remoteAddr is the address of the other end, as far as it has one.
func remoteAddr(sock net.Conn) netip.AddrPort {
	if a, ok := sock.RemoteAddr().(*net.TCPAddr); ok {
		p := a.AddrPort()
		return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
	}
	return netip.AddrPort{}
}

// isSelf tells whether somebody who dials an address gets this server.
func (l *Link) isSelf(a netip.AddrPort) bool {
	set := l.Settings()
	if !set.On() || int(a.Port()) != set.port {
		return false
	}
	if host, err := netip.ParseAddr(set.Cluster.Host); err == nil && !host.IsUnspecified() {
		return host.Unmap() == a.Addr()
	}
	return a.Addr().IsLoopback() || peer.LocalAddrs()[a.Addr()]
}
