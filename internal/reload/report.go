package reload

import (
	"slices"
	"time"

	"natsd/internal/config/syntax"
	"natsd/internal/event"
)

// Result is how an attempt ended.
type Result string

// The results.
const (
	Applied  Result = "applied" // the new configuration is in force; of a dry run: it would be
	NoChange Result = "noop"    // there was no difference
	Refused  Result = "refused" // nothing was changed, for the reasons in Problems
	// Failed is an attempt that was called off, with nothing changed, or one whose commit broke in a
	// component; Generation tells which.
	Failed Result = "failed"
)

// State names one configuration.
type State struct {
	Revision int      // in the history; 0 when it has none
	Digest   string   // config_digest; empty without a file
	Files    []string // that were read
}

// Problem is one reason for a refusal, or one warning.
type Problem struct {
	syntax.Problem
	Code      string // for machines, one of the Code constants
	Component string // that found it; empty when reading the configuration did
}

// The codes of problems.
const (
	CodeInvalid   = "config_invalid"          // the configuration is wrong
	CodePending   = "feature_disabled"        // it asks for what this version does not have
	CodeGuard     = "auth_removal"            // it takes away what the guard protects
	CodeRestart   = "reload_requires_restart" // a key cannot change while the server runs
	CodeRejected  = "reload_rejected"         // a component refused
	CodeCalledOff = "called_off"              // who asked went away
	CodeInternal  = "internal"                // a component panicked
	CodeCondition = "precondition_failed"     // what the request was made for is not so any more
	CodeWarning   = "warning"
)

// Report is what came of one attempt. It is complete when it is handed out and never changed
// afterwards. It holds no secret.
type Report struct {
	Revision   int    // number of this attempt in the history; 0 when it is not kept there
	Generation uint64 // of the configuration that is in force after the attempt
	Request    Request
	// PlanID names what this attempt does or would do: the same step from the same configuration to
	// the same one, files that keys name included. It is empty when there was nothing to load.
	PlanID    string
	When      time.Time // the attempt began
	Duration  time.Duration
	Result    Result
	Verdict   Verdict // the worst of Changes
	From, To  State
	Changes   []Field         // sorted by path; the first 1000
	Omitted   int             // further changes
	Summary   map[Verdict]int // all changes by verdict
	Predicted Effects         // what the components expected after preparing
	Effects   Effects         // what happened
	Pending   []string        // keys that wait for a restart
	Warnings  []Problem       // of the configuration, and of what could not be brought into line
	Problems  []Problem       // reasons of a refusal or failure
	// Joined is the number of further requests that this attempt served: they came while another one
	// ran, and asked for the same.
	Joined int
}

// Kind implements [event.Data].
func (r *Report) Kind() event.Kind {
	switch {
	case r.Request.DryRun:
		return event.ReloadPlanned
	case r.Result == Applied && r.Request.RollsBack != 0:
		return event.ReloadRolledBack
	case r.Result == Applied, r.Result == NoChange:
		return event.ReloadApplied
	default:
		return event.ReloadRejected
	}
}

// Passed says that a revision has served well for its time of probation, or was confirmed.
type Passed struct{ Revision int }

// Kind implements [event.Data].
func (Passed) Kind() event.Kind { return event.ReloadProbationPassed }

// briefly is how many reasons of a refusal a brief report holds.
const briefly = 10

// Brief is the report with the first reasons of a refusal and without its other lists, for those who keep
// many of them.
func (r *Report) Brief() *Report {
	b := *r
	b.Changes, b.Predicted.List, b.Effects.List, b.Warnings = nil, nil, nil, nil
	b.Problems = slices.Clone(r.Problems[:min(len(r.Problems), briefly)])
	return &b
}

// Moved tells that another configuration came into force.
func (r *Report) Moved() bool {
	return !r.Request.DryRun && (r.Result == Applied || r.Result == Failed && r.To.Revision != 0)
}
