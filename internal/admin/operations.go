package admin

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"natsd/internal/admin/api"
	"natsd/internal/admin/filter"
	"natsd/internal/nuid"
	"natsd/internal/task"
)

// Bounds of operations.
const (
	mostRunning  = 16   // at the same time
	keptFinished = 1000 // of those that have ended
	cancelWait   = 2 * time.Second
)

// operations are the things under way that take longer than a request, and the last that have ended.
type operations struct {
	tasks *task.Group

	mu   sync.Mutex // a leaf; guards the fields of each operation too
	all  []*job
	runs int
}

// job is one of them.
type job struct {
	owner *operations
	who   *identity

	// guarded by owner.mu
	shown  api.Operation
	cancel context.CancelFunc
	fixed  bool          // it cannot be called off any more
	ended  chan struct{} // closed at the end
}

// start runs work, whose result is kept. Total is what there is to do.
func (o *operations) start(c *call, kind, reason string, total int, work func(ctx context.Context, op *job) (any, error)) (*job, error) {
	op := &job{owner: o, who: c.who, ended: make(chan struct{}), shown: api.Operation{
		ID: nuid.Next(), Kind: kind, State: api.OperationRunning, Actor: c.who.String(), Reason: reason, Started: time.Now().UTC(),
		Progress: api.Progress{Total: total},
	}}
	ctx, cancel := context.WithCancel(o.tasks.Context())
	op.cancel = cancel
	o.mu.Lock()
	full := o.runs >= mostRunning
	if !full {
		o.runs++
		o.all = append(o.all, op)
		o.forgetLocked()
	}
	o.mu.Unlock()
	if full {
		cancel()
		return nil, api.Problemf(api.Conflict, "%d operations are under way already", mostRunning)
	}
	o.tasks.Go("operation", func(context.Context) {
		defer cancel()
		result, err := work(ctx, op)
		op.finish(result, err)
	})
	return op, nil
}

// forgetLocked lets go of the oldest operations that have ended.
func (o *operations) forgetLocked() {
	for i := 0; len(o.all)-o.runs > keptFinished && i < len(o.all); {
		if o.all[i].shown.Ended != nil {
			o.all = slices.Delete(o.all, i, i+1)
		} else {
			i++
		}
	}
}

func (op *job) finish(result any, err error) {
	op.owner.mu.Lock()
	defer op.owner.mu.Unlock()
	now := time.Now().UTC()
	op.shown.Ended, op.shown.Result, op.shown.State = &now, result, api.OperationDone
	switch {
	case errors.Is(err, context.Canceled):
		op.shown.State = api.OperationCancelled
	case err != nil:
		op.shown.State, op.shown.Error = api.OperationFailed, err.Error()
	}
	op.owner.runs--
	close(op.ended)
}

// progress tells how much has been done.
func (op *job) progress(done, total int) {
	op.owner.mu.Lock()
	defer op.owner.mu.Unlock()
	op.shown.Progress = api.Progress{Done: done, Total: total}
}

// fix ends the time in which the operation can be called off, and reports whether it was not before.
func (op *job) fix(ctx context.Context) bool {
	op.owner.mu.Lock()
	defer op.owner.mu.Unlock()
	op.fixed = ctx.Err() == nil
	return op.fixed
}

// view is how the operation stands.
func (op *job) view() *api.Operation {
	op.owner.mu.Lock()
	defer op.owner.mu.Unlock()
	out := op.shown
	return &out
}

// callOff ends the operation and waits a moment for that. It is an error when it has ended already or
// cannot be called off any more.
func (op *job) callOff(ctx context.Context) error {
	op.owner.mu.Lock()
	state, fixed := op.shown.State, op.fixed
	if state == api.OperationRunning && !fixed {
		op.cancel()
	}
	op.owner.mu.Unlock()
	switch {
	case state != api.OperationRunning:
		return api.Problemf(api.Conflict, "the operation has ended: %s", state)
	case fixed:
		return api.Problemf(api.Conflict, "the operation cannot be called off any more")
	}
	patience := time.NewTimer(cancelWait)
	defer patience.Stop()
	select {
	case <-op.ended:
	case <-patience.C:
	case <-ctx.Done():
	}
	return nil
}

// accepted answers with an operation that has begun.
func accepted(op *job) answer {
	v := op.view()
	return answer{status: http.StatusAccepted, header: http.Header{"Location": {base + "/operations/" + v.ID}}, value: v}
}

// operationRoutes are the endpoints about operations.
func (a *API) operationRoutes() []route {
	return []route{
		{
			method: http.MethodGet, path: "/operations", role: viewer, perAccount: true, summary: "Operations under way, and the last that have ended.",
			query: listParams, result: api.List[api.Operation]{}, produces: []string{ndjson}, codes: []api.Code{api.CursorExpired}, serve: a.listOperations,
		},
		{
			method: http.MethodGet, path: "/operations/{id}", role: viewer, perAccount: true, summary: "How an operation stands.",
			result: api.Operation{}, codes: []api.Code{api.NotFound},
			serve: func(c *call) (any, error) {
				op, err := c.findOperation()
				if err != nil {
					return nil, err
				}
				return op.view(), nil
			},
		},
		{
			method: http.MethodDelete, path: "/operations/{id}", role: operator, scope: "operations:write", perAccount: true,
			summary: "Call off an operation of one's own; an admin may call off all.",
			query:   []param{dryRun}, result: api.Operation{}, also: []success{{http.StatusAccepted, api.Operation{}}},
			codes: []api.Code{api.NotFound, api.Conflict}, serve: a.cancelOperation,
		},
	}
}

// operationList is the listing of operations, the newest first.
var operationList = &listing[*job]{
	id:    func(op **job) key { return key{N: (*op).shown.Started.UnixNano(), T: (*op).shown.ID} },
	show:  func(_ *call, op **job) (any, error) { return (*op).view(), nil },
	item:  api.Operation{},
	order: "started",
	columns: []column[*job]{
		{names: []string{"started"}, kind: filter.Time, down: true, get: func(op **job) filter.Value {
			return filter.Value{Int: (*op).shown.Started.UnixNano()}
		}},
		words("kind", func(op **job) string { return (*op).shown.Kind }),
		words("state", func(op **job) string { return (*op).view().State }),
		words("actor", func(op **job) string { return (*op).shown.Actor }),
	},
}

// visible tells whether who asks may see an operation: those who are limited to accounts see their own.
func (op *job) visible(c *call) bool {
	return len(c.who.accounts) == 0 || op.who.String() == c.who.String()
}

func (a *API) listOperations(c *call) (any, error) {
	q := operationList.query(c)
	if err := c.valid(); err != nil {
		return nil, err
	}
	a.operations.mu.Lock()
	all := slices.Clone(a.operations.all)
	a.operations.mu.Unlock()
	all = slices.DeleteFunc(all, func(op *job) bool { return !op.visible(c) })
	return q.serve(c, slices.Values(all))
}

func (c *call) findOperation() (*job, error) {
	o := c.api.operations
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, op := range o.all {
		if op.shown.ID == c.path("id") && op.visible(c) {
			return op, nil
		}
	}
	return nil, api.Problemf(api.NotFound, "there is no operation %q", c.path("id"))
}

func (a *API) cancelOperation(c *call) (any, error) {
	dry := c.bool("dry_run")
	if err := c.valid(); err != nil {
		return nil, err
	}
	op, err := c.findOperation()
	if err != nil {
		return nil, err
	}
	if c.who.role < admin && op.who.String() != c.who.String() {
		return nil, api.Problemf(api.Forbidden, "the operation belongs to %s; only he or an admin may call it off", op.who)
	}
	if !dry {
		if err := op.callOff(c.r.Context()); err != nil {
			return nil, err
		}
	}
	v := op.view()
	if v.State == api.OperationRunning && !dry {
		return answer{status: http.StatusAccepted, value: v}, nil
	}
	return v, nil
}
