package server

import (
	"net"
	"time"

	"natsd/internal/certs"
	"natsd/internal/config"
	"natsd/internal/status"
)

// State is where the server is in its life, one of the states of package status.
func (s *Server) State() string {
	select {
	case <-s.tasks.Context().Done():
		return status.Stopping
	case <-s.halt:
		return status.Stopping
	default:
	}
	if s.ducking.Load() {
		return status.InLameDuck
	}
	select {
	case <-s.ready:
		return status.Running
	default:
		return status.Starting
	}
}

// Listeners lists where the server listens.
func (s *Server) Listeners() []status.Listener {
	o, n := s.Options(), &s.sockets
	var out []status.Listener
	for _, one := range []struct {
		kind   string
		socket *socket
		tls    *config.TLS
	}{
		{"clients", &n.clients, o.TLS},
		{"routes", &n.routes, routeTLS(o)},
		{"monitoring", &n.monitor, o.TLS},
		{"profiling", &n.profile, nil},
		{"admin", &n.adminUnix, nil},
		{"admin", &n.admin, o.Admin.TLS},
	} {
		if l, ok := one.socket.describe(one.kind, one.tls); ok {
			out = append(out, l)
		}
	}
	return out
}

// Conn returns an open connection of a client. It is not ok when there is none.
func (s *Server) Conn(cid uint64) (status.Conn, bool) {
	if c := s.conns.Get(cid); c != nil {
		return c.Status(), true
	}
	return status.Conn{}, false
}

func routeTLS(o *config.Options) *config.TLS {
	if o.Cluster == nil {
		return nil
	}
	return o.Cluster.TLS
}

// describe tells of the listener in use; there may be none.
func (s *socket) describe(kind string, t *config.TLS) (status.Listener, bool) {
	s.mu.Lock()
	l := s.live
	s.mu.Unlock()
	if l == nil {
		return status.Listener{}, false
	}
	addr := l.ln.Addr()
	out := status.Listener{
		Kind: kind, Addr: addr.String(), Network: addr.Network(), Serving: !l.dead.Load(), Accepted: l.accepted.Load(), Errors: l.errors.Load(),
	}
	if t != nil && l.scheme != "http" {
		out.TLS, out.NotAfter = true, certs.NotAfter(t.Config)
	}
	return out, true
}

// counted counts what a listener accepts.
type counted struct {
	net.Listener
	by *listener
}

func (c counted) Accept() (net.Conn, error) {
	sock, err := c.Listener.Accept()
	if err == nil {
		c.by.accepted.Add(1)
	} else {
		c.by.errors.Add(1)
	}
	return sock, err
}

// Shutdown ends the server: Run returns after it. If it is graceful, clients are sent away first, as
// [Server.LameDuck] does, for so long at most; it returns when that is through.
func (s *Server) Shutdown(graceful bool, timeout time.Duration) {
	if graceful {
		limit := time.AfterFunc(timeout, s.stopNow)
		defer limit.Stop()
		s.LameDuck()
		select {
		case <-s.duck: // it may have begun before
		case <-s.halt:
		case <-s.tasks.Context().Done():
		}
	}
	s.stopNow()
}
