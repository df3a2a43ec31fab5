package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"natsd/internal/config"
	"natsd/internal/link/client"
	"natsd/internal/logging"
	"natsd/internal/monitor"
)

// sockets are the places where the server listens.
type sockets struct {
	clients, monitor, profile socket
	adminUnix, admin          socket
	routes                    socket

	seats seats                        // of all clients, whichever listener they came by
	pages atomic.Pointer[http.Handler] // what monitoring serves
}

// Where a configuration wants the sockets.

func clientEndpoint(o *config.Options) endpoint { return endpoint{host: o.Host, port: o.Port} }

func monitorEndpoint(o *config.Options) endpoint {
	if m := &o.Monitoring; m.HTTPSPort != 0 {
		return endpoint{host: m.HTTPSHost, port: m.HTTPSPort, scheme: "https"}
	}
	return endpoint{host: o.Monitoring.HTTPHost, port: o.Monitoring.HTTPPort, scheme: "http"}
}

func profileEndpoint(o *config.Options) endpoint { return endpoint{host: o.Host, port: o.ProfPort} }

// initSockets says how each socket is served. Nothing is opened.
func (s *Server) initSockets() {
	n := &s.sockets
	n.seats = newSeats()
	n.clients = socket{tasks: s.tasks, name: "accept", bind: bind, serve: s.acceptor("Client", n.seats, s.clients.Serve)}
	n.routes = socket{tasks: s.tasks, name: "accept routes", bind: bind, serve: s.acceptor("Route", nil, s.routes.Serve)}
	n.monitor = socket{tasks: s.tasks, name: "monitor", bind: bind, serve: s.serveMonitor}
	n.profile = socket{tasks: s.tasks, name: "profile", bind: bind, serve: func(ctx context.Context, l *listener) {
		s.serveHTTP(ctx, "profile", monitor.ProfileHandler(), counted{l.ln, l})
	}}
	n.adminUnix = socket{tasks: s.tasks, name: "admin", bind: s.bindAdminUnix, serve: s.serveAdmin}
	n.admin = socket{tasks: s.tasks, name: "admin", bind: bind, serve: s.serveAdmin}
}

// openSockets opens what the configuration asks for.
func (s *Server) openSockets(o *config.Options) error {
	n := &s.sockets
	runtime.SetBlockProfileRate(o.ProfBlockRate)
	s.setPages(o)
	if err := n.monitor.open(monitorEndpoint(o)); err != nil {
		return fmt.Errorf("monitoring: %w", err)
	}
	if err := n.profile.open(profileEndpoint(o)); err != nil {
		return fmt.Errorf("profiling: %w", err)
	}
	if err := n.clients.open(clientEndpoint(o)); err != nil {
		return fmt.Errorf("clients: %w", err)
	}
	if err := n.routes.open(clusterEndpoint(o)); err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	return s.openAdmin(o)
}

// startSockets begins to serve, and says so in the words that people wait for.
func (s *Server) startSockets(o *config.Options) {
	n := &s.sockets
	s.clients.Apply(client.NewSettings(o, s.auth, s.info(o, n.clients.port())))
	s.tellMonitor(o)
	n.monitor.start()
	if o.ProfPort != 0 {
		s.logger.Info(fmt.Sprintf("profiling port: %d", n.profile.port()))
	}
	n.profile.start()
	s.tellAdmin(o)
	n.adminUnix.start()
	n.admin.start()
	s.tellClients(o)
	s.logger.Info("Server is ready")
	s.accepts.Store(true)
	n.clients.start()
}

func (s *Server) tellMonitor(o *config.Options) {
	if e := monitorEndpoint(o); e.port != 0 {
		e.port = s.sockets.monitor.port()
		s.logger.Info(fmt.Sprintf("Starting %s monitor on %s", e.scheme, e))
	}
}

func (s *Server) tellClients(o *config.Options) {
	e := clientEndpoint(o)
	e.port = s.sockets.clients.port()
	s.logger.Info("Listening for client connections on " + e.String())
	if o.TLS != nil && !o.AllowNonTLS {
		s.logger.Info("TLS required for client connections")
	}
}

// How long accepting pauses after an error, at first and at most.
const (
	acceptPause    = 10 * time.Millisecond
	maxAcceptPause = time.Second
)

// serving runs a connection. It may return before that ends; then left is called.
type serving func(ctx context.Context, sock net.Conn, left func())

// acceptor returns what serves those that come to a listener: each gets a seat, and a goroutine for
// serve.
func (s *Server) acceptor(kind string, room seats, serve serving) func(context.Context, *listener) {
	return func(ctx context.Context, l *listener) { s.accept(ctx, l, kind, room, serve) }
}

// accept serves those that come to l until it is closed.
func (s *Server) accept(ctx context.Context, l *listener, kind string, room seats, serve serving) {
	pause, leave, task := acceptPause, room.leave, strings.ToLower(kind)
	for {
		if room.full() {
			s.logger.Warn(fmt.Sprintf("Clients wait: the limit of open files lets in %d at once", cap(room)))
		}
		if !room.take(ctx) {
			return
		}
		sock, err := l.ln.Accept()
		if err != nil {
			room.leave()
		}
		switch {
		case err == nil:
			l.accepted.Add(1)
			pause = acceptPause
			tune(sock)
			s.tasks.Go(task, func(ctx context.Context) { serve(ctx, sock, leave) })
		case errors.Is(err, net.ErrClosed), l.leaves.Load() && errors.Is(err, syscall.EINVAL):
			return
		default: // out of descriptors, most likely
			l.errors.Add(1)
			s.logger.Error(fmt.Sprintf("%s accept error: %v, sleeping %v", kind, err, pause))
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
			pause = min(2*pause, maxAcceptPause)
		}
	}
}

// setPages makes the handler of the monitoring socket.
func (s *Server) setPages(o *config.Options) {
	var more []monitor.Page
	if o.Monitoring.Metrics {
		more = append(more, monitor.Page{Path: "/metrics", Summary: "Metrics for Prometheus", Handler: s.metrics})
	}
	h := monitor.Handler(s.collector, o.Monitoring.BasePath, more...)
	if o.Monitoring.Auth {
		h = s.admin.Guard(h)
	}
	s.sockets.pages.Store(&h)
}

// serveMonitor answers monitoring requests on l, over TLS where that is what the listener is for.
func (s *Server) serveMonitor(ctx context.Context, l *listener) {
	var ln net.Listener = counted{l.ln, l}
	if l.scheme == "https" {
		ln = tls.NewListener(ln, monitor.HTTPSConfig(s.monitorTLS))
	}
	s.serveHTTP(ctx, "monitor", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		(*s.sockets.pages.Load()).ServeHTTP(w, r)
	}), ln)
}

// monitorTLS is the certificate that monitoring shows: that of the client listener.
func (s *Server) monitorTLS() *tls.Config {
	if t := s.Options().TLS; t != nil {
		return t.Config
	}
	return nil
}

func (s *Server) serveHTTP(ctx context.Context, name string, h http.Handler, ln net.Listener) {
	if err := monitor.NewServer(h, logging.Module(s.logger, logging.ModuleMonitor)).Serve(ctx, ln); err != nil {
		s.logger.Error(fmt.Sprintf("Error on %s listener: %v", name, err))
	}
}
