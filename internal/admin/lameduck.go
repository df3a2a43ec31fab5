package admin

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"natsd/internal/admin/api"
	"natsd/internal/status"
)

// lameDuckRoutes are the endpoints that take the server out of service.
func (a *API) lameDuckRoutes() []route {
	return []route{
		{
			method: http.MethodPost, path: "/server/lame-duck", role: operator, scope: "server:lame-duck",
			summary: "Take the server out of service: no new clients, and after a grace those that are here go one after the other. Then it ends.",
			query:   []param{dryRun}, body: api.LameDuckRequest{}, result: api.Operation{}, status: http.StatusAccepted,
			also: []success{{http.StatusOK, api.LameDuckPlan{}}}, codes: []api.Code{api.Conflict}, serve: a.lameDuck,
		},
		{
			method: http.MethodDelete, path: "/server/lame-duck", role: operator, scope: "server:lame-duck",
			summary: "Call lame duck mode off, as long as no client was sent away.",
			query:   []param{dryRun}, also: []success{{http.StatusOK, api.DryRun{}}}, codes: []api.Code{api.Conflict}, serve: a.cancelLameDuck,
		},
	}
}

const (
	kindLameDuck    = "lame_duck"
	longestLameDuck = 24 * time.Hour
)

func (a *API) lameDuck(c *call) (any, error) {
	var req api.LameDuckRequest
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	req.DryRun = c.bool("dry_run") || req.DryRun // wherever it stands, it counts
	duration := cmp.Or(c.span("duration", req.Duration, longestLameDuck), c.options.LameDuckDuration)
	grace := c.options.LameDuckGrace
	if req.Grace != "" {
		grace = c.span("grace_period", req.Grace, longestLameDuck)
	} else if req.Duration != "" {
		grace = min(grace, duration/2)
	}
	c.reason(req.Reason)
	if grace >= duration {
		c.wrong("grace_period", "it must be shorter than duration")
	}
	if err := c.valid(); err != nil {
		return nil, err
	}
	if a.Server.State() == status.InLameDuck {
		return nil, api.Problemf(api.Conflict, "the server is in lame duck mode already")
	}
	total := a.Server.Counters().Connections
	if req.DryRun {
		plan := &api.LameDuckPlan{DryRun: true, Connections: total, Duration: duration.String(), Grace: grace.String()}
		return answer{status: http.StatusOK, value: plan}, nil
	}
	op, err := a.operations.start(c, kindLameDuck, req.Reason, total, func(ctx context.Context, op *job) (any, error) {
		return nil, a.Server.Retire(ctx, grace, duration, func() bool { return op.fix(ctx) }, op.progress)
	})
	if err != nil {
		return nil, err
	}
	return accepted(op), nil
}

func (a *API) cancelLameDuck(c *call) (any, error) {
	dry := c.bool("dry_run")
	if err := c.valid(); err != nil {
		return nil, err
	}
	op := a.operations.running(kindLameDuck)
	switch {
	case op == nil && a.Server.State() == status.InLameDuck:
		return nil, api.Problemf(api.Conflict, "lame duck mode was begun by a signal and cannot be called off")
	case op == nil:
		return nil, api.Problemf(api.Conflict, "the server is not in lame duck mode")
	case dry:
		return answer{status: http.StatusOK, value: &api.DryRun{DryRun: true}}, nil
	}
	if err := op.callOff(c.r.Context()); err != nil {
		return nil, err
	}
	if v := op.view(); v.State == api.OperationFailed {
		return nil, api.Problemf(api.Conflict, "%s", v.Error)
	}
	return nil, nil
}

// running returns an operation of that kind that is under way, or nil.
func (o *operations) running(kind string) *job {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, op := range o.all {
		if op.shown.Kind == kind && op.shown.Ended == nil {
			return op
		}
	}
	return nil
}
