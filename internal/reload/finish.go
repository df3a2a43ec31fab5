package reload

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"natsd/internal/config"
	"natsd/internal/config/syntax"
)

// refuse adds a reason and returns false.
func (a *attempt) refuse(p Problem) bool {
	a.report.Problems = append(a.report.Problems, p)
	return false
}

func (a *attempt) warn(component, key, message string) {
	a.report.Warnings = append(a.report.Warnings, Problem{Component: component, Code: CodeWarning, Problem: syntax.Problem{Key: key, Message: message, Warning: true}})
}

// problemOf keeps the place that an error knows.
func problemOf(component, code string, err error) Problem {
	p := Problem{Component: component, Code: code, Problem: syntax.Problem{Message: err.Error()}}
	if placed, ok := errors.AsType[syntax.Problem](err); ok {
		p.Problem = placed
	}
	return p
}

// callOff ends an attempt whose context has ended. Nothing was changed.
func (a *attempt) callOff(ctx context.Context) Result {
	a.refuse(Problem{Code: CodeCalledOff, Problem: syntax.Problem{Message: "called off: " + context.Cause(ctx).Error()}})
	return Failed
}

// calledOff is the report of a request whose turn never came.
func (m *Manager) calledOff(req Request, err error) *Report {
	s := m.state.Load()
	return &Report{
		Request: req, Result: Failed, When: time.Now(), Generation: s.generation, From: stateOf(s.options, s.revision),
		Problems: []Problem{{Code: CodeCalledOff, Problem: syntax.Problem{Message: "called off before it began: " + err.Error()}}},
	}
}

func stateOf(o *config.Options, revision int) State {
	return State{Revision: revision, Digest: o.Digest, Files: o.Files}
}

// finish completes the report and keeps it.
func (a *attempt) finish() {
	r := a.report
	if r.Result == NoChange && !r.Request.DryRun && !r.Request.Quiet {
		a.publish(r.Generation)
	}
	r.list(a.found)
	if len(a.steps) > 0 {
		r.Verdict = max(r.Verdict, Live)
	}
	if r.Predicted.Dropped+r.Effects.Dropped > 0 {
		r.Verdict = max(r.Verdict, Disruptive)
	}
	a.standing()
	if r.Request.DryRun || r.Request.Quiet && r.Result == NoChange {
		return
	}
	if r.Revision == 0 {
		r.Revision = a.m.history.number()
	}
	if err := a.m.history.save(r, a.next); err != nil {
		a.warn("history", "admin.history.dir", err.Error())
	}
	a.m.keep(r, a.next)
}

// list puts changes into the report and sums them up.
func (r *Report) list(found []Field) {
	r.Summary = map[Verdict]int{}
	for _, f := range found {
		r.Verdict = max(r.Verdict, f.Verdict)
		r.Summary[f.Verdict]++
	}
	shown := min(len(found), listed)
	r.Changes, r.Omitted = slices.Clip(found[:shown]), len(found)-shown
}

// standing notes how what is in force now stands to the files, and what it keeps for a restart.
func (a *attempt) standing() {
	r, m := a.report, a.m
	if r.Request.DryRun || r.Result != NoChange && !r.Moved() {
		return
	}
	drift := a.drifts()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drift, m.waits = drift, r.Pending
}

// drifts compares a configuration that came from elsewhere with what a reload would read.
func (a *attempt) drifts() *Drift {
	r := a.report
	if !a.own || a.m.setup.Load == nil {
		return nil
	}
	d := &Drift{Revision: a.m.state.Load().revision, Since: time.Now(), Who: r.Request.Who, Why: r.Request.Why, Changes: -1}
	err := a.protect("config", "load", func() error {
		if files, _ := a.m.setup.Load(); files != nil {
			d.Changes = len(Diff(a.next, files))
		}
		return nil
	})
	if err == nil && d.Changes == 0 {
		return nil
	}
	return d
}

// Judged tells that the attempt was about what the files say, and came to an end: they are in force, or
// were found wanting. A dry run, an attempt that was called off and one that was made for other
// circumstances tell nothing of that kind.
func (r *Report) Judged() bool {
	condition := func(p Problem) bool { return p.Code == CodeCondition }
	return !r.Request.DryRun && (r.Result != Failed || r.Moved()) && !slices.ContainsFunc(r.Problems, condition)
}

// place returns where the value of a changed key stands.
func (a *attempt) place(path string) syntax.Pos {
	if v, ok := a.next.Values[path]; ok {
		return v.Origin.Pos
	}
	var pos syntax.Pos
	a.found.below(path, func(f *Field) {
		if pos == (syntax.Pos{}) {
			pos = f.Origin.Pos
		}
	})
	return pos
}

// Err is why the attempt came to nothing; nil when it did not. One line, all reasons.
func (r *Report) Err() error {
	if r.Result == Applied || r.Result == NoChange {
		return nil
	}
	errs := make([]string, 0, len(r.Problems))
	for _, p := range r.Problems {
		text := p.Error()
		if p.Hint != "" {
			text += " (" + p.Hint + ")"
		}
		errs = append(errs, text)
	}
	return errors.New(strings.Join(errs, "; "))
}

// keep puts the finished attempt into the history.
func (m *Manager) keep(r *Report, next *config.Options) {
	m.history.add(newEntry(r, next))
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last = r
	m.counts[r.Result]++
}
