package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"runtime"
	"slices"
	"time"

	"natsd/internal/auth"
	"natsd/internal/config"
	"natsd/internal/event"
	"natsd/internal/link/client"
	"natsd/internal/logging"
	"natsd/internal/process"
	"natsd/internal/reload"
	"natsd/internal/staged"
)

// components are the parts of the server that take a new configuration, in the order in which they do
// it: first what can be refused by the outside world, then accounts, then who may be in them, then
// what tells others about it.
func (s *Server) components() []reload.Component {
	return []reload.Component{
		&component{name: "logging", keys: loggingKeys, plan: s.planLogging},
		&component{name: "listeners", keys: listenKeys, plan: s.planSockets},
		&component{name: "accounts", keys: []string{"accounts", "system_account", "no_system_account"}, plan: s.planAccounts},
		&component{name: "clients", keys: clientKeys, plan: s.planClients},
		&component{name: "cluster", keys: clusterKeys, plan: s.planCluster},
		&component{name: "process", keys: processKeys, plan: s.planProcess},
		&component{name: "history", keys: []string{"admin.history"}, plan: s.planHistory},
		&component{name: "file", plan: s.planFile},
		&component{name: "watcher", keys: []string{"watch"}, plan: s.planWatch},
		&component{name: "admin", keys: []string{"admin"}, plan: s.planAdmin},
	}
}

// wrapped are components with what a test has put around them.
func (s *Server) wrapped(all []reload.Component) []reload.Component {
	if s.wrap != nil {
		for i, c := range all {
			all[i] = s.wrap(c)
		}
	}
	return all
}

// component is a reload.Component made of a name and a function.
type component struct {
	name string
	keys []string
	plan func(old, next *config.Options) (reload.Change, error)
}

func (c *component) Name() string   { return c.name }
func (c *component) Keys() []string { return c.keys }
func (c *component) Plan(old, next *config.Options) (reload.Change, error) {
	return c.plan(old, next)
}

var loggingKeys = []string{
	"debug", "trace", "trace_verbose", "logtime", "logtime_utc", "log_file", "log_size_limit", "log_max_num",
	"log_max_age", "log_compress", "log_format", "log_levels", "syslog", "remote_syslog",
}

// loggingChange swaps the destination, the form and the levels of the log.
type loggingChange struct {
	reload.Base
	log  *logging.Log
	want logging.Config
	sink *logging.Sink
	old  *logging.Sink
}

func (s *Server) planLogging(old, next *config.Options) (reload.Change, error) {
	want := logConfig(&next.Logging, next.Limits)
	if reflect.DeepEqual(logConfig(&old.Logging, old.Limits), want) {
		return nil, nil
	}
	return &loggingChange{log: s.log, want: want}, nil
}

func (c *loggingChange) Prepare(context.Context) (err error) {
	c.sink, err = c.log.Prepare(c.want)
	return err
}

func (c *loggingChange) Commit() { c.old = c.log.Swap(c.sink) }

func (c *loggingChange) Abort() {
	if c.sink != nil {
		_ = c.sink.Discard() // nobody has used it
	}
}

func (c *loggingChange) Settle(context.Context) ([]reload.Effect, error) { return nil, c.old.Close() }

var listenKeys = []string{
	"listen", "host", "port", "http", "http_host", "http_port", "https", "https_host", "https_port", "http_base_path", "metrics", "monitor_auth", "prof_port",
}

// socketsChange moves the sockets whose endpoint has changed.
type socketsChange struct {
	reload.Base
	s      *Server
	next   *config.Options
	moves  []*move
	commit func()       // what else comes into force
	settle func() error // what else is brought into line; nil if nothing
}

// move is the change of one socket. To is what it shall listen on; a port of 0 closes it.
type move struct {
	socket *socket
	to     endpoint
	old    *listener
	tell   func(*config.Options)

	clients bool // it brings clients or other servers
}

func (s *Server) planSockets(old, next *config.Options) (reload.Change, error) {
	c := &socketsChange{s: s, next: next, commit: func() { s.setPages(next) }}
	n := &s.sockets
	c.add(&n.clients, clientEndpoint(old), clientEndpoint(next), s.tellClients)
	c.add(&n.routes, clusterEndpoint(old), clusterEndpoint(next), s.tellRoutes)
	for _, m := range c.moves {
		m.clients = true
	}
	c.add(&n.monitor, monitorEndpoint(old), monitorEndpoint(next), s.tellMonitor)
	c.add(&n.profile, profileEndpoint(old), profileEndpoint(next), nil)
	from, to := &old.Monitoring, &next.Monitoring
	if len(c.moves) == 0 && from.BasePath == to.BasePath && from.Metrics == to.Metrics && from.Auth == to.Auth {
		return nil, nil
	}
	return c, nil
}

func (c *socketsChange) add(s *socket, from, to endpoint, tell func(*config.Options)) {
	if to.port == -1 && from.port != 0 && from.host == to.host && from.scheme == to.scheme {
		return // any port will do: the one in use does
	}
	if from != to {
		c.moves = append(c.moves, &move{socket: s, to: to, tell: tell})
	}
}

func (c *socketsChange) Prepare(ctx context.Context) error {
	leaving := c.leaving()
	for _, m := range c.moves {
		m.socket.drop() // of a reload that broke
		if m.to.off() {
			continue
		}
		if err := m.socket.prepare(ctx, m.to, leaving); err != nil {
			return err
		}
	}
	return nil
}

// leaving are the listeners that will be closed if nothing comes between.
func (c *socketsChange) leaving() []*listener {
	var out []*listener
	for _, m := range c.moves {
		m.socket.mu.Lock()
		if m.socket.live != nil {
			out = append(out, m.socket.live)
		}
		m.socket.mu.Unlock()
	}
	return out
}

func (c *socketsChange) Commit() {
	c.commit()
	for _, m := range c.moves {
		m.socket.mu.Lock()
		m.old, m.socket.live, m.socket.next = m.socket.live, m.socket.next, nil
		m.socket.mu.Unlock()
	}
}

func (c *socketsChange) Abort() {
	for _, m := range c.moves {
		m.socket.drop()
	}
	for _, l := range c.leaving() {
		_ = sharePort(l.ln, false) // as it was
	}
}

// Settle serves the new listeners, which have been taking connections since they were bound, and
// closes the old ones.
func (c *socketsChange) Settle(ctx context.Context) ([]reload.Effect, error) {
	for _, m := range c.moves {
		m.socket.start()
		if m.tell != nil {
			m.tell(c.next)
		}
		m.leave(ctx)
		m.socket.alone()
	}
	if c.settle != nil {
		return nil, c.settle()
	}
	return nil, nil
}

// leave closes the old listener. Clients that are in its queue are taken in first; a page can be asked for
// again.
func (m *move) leave(ctx context.Context) {
	switch {
	case m.old == nil:
	case m.clients:
		m.old.drain(ctx)
	default:
		m.old.close()
	}
}

// accountsChange opens new accounts and sets limits. Accounts that are gone are closed by the clients'
// change, when nobody is in them any more.
type accountsChange struct {
	reload.Base
	s    *Server
	next *config.Options
	what event.Accounts
}

func (s *Server) planAccounts(old, next *config.Options) (reload.Change, error) {
	from, to := limitsByName(old), limitsByName(next)
	if old.SystemAccount == next.SystemAccount && maps.Equal(from, to) {
		return nil, nil
	}
	return &accountsChange{s: s, next: next, what: changedAccounts(from, to)}, nil
}

func changedAccounts(from, to map[string]config.AccountLimits) (what event.Accounts) {
	for _, name := range slices.Sorted(maps.Keys(to)) {
		switch old, ok := from[name]; {
		case !ok:
			what.Opened = append(what.Opened, name)
		case old != to[name]:
			what.Limited = append(what.Limited, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(from)) {
		if _, ok := to[name]; !ok {
			what.Closed = append(what.Closed, name)
		}
	}
	return what
}

func limitsByName(o *config.Options) map[string]config.AccountLimits {
	m := make(map[string]config.AccountLimits, len(o.Accounts))
	for i := range o.Accounts {
		m[o.Accounts[i].Name] = o.Accounts[i].Limits
	}
	return m
}

func (c *accountsChange) Commit() { c.s.openAccounts(c.next) }

func (c *accountsChange) Settle(context.Context) ([]reload.Effect, error) {
	c.s.Events().Publish(c.what)
	c.s.services.LimitsChanged()
	return nil, nil
}

// clientKeys is what the settings of clients are made of: who may connect, what they are told, and how
// much they may do.
var clientKeys = []string{
	"authorization", "auth_failure_delay", "bcrypt_max_cost", "no_auth_user", "proxies", "allow_auth_removal",
	"tls", "allow_non_tls", "proxy_protocol", "proxy_protocol_from", "first_line_timeout",
	"server_name", "server_tags", "server_metadata", "feature_flags", "client_advertise", "no_header_support",
	"max_connections", "max_subscriptions", "max_sub_tokens", "max_control_line", "max_payload", "max_pending",
	"max_traced_msg_len", "trace_headers", "ping_interval", "ping_max", "write_deadline", "write_timeout",
	"no_fast_producer_stall", "disable_sublist_cache", "lame_duck_duration", "lame_duck_grace_period",
	"connect_error_reports", "reconnect_error_reports",
}

// clientsChange puts new settings into force for clients and looks at every connection.
type clientsChange struct {
	reload.Base
	s    *Server
	next *config.Options
	auth *auth.Auth
	set  *client.Settings
	old  *client.Settings
}

func (s *Server) planClients(old, next *config.Options) (reload.Change, error) {
	if len(reload.Diff(old, next)) == 0 && sameTLS(old.TLS, next.TLS) {
		return nil, nil
	}
	return &clientsChange{s: s, next: next}, nil
}

// sameTLS compares what the files of a tls block hold; their names are compared by the registry.
func sameTLS(a, b *config.TLS) bool {
	if a == nil || b == nil {
		return a == b
	}
	if len(a.Config.Certificates) != len(b.Config.Certificates) {
		return false
	}
	for i := range a.Config.Certificates {
		if !slices.EqualFunc(a.Config.Certificates[i].Certificate, b.Config.Certificates[i].Certificate, slices.Equal[[]byte]) {
			return false
		}
	}
	if a.Config.ClientCAs == nil || b.Config.ClientCAs == nil {
		return a.Config.ClientCAs == b.Config.ClientCAs
	}
	return a.Config.ClientCAs.Equal(b.Config.ClientCAs)
}

func (c *clientsChange) Prepare(context.Context) (err error) {
	if c.auth, err = auth.New(c.next, c.s.auth); err != nil {
		return err
	}
	c.set = client.NewSettings(c.next, c.auth, c.s.info(c.next, c.s.sockets.clients.port()))
	return nil
}

// predictPeriod bounds how long a reload waits for a prediction. Comparing the passwords of thousands of
// users whose hashes have changed takes longer.
const predictPeriod = 2 * time.Second

// Predict tells who would be cut.
func (c *clientsChange) Predict(ctx context.Context) []reload.Effect {
	ctx, cancel := context.WithTimeout(ctx, predictPeriod)
	defer cancel()
	return c.s.clients.Predict(ctx, c.set)
}

func (c *clientsChange) Commit() {
	c.old = c.s.clients.Settings()
	c.s.auth = c.auth
	c.s.clients.Apply(c.set)
}

func (c *clientsChange) Settle(ctx context.Context) ([]reload.Effect, error) {
	effects := c.s.clients.Settle(ctx)
	c.s.closeAccounts(c.next)
	c.s.clients.Follow(c.old)
	return effects, nil
}

var processKeys = []string{"pid_file", "ports_file_dir", "memory_limit", "prof_block_rate", "max_closed_clients"}

// processChange is about the process as others see it: its files and its use of memory.
type processChange struct {
	reload.Base
	s         *Server
	old, next *config.Options
	pid       *staged.File
}

func (s *Server) planProcess(old, next *config.Options) (reload.Change, error) {
	if old.PIDFile == next.PIDFile && old.PortsFileDir == next.PortsFileDir && old.MemoryLimit == next.MemoryLimit &&
		old.ProfBlockRate == next.ProfBlockRate && old.Limits.MaxClosedClients == next.Limits.MaxClosedClients &&
		portsOf(old) == portsOf(next) {
		return nil, nil
	}
	return &processChange{s: s, old: old, next: next}, nil
}

// announced is what the ports file depends on.
type announced struct {
	dir                               string
	clients, monitor, profile, routes endpoint
	tls, routesTLS                    bool
}

func portsOf(o *config.Options) announced {
	if o.PortsFileDir == "" {
		return announced{}
	}
	return announced{
		o.PortsFileDir, clientEndpoint(o), monitorEndpoint(o), profileEndpoint(o), clusterEndpoint(o),
		o.TLS != nil, clusterTLS(o) != nil,
	}
}

func (c *processChange) Prepare(context.Context) (err error) {
	if c.next.PIDFile != "" && c.next.PIDFile != c.old.PIDFile {
		if c.pid, err = process.StagePID(c.next.PIDFile, os.Getpid()); err != nil {
			return fmt.Errorf("pid_file: %w", err)
		}
	}
	if dir := c.next.PortsFileDir; dir != "" && dir != c.old.PortsFileDir {
		info, err := os.Stat(dir)
		if err != nil {
			return fmt.Errorf("ports_file_dir: %w", err)
		}
		if !info.IsDir() {
			return fmt.Errorf("ports_file_dir: %s is not a directory", dir)
		}
	}
	return nil
}

func (c *processChange) Abort() {
	if c.pid != nil {
		_ = c.pid.Discard() // a temporary file that nobody knows
	}
}

func (c *processChange) Commit() {
	c.s.conns.Closed.Resize(c.next.Limits.MaxClosedClients)
	runtime.SetBlockProfileRate(c.next.ProfBlockRate)
}

func (c *processChange) Settle(context.Context) ([]reload.Effect, error) {
	var errs []error
	if c.pid != nil {
		errs = append(errs, c.pid.Commit())
	}
	if c.old.PIDFile != "" && c.old.PIDFile != c.next.PIDFile {
		errs = append(errs, os.Remove(c.old.PIDFile))
	}
	if c.old.MemoryLimit != c.next.MemoryLimit {
		_, err := process.LimitMemory(c.next.MemoryLimit.Auto, c.next.MemoryLimit.Bytes)
		errs = append(errs, err)
	}
	if c.old.PortsFileDir != c.next.PortsFileDir {
		c.s.removePorts(c.old)
	}
	c.s.writePorts(c.next)
	return nil, errors.Join(errs...)
}
