package reload

import (
	"fmt"
	"log/slog"
)

// logged bounds the changes that are logged one by one.
const logged = 50

// Log writes what came of the attempt: the changes, what could not be brought into line, and the line
// that operators and their tools wait for. A dry run is not logged, nor is an attempt that leaves no
// trace.
func (r *Report) Log(l *slog.Logger) {
	if r.Request.DryRun || r.Request.Quiet && r.Result == NoChange {
		return
	}
	if r.Moved() {
		for _, f := range r.Changes[:min(len(r.Changes), logged)] {
			if f.Verdict == Live || f.Verdict == Disruptive {
				l.Info("Reloaded: " + f.String())
			}
		}
		if more := len(r.Changes) + r.Omitted - logged; more > 0 {
			l.Info(fmt.Sprintf("Reloaded: %d more changes", more))
		}
		if r.Effects.Dropped > 0 {
			l.Info(fmt.Sprintf("Reload ended %d connections", r.Effects.Dropped))
		}
	}
	for _, p := range r.Warnings {
		l.Warn(p.Error())
	}
	for _, key := range r.Pending {
		l.Warn(key + " needs a restart to take effect")
	}
	if err := r.Err(); err != nil {
		l.Error("Failed to reload server configuration: " + err.Error())
		return
	}
	l.Info("Reloaded server configuration")
}

// String says what changed in one line, without secrets.
func (f Field) String() string {
	switch {
	case f.Content:
		return fmt.Sprintf("%s: the content of %v changed", f.Path, f.New)
	case f.New != nil:
		return fmt.Sprintf("%s = %v", f.Path, f.New)
	case f.Op == Add:
		return f.Path + " added"
	case f.Op == Remove:
		return f.Path + " removed"
	}
	return f.Path + " changed"
}
