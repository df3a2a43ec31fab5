package server

import (
	"fmt"
	"net"
	"os"
	"strconv"

	"natsd/internal/config"
	"natsd/internal/process"
)

// writePID writes the pid file, if there is to be one.
func (s *Server) writePID(o *config.Options) error {
	if o.PIDFile == "" {
		return nil
	}
	if err := process.WritePID(o.PIDFile, os.Getpid()); err != nil {
		return fmt.Errorf("could not write pidfile: %w", err)
	}
	return nil
}

// writePorts tells others where the listeners are. Service does not depend on it.
func (s *Server) writePorts(o *config.Options) {
	if o.PortsFileDir == "" {
		return
	}
	scheme, web := "nats", "http"
	if o.TLS != nil {
		scheme = "tls"
	}
	if o.Monitoring.HTTPSPort != 0 {
		web = "https"
	}
	p := process.Ports{
		Nats:       urls(scheme, &s.sockets.clients),
		Monitoring: urls(web, &s.sockets.monitor),
		Profile:    urls("http", &s.sockets.profile),
		Cluster:    urls(routeScheme(o), &s.sockets.routes),
	}
	if err := process.WritePorts(s.portsPath(o), p); err != nil {
		s.logger.Error(fmt.Sprintf("Error writing ports file: %v", err))
	}
}

// routeScheme is how addresses of the cluster listener begin.
func routeScheme(o *config.Options) string {
	if clusterTLS(o) != nil {
		return "tls"
	}
	return "nats"
}

func (s *Server) removePorts(o *config.Options) {
	if o.PortsFileDir == "" {
		return
	}
	if err := process.RemovePorts(s.portsPath(o)); err != nil {
		s.logger.Error(fmt.Sprintf("Error removing ports file: %v", err))
	}
}

func (s *Server) portsPath(o *config.Options) string {
	return process.PortsPath(o.PortsFileDir, executable(), os.Getpid())
}

// urls lists where a listener is reached: every address of the machine if it listens on all of them.
func urls(scheme string, l *socket) []string {
	a, ok := l.addr().(*net.TCPAddr)
	if !ok {
		return nil
	}
	url := func(host string) string { return scheme + "://" + net.JoinHostPort(host, strconv.Itoa(a.Port)) }
	if !a.IP.IsUnspecified() {
		return []string{url(a.IP.String())}
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		return []string{url(a.IP.String())}
	}
	var out []string
	for _, x := range all {
		if n, ok := x.(*net.IPNet); ok && !n.IP.IsLinkLocalUnicast() {
			out = append(out, url(n.IP.String()))
		}
	}
	return out
}
