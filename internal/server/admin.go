package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"reflect"
	"strconv"

	"natsd/internal/admin"
	"natsd/internal/admin/api"
	"natsd/internal/config"
	"natsd/internal/logging"
	"natsd/internal/reload"
)

// unixScheme marks the endpoint of a unix socket; without a path it is the default one.
const unixScheme = "unix"

// adminUnixEndpoint is the unix socket of the admin API. A server that was made without a source of
// configuration, as a part of another program, has none unless it is asked for.
func (s *Server) adminUnixEndpoint(o *config.Options) endpoint {
	if o.Admin.Unix == "" && s.source == nil {
		return endpoint{}
	}
	return endpoint{scheme: unixScheme, path: o.Admin.Unix}
}

// adminEndpoint is the TCP address of the admin API.
func adminEndpoint(o *config.Options) endpoint {
	host, port, err := net.SplitHostPort(o.Admin.Listen)
	if err != nil {
		return endpoint{}
	}
	n, err := strconv.Atoi(port)
	if err != nil { // checked at load
		return endpoint{}
	}
	e := endpoint{host: host, port: n, scheme: "http"}
	if o.Admin.TLS != nil {
		e.scheme = "https"
	}
	return e
}

// bindAdminUnix opens the unix socket of the admin API.
func (s *Server) bindAdminUnix(_ context.Context, e endpoint, _ []*listener) (*listener, error) {
	var ln net.Listener
	var err error
	if e.path != "" {
		ln, err = bindUnix(e.path)
	} else {
		ln, err = bindDefaultSocket(s.sockets.clients.port())
	}
	if err != nil {
		return nil, fmt.Errorf("admin socket: %w", err)
	}
	return &listener{endpoint: e, ln: ln}, nil
}

// bindDefaultSocket opens the admin socket in the first folder that takes it: under its usual name, or,
// where another server has that, under the port of the clients.
func bindDefaultSocket(port int) (net.Listener, error) {
	var errs []error
	for _, dir := range api.SocketFolders() {
		if err := privateFolder(dir); err != nil {
			errs = append(errs, err)
			continue
		}
		for _, name := range []string{api.SocketName, api.PortSocketName(port)} {
			ln, err := bindUnix(filepath.Join(dir, name))
			if err == nil {
				return ln, nil
			}
			errs = append(errs, err)
			if !errors.Is(err, errSocketTaken) {
				break
			}
		}
	}
	return nil, errors.Join(errs...)
}

// privateFolder makes a folder that only this user may write to, or checks that it is one.
func privateFolder(dir string) error {
	const mode = 0o755 // the socket has a mode of its own
	if err := os.Mkdir(dir, mode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is no folder", dir)
	case info.Mode().Perm()&0o022 != 0 || !ownedByUs(info):
		return fmt.Errorf("%s: others may write there", dir)
	}
	return nil
}

// socketRights is who may connect to the socket: the user of the server; the group that unix_roles
// names; everybody, where it names more than one group or user: then the credentials of the process
// decide alone, as they do in any case.
func socketRights(a *config.Admin) (fs.FileMode, int) {
	const owner, group, all = 0o600, 0o660, 0o666
	switch {
	case len(a.UIDRoles) == 0 && len(a.GIDRoles) == 0:
		return owner, -1
	case len(a.UIDRoles) > 0 || len(a.GIDRoles) > 1:
		return all, -1
	}
	for name := range a.GIDRoles {
		if gid, err := strconv.Atoi(name); err == nil {
			return group, gid
		}
		if g, err := user.LookupGroup(name); err == nil {
			if gid, err := strconv.Atoi(g.Gid); err == nil {
				return group, gid
			}
		}
	}
	return all, -1
}

// serveAdmin answers requests to the admin API on l.
func (s *Server) serveAdmin(ctx context.Context, l *listener) {
	var ln net.Listener = counted{l.ln, l}
	if l.scheme == "https" {
		ln = tls.NewListener(ln, admin.TLSConfig(func() *config.TLS { return s.Options().Admin.TLS }))
	}
	if err := s.admin.Serve(ctx, ln, logging.Module(s.logger, logging.ModuleMonitor)); err != nil {
		s.logger.Error(fmt.Sprintf("Error on admin listener: %v", err))
	}
}

// openAdmin opens the listeners of the admin API. The default socket is nothing that anybody has asked
// for: a server that cannot have one serves without.
func (s *Server) openAdmin(o *config.Options) error {
	if err := s.sockets.adminUnix.open(s.adminUnixEndpoint(o)); err != nil {
		if o.Admin.Unix != "" {
			return err
		}
		s.logger.Warn("There is no admin socket: " + err.Error())
	}
	if err := s.letIn(&o.Admin); err != nil {
		return err
	}
	return s.sockets.admin.open(adminEndpoint(o))
}

// letIn sets who may connect to the unix socket. Until then it is the user of the server alone.
func (s *Server) letIn(a *config.Admin) error {
	addr := s.sockets.adminUnix.addr()
	if addr == nil {
		return nil
	}
	mode, gid := socketRights(a)
	if err := os.Chmod(addr.String(), mode); err != nil {
		return fmt.Errorf("admin socket: %w", err)
	}
	if gid < 0 {
		return nil
	}
	if err := os.Chown(addr.String(), -1, gid); err != nil {
		return fmt.Errorf("admin socket: %w", err)
	}
	return nil
}

func (s *Server) tellAdmin(*config.Options) {
	for _, sock := range []*socket{&s.sockets.adminUnix, &s.sockets.admin} {
		if a := sock.addr(); a != nil {
			s.logger.Info("Admin API on " + sock.url(a))
		}
	}
}

// url is how the admin API is reached at an address.
func (s *socket) url(a net.Addr) string {
	if a.Network() == unixScheme {
		return unixScheme + "://" + a.String()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live == nil {
		return "http://" + a.String()
	}
	return s.live.scheme + "://" + a.String()
}

// startAdmin puts the first settings of the admin API into force.
func (s *Server) startAdmin(o *config.Options) error {
	staged, err := s.admin.Prepare(o)
	if err != nil {
		return err
	}
	staged.Commit()
	s.ObserveReloads(s.admin.Reloaded)
	return nil
}

// adminChange moves the listeners of the admin API and changes what it does.
type adminChange struct {
	socketsChange

	staged *admin.Staged
}

func (c *adminChange) Prepare(ctx context.Context) (err error) {
	if c.staged, err = c.s.admin.Prepare(c.next); err != nil {
		return err
	}
	c.commit = c.staged.Commit
	return c.socketsChange.Prepare(ctx)
}

func (c *adminChange) Abort() {
	if c.staged != nil {
		c.staged.Abort()
	}
	c.socketsChange.Abort()
}

func (c *adminChange) Settle(ctx context.Context) ([]reload.Effect, error) {
	effects, err := c.socketsChange.Settle(ctx)
	return effects, errors.Join(err, c.staged.Settle())
}

// planAdmin moves the listeners of the admin API and puts its settings into force.
func (s *Server) planAdmin(old, next *config.Options) (reload.Change, error) {
	c := &adminChange{socketsChange: socketsChange{s: s, next: next, settle: func() error { return s.letIn(&next.Admin) }}}
	c.add(&s.sockets.adminUnix, s.adminUnixEndpoint(old), s.adminUnixEndpoint(next), nil)
	c.add(&s.sockets.admin, adminEndpoint(old), adminEndpoint(next), nil)
	if i := len(c.moves) - 1; i >= 0 {
		c.moves[i].tell = s.tellAdmin
	}
	if len(c.moves) == 0 && reflect.DeepEqual(old.Admin, next.Admin) {
		return nil, nil
	}
	return c, nil
}
