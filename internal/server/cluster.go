package server

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"natsd/internal/admin/api"
	"natsd/internal/config"
	"natsd/internal/link/client"
	linkpeer "natsd/internal/link/peer"
	"natsd/internal/link/route"
	"natsd/internal/logging"
	"natsd/internal/reload"
	"natsd/internal/status"
	"natsd/internal/version"
)

// closedRoutes is how many closed routes are remembered.
const closedRoutes = 100

// newRoutes makes what connects this server to the others of its cluster.
func (s *Server) newRoutes(log *logging.Log) {
	s.routeConns = s.conns.Beside(closedRoutes, s.Events())
	s.routes = route.New(route.Setup{
		Broker: s.broker, Registry: s.routeConns, Clients: s.conns, Tasks: s.tasks,
		Log: log.Logger(), Tracer: log, ID: s.id, Auth: s.auth.Servers(), Told: s.clusterNews,
	})
}

// clusterEndpoint is where other servers connect to; port 0 is off.
func clusterEndpoint(o *config.Options) endpoint {
	if o.Cluster == nil {
		return endpoint{}
	}
	return endpoint{host: o.Cluster.Host, port: o.Cluster.Port}
}

// routeSettings derives what routes need from a snapshot.
func (s *Server) routeSettings(o *config.Options) (*route.Settings, error) {
	id := &route.Identity{
		ID: s.id, Name: s.name(o), Version: version.Protocol, Go: runtime.Version(),
		ConnectURLs: s.ownURLs(o),
	}
	return route.NewSettings(o, id, s.sockets.routes.port())
}

// applyRoutes gives routes their settings, and clients the name of the cluster. Nobody is dialed yet.
func (s *Server) applyRoutes(o *config.Options) error {
	set, err := s.routeSettings(o)
	if err != nil {
		return err
	}
	s.routes.Apply(set)
	s.clusterNews()
	return nil
}

// startRoutes begins to serve and to dial other servers.
func (s *Server) startRoutes(o *config.Options) {
	s.routes.Follow(s.tasks.Context(), &route.Settings{})
	s.tellRoutes(o)
	s.sockets.routes.start()
}

func (s *Server) tellRoutes(o *config.Options) {
	if e := clusterEndpoint(o); e.port != 0 {
		e.port = s.sockets.routes.port()
		name, _ := s.routes.Name()
		s.logger.Info("Cluster name is " + name)
		s.logger.Info("Listening for route connections on " + e.String())
	}
}

// ownURLs are the addresses that clients can reach this server at.
func (s *Server) ownURLs(o *config.Options) []string {
	port := s.sockets.clients.port()
	if host, port, ok := advertised(o.ClientAdvertise, port); ok {
		return []string{net.JoinHostPort(host, strconv.Itoa(port))}
	}
	a, err := netip.ParseAddr(o.Host)
	if err != nil || !a.IsUnspecified() {
		return []string{net.JoinHostPort(o.Host, strconv.Itoa(port))}
	}
	var out []string
	for local := range linkpeer.LocalAddrs() {
		if local.IsGlobalUnicast() && (local.Is4() || a.Is6()) {
			out = append(out, net.JoinHostPort(local.String(), strconv.Itoa(port)))
		}
	}
	if out == nil {
		out = []string{net.JoinHostPort(o.Host, strconv.Itoa(port))}
	}
	slices.Sort(out)
	return out
}

// clusterNews tells clients what the other servers have told this one.
func (s *Server) clusterNews() {
	name, dynamic := s.routes.Name()
	news := client.News{Cluster: name, Dynamic: dynamic, Others: s.otherURLs()}
	if _, met := s.routes.ClientURLs(); met {
		news.URLs = append(s.ownURLs(s.Options()), news.Others...)
	}
	s.clients.Tell(&news)
}

// otherURLs are the addresses of the clients' listeners of other servers.
func (s *Server) otherURLs() []string {
	others, _ := s.routes.ClientURLs()
	own := s.ownURLs(s.Options())
	return slices.DeleteFunc(others, func(u string) bool { return slices.Contains(own, u) })
}

// clusterChange puts new settings into force for routes.
type clusterChange struct {
	reload.Base
	s    *Server
	next *config.Options
	set  *route.Settings
	old  *route.Settings
}

// clusterKeys is what routes need, beside what other components own.
var clusterKeys = []string{"cluster"}

func (s *Server) planCluster(old, next *config.Options) (reload.Change, error) {
	off := func(o *config.Options) bool { return o.Cluster == nil || o.Cluster.Port == 0 }
	if off(old) && off(next) || len(reload.Diff(old, next)) == 0 && sameTLS(clusterTLS(old), clusterTLS(next)) {
		return nil, nil
	}
	return &clusterChange{s: s, next: next}, nil
}

func clusterTLS(o *config.Options) *config.TLS {
	if o.Cluster == nil {
		return nil
	}
	return o.Cluster.TLS
}

// Prepare refuses accounts that shall have connections of their own and do not exist.
func (c *clusterChange) Prepare(context.Context) (err error) {
	if k := c.next.Cluster; k != nil {
		for _, name := range k.Accounts {
			if !c.next.HasAccount(name) {
				return fmt.Errorf("cluster.accounts: unable to add account %q to the list of dedicated routes: account missing", name)
			}
		}
	}
	c.set, err = c.s.routeSettings(c.next)
	return err
}

func (c *clusterChange) Commit() { c.old = c.s.routes.Apply(c.set) }

func (c *clusterChange) Settle(ctx context.Context) ([]reload.Effect, error) {
	return c.s.routes.Follow(ctx, c.old), nil
}

// AppendRoutes appends every open route that is up.
func (s *Server) AppendRoutes(dst []status.Route) []status.Route {
	for c := range s.routeConns.All() {
		if r, ok := c.Session().(*route.Session); ok {
			if row, up := r.Status(); up {
				dst = append(dst, row)
			}
		}
	}
	return dst
}

// Targets returns the servers of the cluster that this one dials.
func (s *Server) Targets() []api.RouteTarget {
	targets := s.routes.Targets()
	out := make([]api.RouteTarget, 0, len(targets))
	for i := range targets {
		out = append(out, targetView(&targets[i]))
	}
	return out
}

func targetView(t *route.Target) api.RouteTarget {
	out := api.RouteTarget{
		URL: t.URL, Target: strings.TrimPrefix(t.URL, "nats-route://"), Source: api.SourceDiscovered, State: t.State,
		ServerID: t.ServerID, ServerName: t.ServerName, LastError: t.LastError, Attempts: t.Attempts,
	}
	switch {
	case t.Runtime:
		out.Source = api.SourceRuntime
	case t.Configured:
		out.Source = api.SourceConfigured
	}
	if !t.NextAttempt.IsZero() {
		next := t.NextAttempt.UTC()
		out.NextAttempt = &next
	}
	return out
}

// AddTarget dials another server from now on, until RemoveTarget or the end of this one.
func (s *Server) AddTarget(address string) (*api.RouteTarget, error) {
	if err := s.routes.AddRoute(address); err != nil {
		return nil, err
	}
	for _, t := range s.Targets() {
		if u, err := url.Parse(address); err == nil && u.Host == t.Target {
			return &t, nil
		}
	}
	return nil, route.ErrUnknown // it was removed at once
}

// RemoveTarget undoes AddTarget, and forgets a server that was heard of.
func (s *Server) RemoveTarget(address string) error { return s.routes.RemoveRoute(address) }

// ClusterAddr is where other servers connect to, nil if there is no cluster.
func (s *Server) ClusterAddr() net.Addr { return s.sockets.routes.addr() }

// clusterStatus is what varz tells of the cluster.
func (s *Server) clusterStatus() status.Cluster {
	name, _ := s.routes.Name()
	return status.Cluster{Name: name, Port: s.sockets.routes.port()}
}
