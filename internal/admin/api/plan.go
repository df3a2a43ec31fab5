package api

import "time"

// Plan says what a reload would do, or has done.
type Plan struct {
	PlanID     string         `json:"plan_id,omitempty"`
	Revision   int            `json:"revision"` // number of the attempt in the history; 0 when it is not kept there
	Generation uint64         `json:"generation"`
	Who        string         `json:"who"`
	Why        string         `json:"why,omitempty"`
	Time       time.Time      `json:"time"`
	DryRun     bool           `json:"dry_run"`
	Mode       string         `json:"mode"`             // "strict" or "partial"
	Joined     int            `json:"joined,omitempty"` // further requests that this attempt served
	From       State          `json:"from"`
	To         State          `json:"to"`
	Verdict    string         `json:"verdict"` // the worst of the changes
	Changes    []Change       `json:"changes"`
	Omitted    int            `json:"changes_omitted,omitempty"`
	Summary    map[string]int `json:"summary"` // changes by verdict
	Predicted  Effects        `json:"predicted"`
	Effects    Effects        `json:"effects"`
	Warnings   []Item         `json:"warnings"`
	Errors     []Item         `json:"errors"`
	Result     Result         `json:"result"`
}

// State names one configuration.
type State struct {
	Revision int      `json:"revision,omitempty"`
	Digest   string   `json:"digest"`
	Files    []string `json:"files,omitempty"`
}

// The verdicts of a [Change], from the best to the worst.
const (
	VerdictNoop       = "noop"
	VerdictLive       = "live"
	VerdictDisruptive = "live-disruptive"
	VerdictRestart    = "restart"
	VerdictRejected   = "rejected"
)

// Change is one difference between two configurations. A secret is "[REDACTED]".
type Change struct {
	Pointer   string  `json:"pointer"`
	Path      string  `json:"path"` // the same in the spelling of the reference
	Op        string  `json:"op"`   // "add", "remove" or "replace"
	Old       any     `json:"old,omitempty"`
	New       any     `json:"new,omitempty"`
	Content   bool    `json:"content,omitempty"` // a file holds something else under the same name
	Verdict   string  `json:"verdict"`
	Reason    string  `json:"reason,omitempty"`
	Component string  `json:"component,omitempty"`
	Effect    Counts  `json:"effect"`
	Source    *Source `json:"source,omitempty"`
}

// Source is where a value comes from: a place in a file, a flag, or an environment variable.
type Source struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Flag   string `json:"flag,omitempty"`
	Env    string `json:"env,omitempty"`
}

// Counts is how many connections a change concerns.
type Counts struct {
	Affected int `json:"connections_affected"`
	Dropped  int `json:"connections_dropped"`
	Subs     int `json:"subscriptions_removed"`
}

// Effects is what a reload does to connections.
type Effects struct {
	Counts
	List []Effect `json:"connections,omitempty"` // the first of them, dropped ones first
}

// Effect is what a reload does to one connection.
type Effect struct {
	CID     uint64 `json:"cid"`
	Reason  string `json:"reason"`
	Dropped bool   `json:"dropped"`
	Subs    int    `json:"subscriptions_removed,omitempty"`
	Path    string `json:"path,omitempty"` // of the change that causes it
	User    string `json:"user,omitempty"`
	Account string `json:"account,omitempty"`
}

// The outcomes of a [Result].
const (
	OutcomeApplied = "applied"
	OutcomeNoop    = "noop"
	OutcomeRefused = "refused"
	OutcomeFailed  = "failed"
)

// Result is what came of an attempt.
type Result struct {
	Outcome    string   `json:"outcome"`
	Applied    bool     `json:"applied"`  // another configuration is in force now
	Revision   *int     `json:"revision"` // of it
	Duration   float64  `json:"duration_ms"`
	RolledBack bool     `json:"rolled_back"`
	Pending    []string `json:"pending_restart"`
}

// Reload is the state of reloading.
type Reload struct {
	Running    bool              `json:"running"` // an attempt is under way
	Generation uint64            `json:"generation"`
	Revision   int               `json:"revision"` // in force
	Digest     string            `json:"digest"`
	LoadedAt   time.Time         `json:"loaded_at"`
	Pending    []string          `json:"pending_restart"`
	Counts     map[string]uint64 `json:"counts"` // attempts by outcome
	Last       *Plan             `json:"last,omitempty"`
	Drift      *Drift            `json:"drift,omitempty"`
	Probation  *Probation        `json:"probation,omitempty"`
	Watcher    Watcher           `json:"watcher"`
}

// Watcher is the state of the watcher of the configuration files.
type Watcher struct {
	Enabled     bool          `json:"enabled"`
	Mode        string        `json:"mode"`             // "off", "events" or "polling"
	Reason      string        `json:"reason,omitempty"` // why it polls
	PausedUntil *time.Time    `json:"paused_until,omitempty"`
	Quiet       string        `json:"quiet"`
	Poll        string        `json:"poll"`
	Files       []WatchedFile `json:"files"`
	LastEvent   *time.Time    `json:"last_event,omitempty"`
	LastChange  *time.Time    `json:"last_change,omitempty"`
	Settling    bool          `json:"settling"`
	Pending     []string      `json:"pending"` // files that differ from what is in force
	LastError   string        `json:"last_error,omitempty"`
	LastErrorAt *time.Time    `json:"last_error_at,omitempty"`
	Changes     uint64        `json:"changes"`
	Refused     uint64        `json:"refused"`
	Suppressed  uint64        `json:"suppressed"`
	DryRun      bool          `json:"dry_run,omitempty"` // this is how it would be
}

// WatchedFile is one file that the watcher looks at.
type WatchedFile struct {
	Path  string `json:"path"`
	Fault string `json:"fault,omitempty"` // why it cannot be read
}

// SetWatcher is the body of PUT /reload/watcher. What is left out stays.
type SetWatcher struct {
	Enabled    *bool      `json:"enabled,omitempty"`
	PauseUntil *time.Time `json:"pause_until,omitempty"`
}

// ReloadRequest is the body of POST /reload; every field may stand in the query instead.
type ReloadRequest struct {
	DryRun           bool   `json:"dry_run,omitempty"`
	Mode             string `json:"mode,omitempty"` // "strict" when empty
	PlanID           string `json:"plan_id,omitempty"`
	RollbackOn       string `json:"rollback_on,omitempty"` // "unhealthy" when empty, "error" or "never"
	Probation        string `json:"probation,omitempty"`   // how long the server watches its health; admin.probation when empty
	Reason           string `json:"reason,omitempty"`
	Wait             string `json:"wait,omitempty"` // how long to wait for a reload under way; not at all when empty
	AllowAuthRemoval bool   `json:"allow_auth_removal,omitempty"`
}

// File is one file of the configuration.
type File struct {
	Path    string     `json:"path"`
	Key     string     `json:"key,omitempty"` // that names it; empty for the configuration file and its includes
	Size    int        `json:"size"`
	Digest  string     `json:"digest"`
	MTime   *time.Time `json:"mtime,omitempty"` // on disk now; none when it is gone
	Watched bool       `json:"watched"`
	Changed bool       `json:"changed"` // differs on disk from what is in force
}

// Revision is one entry of the history.
type Revision struct {
	Revision int       `json:"revision"`
	Digest   string    `json:"digest"`
	Time     time.Time `json:"time"`
	Trigger  string    `json:"trigger"` // "start", "signal", "watcher", "api" or "sys"
	Actor    string    `json:"actor,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Result   string    `json:"result"`
	Verdict  string    `json:"verdict"`
	Changes  int       `json:"changes"`
	Dropped  int       `json:"connections_dropped"`
	Current  bool      `json:"current"`
}

// RevisionDetail is one revision with its configuration, secrets hidden.
type RevisionDetail struct {
	Revision
	Plan  *Plan             `json:"plan"`
	Files []File            `json:"files"`
	Texts map[string]string `json:"texts"` // of the configuration file and its includes
}

// Validation is what a check of a configuration has found.
type Validation struct {
	Valid    bool   `json:"valid"`
	Digest   string `json:"digest,omitempty"`
	Errors   []Item `json:"errors"`
	Warnings []Item `json:"warnings"`
}

// ValidateRequest is the body of POST /config/validate. A configuration may be sent as text/x-nats-conf in
// its place; an empty body stands for the files of the server.
type ValidateRequest struct {
	Text string `json:"text,omitempty"`
	Path string `json:"path,omitempty"` // of a file on the server's machine; for the role admin
}

// DiffRequest is the body of POST /config/diff. From and To are "running", "file", or the number of a
// revision; Text or Path stand in place of To.
type DiffRequest struct {
	From string `json:"from,omitempty"` // "running" when empty
	To   string `json:"to,omitempty"`   // "file" when empty
	Text string `json:"text,omitempty"`
	Path string `json:"path,omitempty"` // of a file on the server's machine; for the role admin
}

// ConfirmRequest is the body of POST /config/probation/confirm.
type ConfirmRequest struct {
	Revision int `json:"rev"`
}

// Drift says that the configuration in force is not that of the files.
type Drift struct {
	Revision int       `json:"revision"`
	Since    time.Time `json:"since"`
	Who      string    `json:"who"`
	Why      string    `json:"why,omitempty"`
	Changes  int       `json:"changes"` // differences to the files then; -1 when those were not valid
}

// Probation says that a revision has to prove itself.
type Probation struct {
	Revision int       `json:"revision"`
	Until    time.Time `json:"until"`
}
