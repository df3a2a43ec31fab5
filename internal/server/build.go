package server

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"natsd/internal/config"
	"natsd/internal/link/client"
	"natsd/internal/logging"
	"natsd/internal/version"
)

// logConfig is what o says about the log.
func logConfig(o *config.Logging, _ config.Limits) logging.Config {
	return logging.Config{
		Format: o.Format, Levels: o.Levels,
		Debug: o.Debug, Trace: o.Trace,
		Time: o.Time, UTC: o.UTC,
		File: o.File, SizeLimit: o.SizeLimit, MaxFiles: o.MaxFiles, MaxAge: o.MaxAge, Compress: o.Compress,
		Syslog: o.Syslog, RemoteSyslog: o.RemoteSyslog,
		Color: o.File == "" && logging.IsTerminal(os.Stderr),
	}
}

// name is what the server calls itself.
func (s *Server) name(o *config.Options) string {
	if o.ServerName != "" {
		return o.ServerName
	}
	return s.id
}

// info is what clients are told about the server, with the port that it listens on.
func (s *Server) info(o *config.Options, port int) client.Info {
	host := o.Host
	if h, p, ok := advertised(o.ClientAdvertise, port); ok {
		host, port = h, p
	}
	return client.Info{
		ServerID:   s.id,
		ServerName: s.name(o),
		Version:    version.Protocol,
		Proto:      1,
		Commit:     version.Commit(),
		Go:         runtime.Version(),
		Host:       host,
		Port:       port,
		XKey:       s.xkey,
	}
}

// advertised splits client_advertise; the port may be left out.
func advertised(text string, port int) (string, int, bool) {
	if text == "" {
		return "", 0, false
	}
	host, p, err := net.SplitHostPort(text)
	if err != nil {
		return strings.Trim(text, "[]"), port, true
	}
	if n, err := strconv.Atoi(p); err == nil && n > 0 {
		port = n
	}
	return host, port, true
}

// banner tells who starts here, and warns of what the operator may not have meant.
func (s *Server) banner(o *config.Options) {
	say := func(format string, args ...any) { s.logger.Info(fmt.Sprintf(format, args...)) }
	say("Starting natsd")
	say("  Version:  %s (nats-server %s)", version.Natsd, strings.TrimSuffix(version.Protocol, "-natsd."+version.Natsd))
	commit := version.Commit()
	if commit == "" {
		commit = "not set"
	}
	say("  Git:      [%s]", commit)
	s.logger.Debug("  Go build: " + runtime.Version())
	say("  Name:     %s", s.name(o))
	say("  ID:       %s", s.id)
	for _, line := range featureLines(o.FeatureFlags) {
		s.logger.Info(line)
	}
	if o.ConfigFile != "" {
		say("Using configuration file: %s (%s)", o.ConfigFile, o.Digest)
	}
	if plainPasswords(o) {
		s.logger.Warn("Plaintext passwords detected, use nkeys or bcrypt")
	}
	if open(o) && !loopback(o.Host) {
		s.logger.Warn("No authentication is configured and clients can connect from other machines: " +
			"anybody who reaches " + listenAddress(o) + " may publish and subscribe to everything")
	}
}

// listenAddress is where clients come in, as far as that is known before the listener is open.
func listenAddress(o *config.Options) string {
	if o.Port < 0 {
		return o.Host
	}
	return net.JoinHostPort(o.Host, strconv.Itoa(o.Port))
}

// open tells whether clients are let in without any proof.
func open(o *config.Options) bool {
	if o.Authorization.Enabled() || o.Operator != nil {
		return false
	}
	for i := range o.Accounts {
		if len(o.Accounts[i].Users) > 0 {
			return false
		}
	}
	return true
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// plainPasswords tells whether some password or token stands in the configuration as it is.
func plainPasswords(o *config.Options) bool {
	plain := func(p config.Secret) bool { return p != "" && !strings.HasPrefix(p.Reveal(), "$2") }
	users := o.Authorization.Users
	for i := range o.Accounts {
		users = append(slices.Clip(users), o.Accounts[i].Users...)
	}
	for i := range users {
		if plain(users[i].Password) {
			return true
		}
	}
	return plain(o.Authorization.Password) || plain(o.Authorization.Token)
}
