package admin

import (
	"context"
	"net/http"
	"strings"
	"time"

	"natsd/internal/admin/api"
	"natsd/internal/reload"
)

// reloadRoutes are the endpoints that put a configuration into force.
func (a *API) reloadRoutes() []route {
	return []route{
		{
			method: http.MethodGet, path: "/reload", role: viewer, summary: "State of reloading: the last attempt, what is pending, the watcher.",
			result: api.Reload{}, serve: a.reloadState,
		},
		{
			method: http.MethodPost, path: "/reload", role: operator, scope: "reload:write",
			summary: "Load the configuration again and put it into force, as a whole or not at all.",
			query: []param{
				dryRun,
				{name: "mode", words: []string{"strict", "partial"}, doc: "`strict` refuses a configuration that holds a change which cannot be live; `partial` applies the rest."},
				{name: "plan_id", doc: "Apply only what the dry run with this id has shown."},
				{name: "rollback_on", words: []string{"error", "unhealthy", "never"}, doc: "When to go back to the old configuration."},
				{name: "reason", doc: "For the history and the audit."},
				{name: "wait", kind: "duration", doc: "How long to wait for a reload that is under way."},
				{name: "allow_auth_removal", kind: "boolean", doc: "Permit a change that takes away all authentication, TLS or accounts."},
			},
			body: api.ReloadRequest{}, result: api.Plan{},
			codes: []api.Code{api.ReloadInProgress, api.ReloadNeedsRestart, api.PreconditionFailed, api.ConfigInvalid, api.ReloadRejected},
			serve: a.reloadNow,
		},
	}
}

func (a *API) reloadState(c *call) (any, error) {
	st, o := a.Reload.Status(), c.settings.options
	out := &api.Reload{
		Running: st.Running, Generation: st.Generation, Revision: st.Revision, Digest: o.Digest, LoadedAt: a.Server.Server().ConfigLoaded.UTC(),
		Pending: list(st.Pending), Counts: map[string]uint64{}, Last: planOf(st.Last),
		Watcher: api.Watcher{Files: []api.WatchedFile{}, Pending: []string{}},
	}
	for result, n := range st.Counts {
		out.Counts[string(result)] = n
	}
	return out, nil
}

// reloadNow carries out POST /reload.
func (a *API) reloadNow(c *call) (any, error) {
	req, wait, err := c.reloadRequest()
	if err != nil {
		return nil, err
	}
	return c.attempt(wait, func(ctx context.Context) (*reload.Report, error) { return a.Server.ReloadReport(ctx, req) })
}

// reloadRequest reads what is asked for, from the body or else from the query.
func (c *call) reloadRequest() (req reload.Request, wait time.Duration, err error) {
	body := api.ReloadRequest{
		DryRun: c.bool("dry_run"), Mode: c.text("mode"), PlanID: c.text("plan_id"), RollbackOn: c.text("rollback_on"),
		Reason: c.text("reason"), Wait: c.text("wait"), AllowAuthRemoval: c.bool("allow_auth_removal"),
	}
	if err = c.decode(&body); err != nil {
		return req, 0, err
	}
	req = reload.Request{Who: "api:" + c.who.String(), Why: body.Reason, DryRun: body.DryRun, AllowAuthRemoval: body.AllowAuthRemoval}
	switch body.Mode {
	case "", "strict":
	case "partial":
		req.Mode = reload.Partial
	default:
		c.wrong("mode", "it must be strict or partial")
	}
	if body.Wait != "" {
		if wait, err = time.ParseDuration(body.Wait); err != nil || wait < 0 {
			c.wrong("wait", "it must be a duration such as 30s")
		}
	}
	return req, wait, c.valid()
}

// attempt makes a reload and answers with what came of it. While another one is under way it waits for
// so long at most.
func (c *call) attempt(wait time.Duration, try func(context.Context) (*reload.Report, error)) (any, error) {
	if err := c.ifMatch(); err != nil {
		return nil, err
	}
	ctx := c.r.Context()
	if c.api.Reload.Status().Running {
		if wait == 0 {
			return nil, api.Problemf(api.ReloadInProgress, "another reload is under way; wait=30s waits for it")
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, wait)
		defer cancel()
	}
	report, err := try(ctx)
	switch {
	case report == nil && err != nil:
		return nil, api.Problemf(api.Conflict, "%v", err)
	case err != nil:
		if !report.Request.DryRun {
			c.api.Log.Error("Failed to reload server configuration: " + err.Error())
		}
		return nil, refusal(report)
	}
	return planOf(report), nil
}

// ifMatch holds a request to the configuration that its sender has seen.
func (c *call) ifMatch() error {
	want, have := c.r.Header.Get("If-Match"), etag(c.settings.options.Digest)
	if want == "" || want == "*" {
		return nil
	}
	for tag := range strings.SplitSeq(want, ",") {
		if strings.TrimSpace(tag) == have {
			return nil
		}
	}
	return api.Problemf(api.PreconditionFailed, "the configuration in force is %s and not %s", have, want)
}

// etag is the digest of a configuration as an entity tag.
func etag(digest string) string { return `"` + digest + `"` }

// refusal makes a problem of a reload that came to nothing. The code is that of its first reason.
func refusal(r *reload.Report) *api.Problem {
	code := api.Internal
	if len(r.Problems) > 0 {
		code = codeOf(r.Problems[0].Code)
	}
	p := api.Problemf(code, "%s", r.Err())
	if code == api.ConfigInvalid {
		p.Title = "Configuration is invalid"
	}
	p.Errors, p.Plan = itemsOf(r.Problems), planOf(r)
	return p
}

// codeOf is the code of the API for one of package reload.
func codeOf(code string) api.Code {
	switch code {
	case reload.CodeInvalid, reload.CodePending:
		return api.ConfigInvalid
	case reload.CodeGuard, reload.CodeRejected:
		return api.ReloadRejected
	case reload.CodeRestart:
		return api.ReloadNeedsRestart
	case reload.CodeCalledOff:
		return api.ReloadInProgress
	}
	return api.Internal
}
