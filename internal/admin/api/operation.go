package api

import "time"

// The states of an [Operation].
const (
	OperationRunning   = "running"
	OperationDone      = "done"
	OperationFailed    = "failed"
	OperationCancelled = "cancelled"
)

// Operation is something that takes its time: a mass kick, a drain, lame duck mode.
type Operation struct {
	ID       string     `json:"id"`
	Kind     string     `json:"kind"` // "kick", "drain" or "lame_duck"
	State    string     `json:"state"`
	Actor    string     `json:"actor"`
	Reason   string     `json:"reason,omitempty"`
	Started  time.Time  `json:"started"`
	Ended    *time.Time `json:"ended,omitempty"`
	Progress Progress   `json:"progress"`
	Result   any        `json:"result,omitempty"`
	Error    string     `json:"error,omitempty"`
}

// Progress says how far an operation has come.
type Progress struct {
	Done  int `json:"done"`
	Total int `json:"total"`
}

// LameDuckRequest is the body of POST /server/lame-duck. What is left out is as configured.
type LameDuckRequest struct {
	Duration string `json:"duration,omitempty"`
	Grace    string `json:"grace_period,omitempty"`
	Reason   string `json:"reason,omitempty"`
	DryRun   bool   `json:"dry_run,omitempty"`
}

// LameDuckPlan is what lame duck mode would do.
type LameDuckPlan struct {
	DryRun      bool   `json:"dry_run"`
	Connections int    `json:"connections"`
	Duration    string `json:"duration"`
	Grace       string `json:"grace_period"`
}
