package reload

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
	// DryRun plans, prepares and predicts, then aborts everything. It is not kept in the history.
	DryRun bool
	Mode   Mode
	// Quiet leaves no trace when nothing changed: the snapshot stays the old one, config_load_time
	// with it, and the history gets no entry. It is for the watcher; who asks by hand wants to see
	// that something was done.
	Quiet bool
	// AllowAuthRemoval lets the reload pass the guard, as the key allow_auth_removal of the running
	// configuration does.
	AllowAuthRemoval bool
}
