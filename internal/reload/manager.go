package reload

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"natsd/internal/config"
)

// Setup is what a [Manager] works with. It is not changed after [New].
type Setup struct {
	// Components in the order in which they prepare, commit and settle.
	Components []Component
	// Load reads the configuration anew, for [Manager.Reload].
	Load func() (*config.Options, *config.Report)
	// Publish, if not nil, is told of every snapshot that comes into force, after all commits and
	// before anything settles. Generation did not move when the snapshot differs in nothing that
	// matters. It must not call the manager.
	Publish func(next *config.Options, generation uint64)
	// Done, if not nil, is told of every attempt once, when it is over, in the order of the attempts. It
	// must not call the manager.
	Done func(*Report)
	// OnPanic, if not nil, is told of a component that panicked. Reports do not hold the value: it
	// may show what nobody should see.
	OnPanic func(component, phase string, value any, stack []byte)
	// SettleTimeout bounds each component's Settle; 10 s when zero.
	SettleTimeout time.Duration
	// Keep is the number of attempts in the history; 50 when zero.
	Keep int
	// Folder keeps the history on disk too, and has what earlier runs of the server left there. Nil:
	// in memory only.
	Folder *Folder
	// OnHistory, if not nil, is told of what could not be read back from the folder.
	OnHistory func(error)
}

// Manager owns the configuration that is in force and every way of changing it. All methods may be
// called from any goroutine, but not from a component that is called by the manager.
type Manager struct {
	setup Setup // immutable
	queue queue

	state   atomic.Pointer[state]
	running atomic.Bool

	// Owned by the attempt that runs.
	base    []*config.Options // what each component works from
	history *history          // has a lock of its own

	mu     sync.Mutex // guards what follows; a leaf
	counts map[Result]uint64
	last   *Report
	drift  *Drift   // nil: the files say what is in force; replaced as a whole
	waits  []string // keys that wait for a restart
}

// state is what is in force. It is replaced as a whole.
type state struct {
	options    *config.Options
	generation uint64
	revision   int
}

const (
	defaultSettle = 10 * time.Second
	defaultKeep   = 50
)

// New returns a manager that begins with current in force, as generation 1 and revision 1.
func New(current *config.Options, setup Setup) *Manager {
	if setup.SettleTimeout == 0 {
		setup.SettleTimeout = defaultSettle
	}
	if setup.Keep == 0 {
		setup.Keep = defaultKeep
	}
	for k := range config.Keys {
		if k.Reload == config.Restart {
			setup.Components = append([]Component{registryRestarts{diff: Diff}}, setup.Components...)
			break
		}
	}
	m := &Manager{setup: setup, history: newHistory(setup.Keep, setup.Folder), counts: map[Result]uint64{}}
	m.base = make([]*config.Options, len(setup.Components))
	for i := range m.base {
		m.base[i] = current
	}
	revision, err := m.history.begin(current)
	if err != nil && setup.OnHistory != nil {
		setup.OnHistory(err)
	}
	m.state.Store(&state{options: current, generation: 1, revision: revision})
	return m
}

// Current returns the snapshot that is in force. It is one atomic load.
func (m *Manager) Current() *config.Options { return m.state.Load().options }

// Generation counts the configurations that came into force. It moves after all components have
// committed and before the first settles: a connection that notes it, is decided on, is registered
// and finds it moved must ask again; all others are seen by the components that settle.
func (m *Manager) Generation() uint64 { return m.state.Load().generation }

// Snapshot returns the snapshot in force together with its generation.
func (m *Manager) Snapshot() (*config.Options, uint64) {
	s := m.state.Load()
	return s.options, s.generation
}

// Reload loads the configuration and puts it into force. Attempts are made one at a time. Of
// requests that wait for the same, the last one is carried out, with a configuration that is read
// when its turn comes, and all get its report.
//
// The report is never nil. The error is [Report.Err], or that of ctx when it ended before the
// attempt began. Ctx may call the attempt off until the first component commits; what follows runs
// to its end.
func (m *Manager) Reload(ctx context.Context, req Request) (*Report, error) {
	return m.enter(ctx, req, loader{read: m.setup.Load})
}

// Apply is [Manager.Reload] with a snapshot that the caller has. Next must not be changed any more.
func (m *Manager) Apply(ctx context.Context, next *config.Options, req Request) (*Report, error) {
	return m.ApplyLoaded(ctx, func() (*config.Options, *config.Report) { return next, &config.Report{} }, req)
}

// ApplyLoaded is [Manager.Apply] with a snapshot that is made when the attempt begins.
func (m *Manager) ApplyLoaded(ctx context.Context, load func() (*config.Options, *config.Report), req Request) (*Report, error) {
	return m.enter(ctx, req, loader{read: load, own: true})
}

func (m *Manager) enter(ctx context.Context, req Request, load loader) (*Report, error) {
	report, err := m.queue.run(ctx, req, load.own, func(joint Request, joined int) *Report {
		m.running.Store(true)
		defer m.running.Store(false)
		return m.attempt(ctx, joint, joined, load)
	})
	if err != nil {
		return m.calledOff(req, err), err
	}
	return report, report.Err()
}

// loader brings the configuration of an attempt.
type loader struct {
	read func() (*config.Options, *config.Report)
	own  bool // it does not come from where the running one is read again
}

// Status is the manager at one moment.
type Status struct {
	Running    bool // an attempt is under way
	Generation uint64
	Revision   int
	Last       *Report           // the last attempt that was kept; nil before the first
	Counts     map[Result]uint64 // attempts since the start by result, dry runs and silent ones left out
	Pending    []string          // keys that wait for a restart
	Drift      *Drift            // nil: what is in force is what a reload would read
}

// Drift says that the configuration in force is another one than that of the files: it was given or
// restored, and not written to them. The next reload puts that of the files into force.
type Drift struct {
	Revision int       // that came from elsewhere
	Since    time.Time // it has been in force
	Who, Why string
	// Changes counts the differences from it to the files at that time; -1 when those were no valid
	// configuration.
	Changes int
}

// Status tells how things stand.
func (m *Manager) Status() Status {
	s := m.state.Load()
	m.mu.Lock()
	defer m.mu.Unlock()
	return Status{
		Running: m.running.Load(), Generation: s.generation, Revision: s.revision, Last: m.last, Counts: maps.Clone(m.counts),
		Pending: m.waits, Drift: m.drift,
	}
}
