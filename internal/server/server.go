package server

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nkeys"

	"natsd/internal/admin"
	"natsd/internal/auth"
	"natsd/internal/ban"
	"natsd/internal/broker"
	"natsd/internal/config"
	"natsd/internal/conn"
	"natsd/internal/event"
	"natsd/internal/link/client"
	"natsd/internal/link/route"
	"natsd/internal/logging"
	"natsd/internal/metrics"
	"natsd/internal/monitor"
	"natsd/internal/reload"
	"natsd/internal/reload/watch"
	"natsd/internal/system"
	"natsd/internal/task"
	"natsd/internal/version"
)

// Server is one natsd. Make it with [New], then call Run once.
type Server struct {
	// immutable
	id         string // public server nkey
	xkey       string // public curve key
	started    time.Time
	log        *logging.Log
	logger     *slog.Logger
	broker     *broker.Broker
	conns      *conn.Registry // of clients
	routeConns *conn.Registry
	tasks      *task.Group
	clients    *client.Link
	routes     *route.Link
	bans       *ban.List
	source     *config.Source // nil: the configuration cannot be read again
	ready      chan struct{}  // closed when clients are served
	duck       chan struct{}  // closed when lame duck mode is through
	halt       chan struct{}  // closed by stopNow
	stopNow    func()         // ends Run

	services  *system.Services
	collector *monitor.Collector
	metrics   *metrics.Exporter
	history   *metrics.History
	reload    *reload.Manager
	admin     *admin.API
	watcher   *watch.Watcher // nil: there are no files; set before ready is closed

	// owned by the reload that runs
	auth    *auth.Auth
	writing *config.Options     // its text is to be written to the configuration file
	written *config.Options     // whose text was written there last; nil: none was
	texts   [][sha256.Size]byte // of the configuration file, that have been in force, the last ones
	before  *config.Options     // what was in force before the one that is; nil: nothing
	inForce struct {
		options    *config.Options
		generation uint64
	}

	wrap      func(reload.Component) reload.Component // nil: components are as they are; immutable
	observers []func(*reload.Report)                  // immutable once Run was called
	probation probation
	watching  watching

	careful atomic.Int32 // reloads that the watcher asks for

	sockets sockets
	loaded  atomic.Int64 // when the configuration in force was read, Unix nanoseconds
	ducking atomic.Bool
	accepts atomic.Bool // the client listener is open
	refused atomic.Bool // the last reload was refused
}

// Option changes how a server is made.
type Option func(*Server)

// WithSource says where the configuration came from, so that it can be read again.
func WithSource(src config.Source) Option {
	return func(s *Server) { s.source = &src }
}

// New builds a server from a configuration. It opens the log but no listener. An error means that
// nothing was left behind.
func New(o *config.Options, opts ...Option) (*Server, error) {
	log, err := logging.Open(logConfig(&o.Logging, o.Limits))
	if err != nil {
		return nil, err
	}
	s, err := build(o, log, opts)
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	return s, nil
}

func build(o *config.Options, log *logging.Log, opts []Option) (*Server, error) {
	id, xkey, err := identity()
	if err != nil {
		return nil, err
	}
	s := &Server{
		id:      id,
		xkey:    xkey,
		started: time.Now(),
		log:     log,
		logger:  logging.Module(log.Logger(), logging.ModuleServer),
		broker:  broker.New(),
		bans:    ban.New(),
		conns:   conn.NewRegistry(o.Limits.MaxClosedClients, event.NewHub()),
		ready:   make(chan struct{}),
		duck:    make(chan struct{}),
		halt:    make(chan struct{}),
	}
	s.stopNow = sync.OnceFunc(func() { close(s.halt) })
	for _, opt := range opts {
		opt(s)
	}
	s.tasks = task.New(context.Background(), s.panicked)
	s.clients = client.New(s.broker, s.conns, s.tasks, log.Logger(), log)
	s.clients.Bans = s.bans
	s.collector = monitor.New(s, s.Options)
	if s.auth, err = auth.New(o, nil); err != nil {
		return nil, err
	}
	s.newRoutes(log)
	s.services = system.New(system.Setup{
		Collector: s.collector, Broker: s.broker, Events: s.Events(), Tasks: s.tasks,
		Log: s.logger, ID: s.id, Info: s.systemInfo, Operator: operator{s}, Sent: &s.conns.Out,
	})
	s.initSockets()
	folder, err := openHistory(o)
	if err != nil {
		return nil, err
	}
	s.reload = reload.New(o, reload.Setup{
		Keep:       o.Admin.HistoryKeep,
		Folder:     folder,
		OnHistory:  s.historyFault,
		Components: s.wrapped(s.components()),
		Load:       s.load,
		Publish:    s.published,
		Done:       s.attempted,
		OnPanic:    s.componentPanicked,
	})
	s.metrics = metrics.New(metrics.Deps{
		Source: s, Monitor: s.collector, Options: s.Options, Reload: s.reload.Status, Watcher: s.WatcherState,
		Admin: func() map[string]uint64 { return s.admin.Requests() },
	})
	s.history = metrics.NewHistory(s, s.collector)
	s.admin = admin.New(admin.Deps{
		Server: s, Reload: s.reload, Monitor: s.collector, Metrics: s.metrics, History: s.history, Tasks: s.tasks,
		Logs: log, Log: logging.Module(log.Logger(), logging.ModuleAdmin),
	})
	if err := s.startAdmin(o); err != nil {
		return nil, err
	}
	s.inForce.options, s.inForce.generation = o, s.reload.Generation()
	s.served(o)
	s.loaded.Store(s.started.UnixNano())
	s.openAccounts(o)
	s.clients.Apply(client.NewSettings(o, s.auth, s.info(o, o.Port)))
	return s, nil
}

// identity makes the keys that name a server for the life of its process.
func identity() (id, xkey string, err error) {
	server, err := nkeys.CreateServer()
	if err != nil {
		return "", "", fmt.Errorf("create server key: %w", err)
	}
	curve, err := nkeys.CreateCurveKeys()
	if err != nil {
		return "", "", fmt.Errorf("create curve key: %w", err)
	}
	if id, err = server.PublicKey(); err != nil {
		return "", "", fmt.Errorf("create server key: %w", err)
	}
	if xkey, err = curve.PublicKey(); err != nil {
		return "", "", fmt.Errorf("create curve key: %w", err)
	}
	return id, xkey, nil
}

// openAccounts makes the accounts of o that are not there yet, offers the server's services in them,
// and sets limits: an account that o only names, or does not have any more, has none.
func (s *Server) openAccounts(o *config.Options) {
	s.openAccount(config.GlobalAccount)
	if o.SystemAccount == "" {
		s.services.SetSystem(nil)
	} else {
		s.services.SetSystem(s.openAccount(o.SystemAccount))
	}
	limits := map[string]*config.AccountLimits{}
	for i := range o.Accounts {
		s.openAccount(o.Accounts[i].Name)
		limits[o.Accounts[i].Name] = &o.Accounts[i].Limits
	}
	for _, a := range s.broker.Accounts() {
		a.SetLimits(limits[a.Name])
	}
}

func (s *Server) openAccount(name string) *broker.Account {
	a := s.broker.Open(name)
	s.services.Open(a)
	return a
}

// closeAccounts forgets the accounts that o does not have, once nobody is in them.
func (s *Server) closeAccounts(o *config.Options) {
	keep := limitsByName(o)
	for _, a := range s.broker.Accounts() {
		if _, ok := keep[a.Name]; !ok && a.Name != config.GlobalAccount && a.Name != o.SystemAccount {
			s.broker.Close(a.Name)
		}
	}
}

// systemInfo is how the server's services introduce it.
func (s *Server) systemInfo() system.ServerInfo {
	o := s.Options()
	flags := config.KnownFeatures()
	maps.Copy(flags, o.FeatureFlags)
	return system.ServerInfo{
		Name: s.name(o), Host: o.Host, ID: s.id, Cluster: s.clusterStatus().Name, Version: version.Protocol,
		Tags: o.Tags, Metadata: o.Metadata, FeatureFlags: flags,
	}
}

// panicked logs a goroutine that failed; the process ends after it.
func (s *Server) panicked(p task.Panic) {
	s.logger.Error(fmt.Sprintf("Panic in %s: %v\n%s", p.Task, p.Value, p.Stack))
}

// Options is the configuration in force.
func (s *Server) Options() *config.Options { return s.reload.Current() }

// Logger is the server's log.
func (s *Server) Logger() *slog.Logger { return s.logger }

// ID is the public key that names the server.
func (s *Server) ID() string { return s.id }

// Ready is closed when the server serves clients.
func (s *Server) Ready() <-chan struct{} { return s.ready }

// Run serves until ctx ends or lame duck mode is through, and returns when all goroutines of the
// server have. The error is nil after a clean stop.
func (s *Server) Run(ctx context.Context) error {
	o := s.Options()
	s.banner(o)
	err := s.start(o)
	if err != nil {
		s.logger.Log(ctx, logging.LevelFatal, err.Error())
	} else {
		close(s.ready)
		select {
		case <-ctx.Done():
		case <-s.duck:
		case <-s.halt:
		}
		s.logger.Info("Initiating Shutdown...")
		s.Events().Publish(event.Stopping{})
		if !s.ducking.Load() { // those who have been told of that know
			s.services.Stopping()
		}
	}
	s.stop()
	s.logger.Info("Server Exiting..")
	return errors.Join(err, s.admin.Close(), s.log.Close())
}

// start opens what the configuration asks for, in the order that people know from the log. What it
// has opened when it fails is closed by stop.
func (s *Server) start(o *config.Options) error {
	if err := s.openSockets(o); err != nil {
		return err
	}
	if err := s.writePID(o); err != nil { // not before: the file may be that of a server which has the ports
		return err
	}
	if err := s.applyRoutes(o); err != nil {
		return err
	}
	s.startSockets(o)
	s.startRoutes(o)
	s.writePorts(o)
	s.startWatcher()
	s.tasks.Go("tidy", s.tidy)
	s.tasks.Go("certificates", s.watchExpiry)
	s.services.Start()
	s.tasks.Go("history", s.history.Run)
	return nil
}

// stop closes everything and waits for it.
func (s *Server) stop() {
	s.accepts.Store(false)
	s.sockets.clients.shut()
	s.sockets.routes.shut()
	s.clients.Stop()
	s.routes.Stop()
	s.tasks.Stop()
	s.sockets.monitor.shut()
	s.sockets.profile.shut()
	s.sockets.adminUnix.shut()
	s.sockets.admin.shut()
	s.tasks.Wait()
	s.removePorts(s.Options())
}

// ReopenLogs opens the log file anew, after somebody has moved it away, and tells the log what came of it.
func (s *Server) ReopenLogs() { _ = s.ReopenLog() }

// ReopenLog is ReopenLogs for those who want to know themselves too.
func (s *Server) ReopenLog() error {
	err := s.log.Reopen()
	switch {
	case errors.Is(err, logging.ErrNotFile):
		s.logger.Info("File log re-open ignored, not a file logger")
	case err != nil:
		s.logger.Error("File log re-open: " + err.Error())
	default:
		s.logger.Info("File log re-opened")
	}
	return err
}

// Events tells what happens in the server.
func (s *Server) Events() *event.Hub { return s.conns.Events }

// ClientAddr is where clients connect to, nil before the server is ready.
func (s *Server) ClientAddr() net.Addr { return s.sockets.clients.addr() }

// MonitorAddr is where monitoring listens, nil if it does not.
func (s *Server) MonitorAddr() net.Addr { return s.sockets.monitor.addr() }

// executable is the name of the program, for the name of the ports file.
func executable() string { return os.Args[0] }
