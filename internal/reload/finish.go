package reload

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"natsd/internal/config"
	"natsd/internal/config/syntax"
)

// listed bounds the connections that a report names.
const listed = 1000

// refuse adds a reason and returns false.
func (a *attempt) refuse(p Problem) bool {
	a.report.Problems = append(a.report.Problems, p)
	return false
}

func (a *attempt) warn(component, key, message string) {
	a.report.Warnings = append(a.report.Warnings, Problem{Component: component, Problem: syntax.Problem{Key: key, Message: message, Warning: true}})
}

// problemOf keeps the place that an error knows.
func problemOf(component string, err error) Problem {
	p := Problem{Component: component, Problem: syntax.Problem{Message: err.Error()}}
	var placed syntax.Problem
	if errors.As(err, &placed) {
		p.Problem = placed
	}
	return p
}

// callOff ends an attempt whose context has ended. Nothing was changed.
func (a *attempt) callOff(ctx context.Context) Result {
	a.refuse(Problem{Problem: syntax.Problem{Message: "called off: " + context.Cause(ctx).Error()}})
	return Failed
}

// calledOff is the report of a request whose turn never came.
func (m *Manager) calledOff(req Request, err error) *Report {
	s := m.state.Load()
	return &Report{Request: req, Result: Failed, Generation: s.generation, From: stateOf(s.options, s.revision),
		Problems: []Problem{{Problem: syntax.Problem{Message: "called off before it began: " + err.Error()}}}}
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
	for _, f := range r.Changes {
		r.Verdict = max(r.Verdict, f.Verdict)
	}
	if r.Predicted.Dropped+r.Effects.Dropped > 0 {
		r.Verdict = max(r.Verdict, Disruptive)
	}
	if r.Request.DryRun || r.Request.Quiet && r.Result == NoChange {
		return
	}
	a.m.keep(a)
}

// merge puts what a component says about its keys over what the registry says.
func (a *attempt) merge(component string, fields []Field) {
	for _, f := range fields {
		f.Component = cmp.Or(f.Component, component)
		if f.Pointer == "" {
			f.at(strings.Split(f.Path, ".")...)
		}
		if i := a.index(f.Path); i >= 0 {
			a.report.Changes[i] = f
		} else {
			a.report.Changes = append(a.report.Changes, f)
		}
	}
}

func (a *attempt) index(path string) int {
	return slices.IndexFunc(a.report.Changes, func(f Field) bool { return f.Path == path })
}

// rejectFrom marks the key of a KeyError; base is what the component works from.
func (a *attempt) rejectFrom(base *config.Options, k *KeyError) {
	if base != a.old && a.index(k.Path) < 0 { // pending since an earlier reload
		for _, f := range Diff(base, a.next) {
			if below(f.Path, k.Path) {
				a.report.Changes = append(a.report.Changes, f)
			}
		}
	}
	a.reject(k.Path, k.Verdict, k.Reason)
}

// reject marks a changed key, or everything that changed below it.
func (a *attempt) reject(path string, v Verdict, reason string) {
	if path == "" {
		return
	}
	found := false
	for i := range a.report.Changes {
		if f := &a.report.Changes[i]; below(f.Path, path) {
			f.Verdict, f.Reason, found = v, reason, true
		}
	}
	if !found {
		f := Field{Verdict: v, Reason: reason}
		f.at(strings.Split(path, ".")...)
		a.report.Changes = append(a.report.Changes, f)
	}
}

// below tells that path is key or inside it.
func below(path, key string) bool {
	return strings.HasPrefix(path, key) && (len(path) == len(key) || path[len(key)] == '.')
}

// attribute names the component of each change, by the longest key that one claims.
func (a *attempt) attribute() {
	for i := range a.report.Changes {
		f, longest := &a.report.Changes[i], -1
		if f.Component != "" {
			continue
		}
		for _, c := range a.m.setup.Components {
			owner, ok := c.(Owner)
			if !ok {
				continue
			}
			for _, key := range owner.Keys() {
				if below(f.Path, key) && len(key) > longest {
					f.Component, longest = c.Name(), len(key)
				}
			}
		}
	}
	slices.SortStableFunc(a.report.Changes, func(x, y Field) int { return cmp.Compare(x.Path, y.Path) })
}

// place returns where the value of a changed key stands.
func (a *attempt) place(path string) syntax.Pos {
	if v, ok := a.next.Values[path]; ok {
		return v.Origin.Pos
	}
	for _, f := range a.report.Changes {
		if below(f.Path, path) {
			return f.Origin.Pos
		}
	}
	return syntax.Pos{}
}

// effects sums up, and counts for each changed key what it causes.
func (a *attempt) effects(all []Effect) Effects {
	for i := range a.report.Changes {
		f := &a.report.Changes[i]
		f.Affected, f.Dropped, f.Subs = 0, 0, 0
	}
	var sum Effects
	for _, e := range all {
		sum.add(e)
		for i := range a.report.Changes {
			if f := &a.report.Changes[i]; e.Path != "" && (below(e.Path, f.Path) || below(f.Path, e.Path)) {
				f.count(e)
				break
			}
		}
	}
	slices.SortStableFunc(all, func(x, y Effect) int {
		switch {
		case x.Dropped == y.Dropped:
			return cmp.Compare(x.CID, y.CID)
		case x.Dropped:
			return -1
		}
		return 1
	})
	sum.List = all[:min(len(all), listed)]
	return sum
}

func (s *Effects) add(e Effect) {
	s.Affected++
	s.Subs += e.Subs
	if e.Dropped {
		s.Dropped++
	}
}

func (f *Field) count(e Effect) {
	f.Affected++
	f.Subs += e.Subs
	if e.Dropped {
		f.Dropped++
		f.Verdict = max(f.Verdict, Disruptive)
	}
}

// Err is why the attempt came to nothing; nil when it did not. One line, all reasons.
func (r *Report) Err() error {
	if r.Result == Applied || r.Result == NoChange {
		return nil
	}
	errs := make([]string, 0, len(r.Problems))
	for _, p := range r.Problems {
		errs = append(errs, p.Error())
	}
	return errors.New(strings.Join(errs, "; "))
}

// keep puts the finished attempt into the history.
func (m *Manager) keep(a *attempt) {
	m.history.add(a)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last = a.report
	m.counts[a.report.Result]++
}
