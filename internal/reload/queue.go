package reload

import (
	"context"
	"slices"
	"sync"
)

// queue lets one attempt run at a time. Requests that come meanwhile wait; neighbours that ask for
// the same are carried out as one, by the last of them.
type queue struct {
	mu      sync.Mutex // a leaf
	busy    bool
	waiting []*ticket
}

// ticket is one request that waits.
type ticket struct {
	req     Request
	own     bool          // it brings a configuration of its own
	turn    chan struct{} // closed when it may run, or another one runs in its place
	leader  *ticket       // that runs in its place; set before turn is closed
	joined  int           // tickets it runs for besides itself
	quiet   bool          // of all of them together
	done    chan struct{} // closed when it has run
	report  *Report       // set before done is closed
	aborted bool          // its own context ended: the others have to ask again
}

// run carries out attempt when its turn comes, or waits for one that does the same later. The error
// is that of ctx, when it ended before the attempt began.
func (q *queue) run(ctx context.Context, req Request, own bool, attempt func(joint Request, joined int) *Report) (*Report, error) {
	for {
		t := &ticket{req: req, own: own, turn: make(chan struct{}), done: make(chan struct{}), quiet: req.Quiet}
		if err := q.wait(ctx, t); err != nil {
			return nil, err
		}
		if t.leader == nil {
			return q.lead(ctx, t, attempt), nil
		}
		select {
		case <-t.leader.done:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		if !t.leader.aborted {
			return t.leader.report, nil
		}
	}
}

// lead runs the attempt and hands the turn on, also when it panics.
func (q *queue) lead(ctx context.Context, t *ticket, attempt func(Request, int) *Report) *Report {
	defer q.next()
	defer close(t.done)
	t.aborted = true
	joint := t.req
	joint.Quiet = t.quiet
	t.report = attempt(joint, t.joined)
	t.aborted = ctx.Err() != nil && t.report.Result == Failed
	return t.report
}

// wait returns when t may run or another one runs in its place.
func (q *queue) wait(ctx context.Context, t *ticket) error {
	q.mu.Lock()
	if !q.busy {
		q.busy = true
		q.mu.Unlock()
		return nil
	}
	q.waiting = append(q.waiting, t)
	q.mu.Unlock()
	select {
	case <-t.turn:
		return nil
	case <-ctx.Done():
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := slices.Index(q.waiting, t); i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
		return context.Cause(ctx)
	}
	return nil // its turn came at the same moment; the attempt sees that ctx has ended
}

// next gives the turn to whoever waits.
func (q *queue) next() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		q.busy = false
		return
	}
	n := 1
	for n < len(q.waiting) && q.waiting[n].same(q.waiting[0]) {
		n++
	}
	leader := q.waiting[n-1]
	leader.joined = n - 1
	for _, t := range q.waiting[:n-1] {
		t.leader = leader
		leader.quiet = leader.quiet && t.quiet
		close(t.turn)
	}
	close(leader.turn)
	q.waiting = slices.Delete(q.waiting, 0, n)
}

// same tells that one attempt answers both.
func (t *ticket) same(o *ticket) bool {
	return t.plain() && o.plain() && t.req.Mode == o.req.Mode && t.req.AllowAuthRemoval == o.req.AllowAuthRemoval &&
		t.req.RollbackOn == o.req.RollbackOn && t.req.Probation == o.req.Probation
}

// plain tells that a ticket wants what the files say now, whatever it is.
func (t *ticket) plain() bool { return !t.own && !t.req.DryRun && !t.req.conditional() }
