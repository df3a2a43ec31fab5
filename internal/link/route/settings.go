package route

import (
	"fmt"
	"hash/fnv"
	"net"
	"slices"
	"strconv"

	"natsd/internal/config"
	"natsd/internal/conn"
	"natsd/internal/link/peer"
	"natsd/internal/perm"
)

// protocol is the version that this server speaks: accounts, without message tracing.
const protocol = 2

// maxControlLine bounds a line between servers: lists of queue groups may be long.
const maxControlLine = 64 << 10

// Identity is what a server tells others of itself, beside what its configuration says.
type Identity struct {
	ID, Name, Version, Go string
	ConnectURLs           []string // where its clients connect to
}

// Settings is what one generation of the configuration means for routes. It is immutable.
type Settings struct {
	Options *config.Options
	Cluster *config.Cluster // nil: there are no routes
	Info    Info            // what every other server is told
	Conn    conn.Settings

	port             int // that the listener is bound to
	tls              *peer.TLS
	imports, exports *perm.Set // as rights to publish; nil is everything
	pool             int       // connections to each server; 0: one, without pooling
	pinned           []string  // accounts with a connection of their own, sorted
}

// NewSettings derives the settings from a snapshot. Port is what the listener is bound to.
func NewSettings(o *config.Options, id *Identity, port int) (*Settings, error) {
	s := &Settings{Options: o}
	c := o.Cluster
	if c == nil || c.Port == 0 {
		return s, nil
	}
	s.Cluster, s.port = c, port
	s.tls = peer.NewTLS(c.TLS, c.Routes)
	var err error
	if s.imports, err = perm.Compile(&perm.Rules{Publish: c.Import}); err != nil {
		return nil, fmt.Errorf("cluster permissions: import: %w", err)
	}
	if s.exports, err = perm.Compile(&perm.Rules{Publish: c.Export}); err != nil {
		return nil, fmt.Errorf("cluster permissions: export: %w", err)
	}
	if s.pool = max(c.PoolSize, 0); s.pool > 0 {
		s.pinned = pinnedAccounts(o)
	}
	s.Conn = conn.Settings{WriteDeadline: c.WriteDeadline, RetryWrites: c.WriteTimeout == "retry"}
	s.setInfo(id)
	return s, nil
}

// pinnedAccounts are those of the configuration and the system account.
func pinnedAccounts(o *config.Options) []string {
	all := slices.Clone(o.Cluster.Accounts)
	if o.SystemAccount != "" {
		all = append(all, o.SystemAccount)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (s *Settings) setInfo(id *Identity) {
	c := s.Cluster
	s.Info = Info{
		ServerID: id.ID, ServerName: id.Name, Version: id.Version, Go: id.Go,
		Proto: protocol, Host: c.Host, Port: s.port,
		Headers: !s.Options.NoHeaderSupport, MaxPayload: s.Options.Limits.MaxPayload,
		AuthRequired: s.authRequired(),
		TLSRequired:  s.tls != nil, TLSVerify: s.tls != nil,
		LNOC: true, LNOCU: true, PoolSize: s.pool,
		Import: shown(c.Import), Export: shown(c.Export),
	}
	if !c.NoAdvertise {
		s.Info.ConnectURLs = id.ConnectURLs
	}
	if c.Advertise != "" {
		host, port, err := net.SplitHostPort(c.Advertise)
		if err != nil {
			host, port = c.Advertise, ""
		}
		s.Info.Host = host
		if n, err := strconv.Atoi(port); err == nil && n > 0 {
			s.Info.Port = n
		}
		s.Info.IP = routeURL(s.Info.Host, s.Info.Port)
	}
}

// routeURL is an address in the form in which servers tell each other of it.
func routeURL(host string, port int) string {
	return "nats-route://" + net.JoinHostPort(host, strconv.Itoa(port)) + "/"
}

func shown(r *perm.SubjectRules) *rules {
	if r == nil {
		return nil
	}
	return &rules{Allow: r.Allow, Deny: r.Deny}
}

// On tells whether there are routes at all.
func (s *Settings) On() bool { return s.Cluster != nil }

func (s *Settings) authRequired() bool {
	return s.Cluster.Auth.User != "" || s.Cluster.Auth.Password != ""
}

// isPinned tells whether an account has a connection of its own to servers that have pools.
func (s *Settings) isPinned(account string) bool {
	_, found := slices.BinarySearch(s.pinned, account)
	return found
}

// slotOf is the place in the pool that carries the interest of an account. A pool may be as large as another
// server says.
func slotOf(account string, pool int) int {
	if pool <= 1 {
		return 0
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(account)) // never fails
	return int(uint64(h.Sum32()) % uint64(pool))
}
