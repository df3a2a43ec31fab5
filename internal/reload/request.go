package reload

import "time"

// Mode says what becomes of changes that cannot be live.
type Mode uint8

// The modes.
const (
	// Strict refuses a reload that holds a key which needs a restart or is rejected.
	Strict Mode = iota
	// Partial puts everything else into force and lists such keys as pending.
	Partial
)

// String returns the word of the configuration and of the admin API.
func (m Mode) String() string { return [...]string{"strict", "partial"}[m] }

// MarshalText implements [encoding.TextMarshaler].
func (m Mode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// Request says who wants a reload and how.
type Request struct {
	Who string // the door: "signal", "watcher", "api", "sys"; with an identity behind it if there is one
	Why string // free text of the operator
	// Name is what the sender of a text calls it: places in it are shown under that, until it is written
	// to the configuration file.
	Name string
	// DryRun plans, prepares and predicts, then aborts everything. It is not kept in the history.
	DryRun bool
	Mode   Mode
	// Quiet leaves no trace when nothing changed: the snapshot stays the old one, config_load_time
	// with it, and the history gets no entry. It is for the watcher; who asks by hand wants to see
	// that something was done.
	Quiet bool
	// Plan is the id of a plan that was shown before, see [Report].PlanID: the reload is refused when
	// it would do something else by now. Empty asks for nothing.
	Plan string
	// IfDigest and IfRevision refuse the reload unless the configuration in force still is this one.
	// Empty and 0 ask for nothing.
	IfDigest   string
	IfRevision int
	// RollbackOn says what makes the server go back to the configuration before, and Probation for how
	// long it watches out for it; 0 is what the new configuration says. The manager only keeps them.
	RollbackOn RollbackOn
	Probation  time.Duration
	// RollsBack is the revision that this one takes back; 0 when it is no way back.
	RollsBack int
	// AllowAuthRemoval lets the reload pass the guard, as the key allow_auth_removal of the running
	// configuration does.
	AllowAuthRemoval bool
}

// RollbackOn says what becomes of a configuration that does no good.
type RollbackOn uint8

// The reasons for going back, each holding the ones after it.
const (
	RollbackUnhealthy RollbackOn = iota // the server does not serve any more, or as for RollbackError
	RollbackError                       // a component broke while it put its part into force
	RollbackNever
)

// String returns the word of the admin API.
func (r RollbackOn) String() string { return [...]string{"unhealthy", "error", "never"}[r] }

// MarshalText implements [encoding.TextMarshaler].
func (r RollbackOn) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// conditional tells that the request holds only for what is in force now, or for one outcome.
func (r *Request) conditional() bool {
	return r.Plan != "" || r.IfDigest != "" || r.IfRevision != 0
}

// Probation says that a revision has to prove itself.
type Probation struct {
	Revision int
	Until    time.Time
}
