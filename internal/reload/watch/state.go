package watch

import "time"

// Mode says how changes are found.
type Mode string

// The modes.
const (
	Off     Mode = "off"
	Events  Mode = "events"
	Polling Mode = "polling" // at intervals, and by events where there are any
)

// State is what people want to know of a watcher. It holds nothing of the files' contents.
type State struct {
	Enabled bool
	Mode    Mode
	// Reason says why events do not suffice: why the mode is polling, or should be and is not because
	// Poll is 0.
	Reason string
	Quiet  time.Duration
	Poll   time.Duration
	// PausedUntil is the end of a pause; zero when there is none.
	PausedUntil time.Time
	Files       []FileState // sorted by path
	// LastEvent is when the last sign of a change was seen, LastChange when contents were found to
	// differ from what was loaded last. Both are zero before the first one.
	LastEvent  time.Time
	LastChange time.Time
	// Settling says that a change was seen that is not looked at yet.
	Settling bool
	// Pending lists the files that differ from what was loaded last: a change that was refused, or is
	// being loaded.
	Pending []File
	// LastError is why the pending contents were refused; empty when nothing was.
	LastError   string
	LastErrorAt time.Time

	Changes    uint64 // calls made
	Refused    uint64 // calls that ended with an error
	Suppressed uint64 // signs of a change that led to no call
}

func (s *State) set(to Settings) {
	s.Enabled, s.Quiet, s.Poll, s.PausedUntil = to.Enabled, to.Quiet, to.Poll, to.PausedUntil
}

// FileState is one watched file.
type FileState struct {
	File
	// Fault says why the file has no contents; empty when it has.
	Fault string
}
