package api

import "time"

// Logging says what the log takes now. It is the answer of GET and PUT /logging.
type Logging struct {
	Level        string            `json:"level"` // lowest of modules without their own: "trace", "debug", "info", "warn", "error"
	Debug        bool              `json:"debug"`
	Trace        bool              `json:"trace"`
	TraceVerbose bool              `json:"trace_verbose"`
	Modules      map[string]string `json:"modules"` // level by module
	Sample       int               `json:"sample"`  // one in so many debug and trace lines is logged
	Source       string            `json:"source"`  // "config", or "api" until RevertAt or the next reload
	ChangedBy    string            `json:"changed_by,omitempty"`
	RevertAt     *time.Time        `json:"revert_at,omitempty"`
	Format       string            `json:"format"`
	Destination  string            `json:"destination"` // the file, "syslog", the address of a remote one, or "stderr"
	Known        []string          `json:"known_modules"`
	Dropped      uint64            `json:"lines_dropped"`
	DryRun       bool              `json:"dry_run,omitempty"`
}

// SetLogging is the body of PUT /logging. What is left out stays as it is.
type SetLogging struct {
	Level        string            `json:"level,omitempty"` // sets debug and trace as well
	Debug        *bool             `json:"debug,omitempty"`
	Trace        *bool             `json:"trace,omitempty"`
	TraceVerbose *bool             `json:"trace_verbose,omitempty"`
	Modules      map[string]string `json:"modules,omitempty"` // "" takes a module's own level away
	Sample       *int              `json:"sample,omitempty"`
	RevertAfter  string            `json:"revert_after,omitempty"` // duration; without one it stays until the next reload
}

// LogLine is one line of GET /logging/stream.
type LogLine struct {
	V       int            `json:"v"`
	Type    string         `json:"type"` // LogEvent
	Time    time.Time      `json:"time"`
	Level   string         `json:"level"`
	Module  string         `json:"module,omitempty"`
	CID     uint64         `json:"cid,omitempty"`
	Account string         `json:"account,omitempty"`
	Message string         `json:"message"`
	Attrs   map[string]any `json:"attrs,omitempty"`
	Text    string         `json:"text"` // all of it in one line
}

// LogEvent is the type of a line in a stream.
const LogEvent = "log"
