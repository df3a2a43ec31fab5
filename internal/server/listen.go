package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strconv"
	"time"

	"natsd/internal/config"
	"natsd/internal/link/client"
	"natsd/internal/logging"
	"natsd/internal/monitor"
)

// listeners are the sockets that the server accepts on.
type listeners struct {
	clients, monitor, profile listener
}

// listener is a socket, or none.
type listener struct{ ln net.Listener }

func (l *listener) addr() net.Addr {
	if l.ln == nil {
		return nil
	}
	return l.ln.Addr()
}

func (l *listener) port() int {
	if a, ok := l.addr().(*net.TCPAddr); ok {
		return a.Port
	}
	return 0
}

func (l *listener) close() {
	if l.ln != nil {
		_ = l.ln.Close() // closed twice on some ways down
	}
}

// listen opens a socket. Port -1 picks a free one.
func listen(host string, port int) (net.Listener, error) {
	return net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(max(port, 0))))
}

// startClients opens the client listener and serves it.
func (s *Server) startClients(o *config.Options) error {
	ln, err := listen(o.Host, o.Port)
	if err != nil {
		return fmt.Errorf("error listening on port: %s, %w", net.JoinHostPort(o.Host, strconv.Itoa(o.Port)), err)
	}
	s.listener.clients.ln = ln
	s.clients.Apply(client.NewSettings(o, s.auth, s.info(o, s.listener.clients.port())))
	s.logger.Info("Listening for client connections on " + net.JoinHostPort(o.Host, strconv.Itoa(s.listener.clients.port())))
	if o.TLS != nil && !o.AllowNonTLS {
		s.logger.Info("TLS required for client connections")
	}
	s.logger.Info("Server is ready")
	s.accepts.Store(true)
	s.tasks.Go("accept", func(ctx context.Context) { s.accept(ctx, ln) })
	return nil
}

// How long accepting pauses after an error, at first and at most.
const (
	acceptPause    = 10 * time.Millisecond
	maxAcceptPause = time.Second
)

// accept serves the clients that come to ln until it is closed.
func (s *Server) accept(ctx context.Context, ln net.Listener) {
	pause := acceptPause
	room := newSeats()
	for {
		if room.full() {
			s.logger.Warn(fmt.Sprintf("Clients wait: the limit of open files lets in %d at once", cap(room)))
		}
		if !room.take(ctx) {
			return
		}
		sock, err := ln.Accept()
		if err != nil {
			room.leave()
		}
		switch {
		case err == nil:
			pause = acceptPause
			s.tasks.Go("client", func(ctx context.Context) {
				defer room.leave()
				s.clients.Serve(ctx, sock)
			})
		case errors.Is(err, net.ErrClosed):
			return
		default: // out of descriptors, most likely
			s.logger.Error(fmt.Sprintf("Client accept error: %v, sleeping %v", err, pause))
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
			pause = min(2*pause, maxAcceptPause)
		}
	}
}

// startMonitoring opens the monitoring listener, if there is to be one.
func (s *Server) startMonitoring(o *config.Options) error {
	m := &o.Monitoring
	host, port, scheme := m.HTTPHost, m.HTTPPort, "http"
	if m.HTTPSPort != 0 {
		host, port, scheme = m.HTTPSHost, m.HTTPSPort, "https"
	}
	if port == 0 {
		return nil
	}
	ln, err := listen(host, port)
	if err != nil {
		return fmt.Errorf("can't listen to the monitor port: %w", err)
	}
	s.listener.monitor.ln = ln
	s.logger.Info(fmt.Sprintf("Starting %s monitor on %s", scheme, net.JoinHostPort(host, strconv.Itoa(s.listener.monitor.port()))))
	if scheme == "https" {
		ln = tls.NewListener(ln, monitor.HTTPSConfig(func() *tls.Config { return s.Options().TLS.Config }))
	}
	web := monitor.NewServer(monitor.Handler(monitor.New(s, s.Options), m.BasePath), logging.Module(s.logger, logging.ModuleMonitor))
	s.serveHTTP("monitor", web, ln)
	return nil
}

// startProfiling opens the listener for Go's profiles, if there is to be one.
func (s *Server) startProfiling(o *config.Options) error {
	runtime.SetBlockProfileRate(o.ProfBlockRate)
	if o.ProfPort == 0 {
		return nil
	}
	ln, err := listen(o.Host, o.ProfPort)
	if err != nil {
		return fmt.Errorf("error starting profiling server: %w", err)
	}
	s.listener.profile.ln = ln
	runtime.SetBlockProfileRate(o.ProfBlockRate) // of the whole process
	s.logger.Info(fmt.Sprintf("profiling port: %d", s.listener.profile.port()))
	s.serveHTTP("profile", monitor.NewServer(monitor.ProfileHandler(), logging.Module(s.logger, logging.ModuleMonitor)), ln)
	return nil
}

func (s *Server) serveHTTP(name string, web *monitor.Server, ln net.Listener) {
	s.tasks.Go(name, func(ctx context.Context) {
		if err := web.Serve(ctx, ln); err != nil {
			s.logger.Error(fmt.Sprintf("Error on %s listener: %v", name, err))
		}
	})
}
