package reload

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"natsd/internal/config"
	"natsd/internal/config/syntax"
)

// attempt is one pass through the transaction. It lives on one goroutine.
type attempt struct {
	m      *Manager
	req    Request
	own    bool // the configuration is not what the files say
	old    *config.Options
	next   *config.Options
	report *Report
	found  changes
	// differs tells that the snapshots do; what is pending since an earlier reload does not count.
	differs bool
	steps   []step // of the components that have something to do
	held    []int  // components that a partial reload goes on without
}

// step is the change of one component.
type step struct {
	name   string
	change Change
}

// attempt runs the whole transaction. It is called by one goroutine at a time.
func (m *Manager) attempt(ctx context.Context, req Request, joined int, load loader) *Report {
	s := m.state.Load()
	a := &attempt{m: m, req: req, own: load.own, old: s.options, report: &Report{
		Request: req, When: time.Now(), Joined: joined, Generation: s.generation, From: stateOf(s.options, s.revision),
	}}
	a.report.Result = a.run(ctx, load)
	a.report.Duration = time.Since(a.report.When)
	a.finish()
	if m.setup.Done != nil {
		m.setup.Done(a.report)
	}
	return a.report
}

// run goes through the phases and returns at the first that ends the attempt.
func (a *attempt) run(ctx context.Context, load loader) Result {
	if ctx.Err() != nil {
		return a.callOff(ctx)
	}
	if !a.load(load) || !a.conditions() || !a.plan() {
		return Refused
	}
	if !a.differs && len(a.steps) == 0 {
		return NoChange
	}
	prepared, ok := a.prepare(ctx)
	if ok {
		a.predict(ctx)
	}
	switch {
	case ctx.Err() != nil:
		a.abort(prepared)
		return a.callOff(ctx)
	case !ok:
		a.abort(prepared)
		return Refused
	case a.req.DryRun:
		a.abort(prepared)
		return Applied
	}
	whole := a.commit()
	a.publish(a.report.Generation + 1)
	a.settle(ctx)
	if !whole {
		return Failed
	}
	return Applied
}

// load reads the configuration.
func (a *attempt) load(load loader) bool {
	var found *config.Report
	err := a.protect("config", "load", func() error {
		a.next, found = load.read()
		return nil
	})
	if err != nil {
		return a.refuse(problemOf("config", CodeInternal, err))
	}
	if found != nil {
		for _, p := range found.Warnings() {
			a.report.Warnings = append(a.report.Warnings, Problem{Code: CodeWarning, Problem: p})
		}
		for _, p := range found.Errors() {
			a.refuse(Problem{Code: CodeInvalid, Problem: p})
		}
	}
	if a.next == nil {
		if len(a.report.Problems) == 0 {
			a.refuse(Problem{Code: CodeInvalid, Problem: syntax.Problem{Message: "there is no configuration"}})
		}
		return false
	}
	a.report.To = stateOf(a.next, 0)
	a.report.PlanID = planID(a.report.From, a.next)
	return len(a.report.Problems) == 0
}

// conditions refuses what the caller wanted on conditions that do not hold any more.
func (a *attempt) conditions() bool {
	r := a.report
	met := func(ok bool, message string) {
		if !ok {
			a.refuse(Problem{Code: CodeCondition, Problem: syntax.Problem{Message: message}})
		}
	}
	met(a.req.IfRevision == 0 || a.req.IfRevision == r.From.Revision,
		fmt.Sprintf("revision %d is not in force: it is revision %d", a.req.IfRevision, r.From.Revision))
	met(a.req.IfDigest == "" || a.req.IfDigest == r.From.Digest,
		fmt.Sprintf("the configuration in force is not %s: it is %s", a.req.IfDigest, r.From.Digest))
	met(a.req.Plan == "" || a.req.Plan == r.PlanID,
		fmt.Sprintf("plan %s does not hold any more: the configuration in force or the new one has changed since, and the plan is %s", a.req.Plan, r.PlanID))
	return len(r.Problems) == 0
}

// plan asks everybody, so that all refusals are seen at once.
func (a *attempt) plan() bool {
	a.found = Diff(a.old, a.next)
	a.differs = len(a.found) > 0
	for _, p := range a.next.Refusals() {
		a.refuse(Problem{Code: CodePending, Problem: p})
		a.found.reject(p.Key, Rejected, p.Message)
	}
	for _, p := range guard(a.old, a.next) {
		if !a.old.AllowAuthRemoval && !a.req.AllowAuthRemoval {
			a.refuse(Problem{Code: CodeGuard, Problem: p})
			a.found.reject(p.Key, Rejected, p.Message)
		} else {
			p.Warning = true
			a.report.Warnings = append(a.report.Warnings, Problem{Code: CodeGuard, Problem: p})
		}
	}
	for i, c := range a.m.setup.Components {
		a.planOne(i, c)
	}
	a.found.attribute(a.m.setup.Components)
	return len(a.report.Problems) == 0
}

func (a *attempt) planOne(i int, c Component) {
	var change Change
	var fields []Field
	err := a.protect(c.Name(), "plan", func() (err error) {
		if change, err = c.Plan(a.m.base[i], a.next); err == nil && change != nil {
			fields = change.Diff()
		}
		return err
	})
	if err != nil {
		a.planFailed(i, c, err)
		return
	}
	for _, f := range fields {
		f.Component = cmp.Or(f.Component, c.Name())
		a.found.put(f)
	}
	if change != nil {
		a.steps = append(a.steps, step{name: c.Name(), change: change})
	}
}

// planFailed refuses, or goes on without the component when the mode permits.
func (a *attempt) planFailed(i int, c Component, err error) {
	keys, other := keyErrors(err)
	partial := a.req.Mode == Partial && len(other) == 0
	if partial {
		a.held = append(a.held, i)
	}
	for _, k := range keys {
		a.since(a.m.base[i], k.Path)
		a.found.reject(k.Path, k.Verdict, k.Reason)
		switch {
		case !partial:
			a.refuse(Problem{Component: c.Name(), Code: k.code(), Problem: syntax.Problem{Pos: a.place(k.Path), Key: k.Path, Message: k.Error()}})
		case k.Verdict == Restart:
			a.report.Pending = append(a.report.Pending, k.Path)
		default:
			a.warn(c.Name(), k.Path, k.Error()+"; it keeps its old value")
		}
	}
	for _, e := range other {
		a.refuse(problemOf(c.Name(), codeOf(e), e))
	}
}

// since adds the changes of a key that an earlier partial reload left pending: for the component they
// are changes still.
func (a *attempt) since(base *config.Options, key string) {
	if base == a.old || a.found.below(key, func(*Field) {}) {
		return
	}
	for _, f := range Diff(base, a.next) {
		if below(f.Path, key) {
			a.found.put(f)
		}
	}
}

// keyErrors takes an error apart.
func keyErrors(err error) (keys []*KeyError, other []error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // a wrapped one is one error
		for _, e := range joined.Unwrap() {
			k, o := keyErrors(e)
			keys, other = append(keys, k...), append(other, o...)
		}
		return keys, other
	}
	if k := (*KeyError)(nil); errors.As(err, &k) {
		return []*KeyError{k}, nil
	}
	return nil, []error{err}
}

// prepare returns the steps that have to be aborted if it comes to that.
func (a *attempt) prepare(ctx context.Context) (prepared []step, ok bool) {
	for _, s := range a.steps {
		if ctx.Err() != nil {
			return prepared, true // the caller looks at ctx first
		}
		prepared = append(prepared, s)
		err := a.protect(s.name, "prepare", func() error { return s.change.Prepare(ctx) })
		if err == nil {
			continue
		}
		if ctx.Err() == nil {
			p := problemOf(s.name, codeOf(err), err)
			a.refuse(p)
			a.found.reject(p.Key, Rejected, p.Message)
		}
		return prepared, false
	}
	return prepared, true
}

// abort undoes in reverse order. A component that panics here does not keep the others from it.
func (a *attempt) abort(prepared []step) {
	for _, s := range slices.Backward(prepared) {
		if err := a.protect(s.name, "abort", func() error { s.change.Abort(); return nil }); err != nil {
			a.warn(s.name, "", err.Error())
		}
	}
}

func (a *attempt) predict(ctx context.Context) {
	var all []Effect
	looked := map[string]bool{}
	for _, s := range a.steps {
		p, ok := s.change.(Predictor)
		if !ok {
			continue
		}
		var some []Effect
		if err := a.protect(s.name, "predict", func() error { some = p.Predict(ctx); return nil }); err != nil {
			a.warn(s.name, "", err.Error())
			continue
		}
		all = append(all, some...)
		// An effect without a cause may come from any key of the component.
		looked[s.name] = !slices.ContainsFunc(some, func(e Effect) bool { return e.Dropped && a.found.cause(e.Path) == nil })
	}
	a.found.charge(all)
	a.found.mollify(looked)
	a.report.Predicted = sumUp(all)
}

// commit tells whether every component came through. One that panics here is broken, but the others
// are finished all the same: half a change is the worst of all.
func (a *attempt) commit() bool {
	whole := true
	for _, s := range a.steps {
		if err := a.protect(s.name, "commit", func() error { s.change.Commit(); return nil }); err != nil {
			a.refuse(problemOf(s.name, CodeInternal, err))
			whole = false
		}
	}
	return whole
}

// publish puts the snapshot into force.
func (a *attempt) publish(generation uint64) {
	m := a.m
	a.report.Generation = generation
	if generation != m.state.Load().generation {
		a.report.Revision = m.history.number()
		a.report.To.Revision = a.report.Revision
	} else {
		a.report.To.Revision = a.report.From.Revision
	}
	m.state.Store(&state{options: a.next, generation: generation, revision: a.report.To.Revision})
	for i := range m.base {
		if !slices.Contains(a.held, i) {
			m.base[i] = a.next
		}
	}
	if m.setup.Publish == nil {
		return
	}
	if err := a.protect("manager", "publish", func() error { m.setup.Publish(a.next, generation); return nil }); err != nil {
		a.warn("manager", "", err.Error())
	}
}

// settle lets every component bring into line what lives. The caller's patience does not matter any
// more.
func (a *attempt) settle(ctx context.Context) {
	var all []Effect
	for _, s := range a.steps {
		err := a.protect(s.name, "settle", func() error {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.m.setup.SettleTimeout)
			defer cancel()
			effects, err := s.change.Settle(ctx)
			all = append(all, effects...)
			return err
		})
		if err != nil {
			a.warn(s.name, "", err.Error())
		}
	}
	a.found.charge(all)
	a.report.Effects = sumUp(all)
}

// protect turns a panic of a component into an error that says no more than where.
func (a *attempt) protect(component, phase string, f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Component: component, Phase: phase}
			if report := a.m.setup.OnPanic; report != nil {
				report(component, phase, v, debug.Stack())
			}
		}
	}()
	return f()
}

// PanicError says that a component panicked. What it panicked with is for [Setup].OnPanic only.
type PanicError struct{ Component, Phase string }

// Error implements error.
func (e *PanicError) Error() string {
	return fmt.Sprintf("internal error: %s panicked in phase %s; the log has the details", e.Component, e.Phase)
}

func codeOf(err error) string {
	if p := (*PanicError)(nil); errors.As(err, &p) {
		return CodeInternal
	}
	return CodeRejected
}
