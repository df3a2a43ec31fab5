package admin

import (
	"context"
	"time"

	"natsd/internal/admin/api"
	"natsd/internal/ban"
	"natsd/internal/config"
	"natsd/internal/event"
	"natsd/internal/reload"
	"natsd/internal/reload/watch"
	"natsd/internal/status"
)

// Server is what the API asks of the server and makes it do. Its methods may be called from any
// goroutine. Package server implements it.
type Server interface {
	status.Source
	running
	configurable
	connected
	clustered
	// Events tells what happens.
	Events() *event.Hub
}

// running is what there is to see and do about the running program.
type running interface {
	// State is where the server is in its life, one of the states of package status.
	State() string
	// Listeners lists where the server listens.
	Listeners() []status.Listener
	// Conn returns an open connection of a client or leaf node. It is not ok when there is none.
	Conn(cid uint64) (c status.Conn, ok bool)
	// Shutdown ends the server, gracefully for so long at most, and returns when the end has begun.
	Shutdown(graceful bool, timeout time.Duration)
	// ReopenLog opens the log file anew.
	ReopenLog() error
}

// configurable is what there is to do with the configuration of a server. A report is nil when there is
// nothing that could be reloaded; the error then says why.
type configurable interface {
	// Options is the configuration in force.
	Options() *config.Options
	// ReloadReport loads the configuration again and puts it into force.
	ReloadReport(ctx context.Context, req reload.Request) (*reload.Report, error)
	// Restore puts a revision of the history into force again.
	Restore(ctx context.Context, revision int, req reload.Request) (*reload.Report, error)
	// ApplyText puts a text into force in place of the configuration file, and writes it there if
	// admin.write_config says so.
	ApplyText(ctx context.Context, text string, req reload.Request) (*reload.Report, error)

	// LoadCandidate reads and checks a configuration, and nothing else.
	LoadCandidate(c reload.Candidate) (*config.Options, *config.Report, int, error)
	// Compare tells how one configuration differs from another.
	Compare(from, to reload.Candidate) (*reload.Report, error)

	// Probation returns the revision that is on probation, if there is one.
	Probation() (reload.Probation, bool)
	// ConfirmProbation ends the probation of a revision.
	ConfirmProbation(revision int) error

	// WatcherState tells how the watcher of the files fares; the zero State when there is none.
	WatcherState() watch.State
	// SetWatcher switches the watcher on or off, and pauses it; what is nil stays.
	SetWatcher(enabled *bool, pauseUntil *time.Time) error
}

// clustered is what there is to do with other servers of the cluster.
type clustered interface {
	// Targets returns the servers that this one dials.
	Targets() []api.RouteTarget
	// AddTarget dials another one from now on.
	AddTarget(address string) (*api.RouteTarget, error)
	// RemoveTarget stops dialing one that the configuration does not name.
	RemoveTarget(address string) error
}

// connected is what there is to do with those who are connected.
type connected interface {
	// Kick ends a connection and tells the client why. It is false when there is no such connection.
	Kick(cid uint64, actor, reason string) bool
	// Warn tells a client that its connection is about to end. It is false when that cannot be told.
	Warn(cid uint64) bool
	// Ping measures the round trip to a client.
	Ping(ctx context.Context, cid uint64) (time.Duration, error)
	// Bans is who may not connect for a while.
	Bans() *ban.List
	// Retire takes the server out of service. It is called off by ctx, or by moving, until the first client
	// is sent away, and then returns the error of ctx.
	Retire(ctx context.Context, grace, duration time.Duration, moving func() bool, progress func(done, total int)) error
	// Interest tells who wants messages of an account on a subject.
	Interest(account, subj string) *api.Interest
}
