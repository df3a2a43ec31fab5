package admin

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	"natsd/internal/admin/api"
	"natsd/internal/admin/report"
	"natsd/internal/reload"
	"natsd/internal/reload/watch"
)

// reloadParams are what can be said of a change of the configuration.
var reloadParams = []param{
	dryRun,
	{name: "mode", words: []string{"strict", "partial"}, doc: "`strict` refuses a configuration that holds a change which cannot be live; `partial` applies the rest."},
	{name: "plan_id", doc: "Apply only what the dry run with this id has shown."},
	{name: "rollback_on", words: []string{"error", "unhealthy", "never"}, doc: "When to go back to the old configuration."},
	{name: "probation", kind: "duration", doc: "How long the server watches its health after it; `admin.probation` when not given."},
	{name: "reason", doc: "For the history and the audit."},
	{name: "wait", kind: "duration", doc: "How long to wait for a reload that is under way."},
	{name: "allow_auth_removal", kind: "boolean", doc: "Permit a change that takes away all authentication, TLS or accounts."},
}

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
			query:   reloadParams,
			body:    api.ReloadRequest{}, result: api.Plan{},
			codes: []api.Code{api.ReloadInProgress, api.ReloadNeedsRestart, api.PreconditionFailed, api.ConfigInvalid, api.ReloadRejected},
			serve: a.reloadNow,
		},
		{
			method: http.MethodPut, path: "/reload/watcher", role: operator, scope: "reload:write",
			summary: "Switch the watcher of the configuration files on or off, or pause it.",
			query:   []param{dryRun},
			body:    api.SetWatcher{}, result: api.Watcher{}, codes: []api.Code{api.Conflict}, serve: a.setWatcher,
		},
		{
			method: http.MethodPost, path: "/config/probation/confirm", role: operator, scope: "reload:write",
			summary: "End the probation of a revision: it stays.",
			query:   []param{dryRun, {name: "rev", kind: "integer", doc: "The revision."}},
			body:    api.ConfirmRequest{}, also: []success{{http.StatusOK, api.DryRun{}}}, codes: []api.Code{api.Conflict}, serve: a.confirm,
		},
	}
}

func (a *API) reloadState(c *call) (any, error) {
	st, o := a.Reload.Status(), c.options
	out := &api.Reload{
		Running: st.Running, Generation: st.Generation, Revision: st.Revision, Digest: o.Digest, LoadedAt: a.Server.Server().ConfigLoaded.UTC(),
		Pending: list(st.Pending), Counts: map[string]uint64{}, Last: report.Plan(st.Last),
		Watcher: watcherOf(a.Server.WatcherState()),
	}
	if d := st.Drift; d != nil {
		out.Drift = &api.Drift{Revision: d.Revision, Since: d.Since.UTC(), Who: d.Who, Why: d.Why, Changes: d.Changes}
	}
	if p, ok := a.Server.Probation(); ok {
		out.Probation = &api.Probation{Revision: p.Revision, Until: p.Until.UTC()}
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
	body := c.reloadBody()
	if err := c.decode(&body); err != nil {
		return req, 0, err
	}
	body.DryRun = body.DryRun || c.bool("dry_run") // who asks for one gets one
	req, wait = c.requestOf(&body)
	return req, wait, c.valid()
}

// reloadQuery is reloadRequest where the body holds something else.
func (c *call) reloadQuery() (req reload.Request, wait time.Duration, err error) {
	body := c.reloadBody()
	req, wait = c.requestOf(&body)
	return req, wait, c.valid()
}

func (c *call) reloadBody() api.ReloadRequest {
	return api.ReloadRequest{
		DryRun: c.bool("dry_run"), Mode: c.text("mode"), PlanID: c.text("plan_id"), RollbackOn: c.text("rollback_on"),
		Probation: c.text("probation"), Reason: c.text("reason"), Wait: c.text("wait"), AllowAuthRemoval: c.bool("allow_auth_removal"),
	}
}

func (c *call) requestOf(body *api.ReloadRequest) (reload.Request, time.Duration) {
	return reload.Request{
		Who: "api:" + c.who.String(), Why: c.reason(body.Reason), DryRun: body.DryRun, AllowAuthRemoval: body.AllowAuthRemoval, Plan: body.PlanID,
		IfDigest: c.seen(),
		Mode:     choose(c, "mode", body.Mode, reload.Strict, reload.Partial), Probation: c.durationOf("probation", body.Probation),
		RollbackOn: choose(c, "rollback_on", body.RollbackOn, reload.RollbackUnhealthy, reload.RollbackError, reload.RollbackNever),
	}, c.durationOf("wait", body.Wait)
}

// choose returns the value with that name; the first one when there is none.
func choose[T fmt.Stringer](c *call, name, word string, values ...T) T {
	for _, v := range values {
		if v.String() == word {
			return v
		}
	}
	if word != "" {
		c.wrong(name, fmt.Sprintf("%q is not one of %v", word, values))
	}
	return values[0]
}

// setWatcher serves PUT /reload/watcher.
func (a *API) setWatcher(c *call) (any, error) {
	var body api.SetWatcher
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	dry := c.bool("dry_run")
	if err := c.valid(); err != nil {
		return nil, err
	}
	if dry {
		return a.wouldWatch(c, &body)
	}
	if err := a.Server.SetWatcher(body.Enabled, body.PauseUntil); err != nil {
		return nil, api.Problemf(api.Conflict, "%v", err)
	}
	return watcherOf(a.Server.WatcherState()), nil
}

// wouldWatch is what setWatcher would answer.
func (a *API) wouldWatch(c *call, body *api.SetWatcher) (any, error) {
	if c.options.ConfigFile == "" {
		return nil, api.Problemf(api.Conflict, "there is no configuration file to watch")
	}
	out := watcherOf(a.Server.WatcherState())
	out.DryRun = true
	if body.Enabled != nil {
		out.Enabled = *body.Enabled
	}
	if body.PauseUntil != nil {
		out.PausedUntil = moment(*body.PauseUntil)
	}
	return out, nil
}

// confirm serves POST /config/probation/confirm.
func (a *API) confirm(c *call) (any, error) {
	body := api.ConfirmRequest{Revision: c.int("rev", math.MaxInt, 0)}
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	dry := c.bool("dry_run")
	if err := c.valid(); err != nil {
		return nil, err
	}
	if dry {
		if p, on := a.Server.Probation(); !on || p.Revision != body.Revision {
			return nil, api.Problemf(api.Conflict, "revision %d is not on probation", body.Revision)
		}
		return answer{status: http.StatusOK, value: &api.DryRun{DryRun: true}}, nil
	}
	if err := a.Server.ConfirmProbation(body.Revision); err != nil {
		return nil, api.Problemf(api.Conflict, "%v", err)
	}
	return nil, nil
}

// watcherOf is the state of the watcher as the API shows it.
func watcherOf(st watch.State) api.Watcher {
	out := api.Watcher{
		Enabled: st.Enabled, Mode: string(st.Mode), Reason: st.Reason, PausedUntil: moment(st.PausedUntil),
		Quiet: st.Quiet.String(), Poll: st.Poll.String(), LastEvent: moment(st.LastEvent), LastChange: moment(st.LastChange),
		Settling: st.Settling, LastError: st.LastError, LastErrorAt: moment(st.LastErrorAt),
		Changes: st.Changes, Refused: st.Refused, Suppressed: st.Suppressed, Files: []api.WatchedFile{}, Pending: []string{},
	}
	for _, f := range st.Files {
		out.Files = append(out.Files, api.WatchedFile{Path: f.Path, Fault: f.Fault})
	}
	for _, f := range st.Pending {
		out.Pending = append(out.Pending, f.Path)
	}
	return out
}

// moment is a time as JSON has it; none for the zero time.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// attempt makes a reload and answers with what came of it. While another one is under way it waits for
// so long at most.
func (c *call) attempt(wait time.Duration, try func(context.Context) (*reload.Report, error)) (any, error) {
	if err := c.ifMatch(); err != nil {
		return nil, err
	}
	if err := c.awaitTurn(wait); err != nil {
		return nil, err
	}
	came, err := try(c.r.Context())
	switch {
	case came == nil && err != nil:
		return nil, api.Problemf(api.Conflict, "%v", err)
	case err != nil:
		if !came.Request.DryRun {
			c.api.Log.Error("Failed to reload server configuration: " + err.Error())
		}
		return nil, refusal(came)
	}
	return report.Plan(came), nil
}

// turnLook is how often somebody who waits for another reload looks whether it is over.
const turnLook = 10 * time.Millisecond

// awaitTurn waits for a reload that is under way. The patience is for that one only: what comes after it is
// not called off because it ran out.
func (c *call) awaitTurn(wait time.Duration) error {
	over := time.NewTimer(wait)
	defer over.Stop()
	look := time.NewTicker(turnLook)
	defer look.Stop()
	for c.api.Reload.Status().Running {
		select {
		case <-look.C:
		case <-over.C:
			return api.Problemf(api.ReloadInProgress, "another reload is under way; wait=30s waits for it")
		case <-c.r.Context().Done():
			return c.r.Context().Err()
		}
	}
	return nil
}

// seen is the digest of the configuration that the sender of a request has seen, if he says so; see ifMatch.
// The reload looks at it again when its turn has come.
func (c *call) seen() string {
	if tag := c.r.Header.Get("If-Match"); tag == "" || tag == "*" {
		return ""
	}
	return c.options.Digest
}

// ifMatch holds a request to the configuration that its sender has seen.
func (c *call) ifMatch() error {
	want, have := c.r.Header.Get("If-Match"), etag(c.options.Digest)
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

// needMatch refuses a change of a configuration that its sender may not have seen.
func (c *call) needMatch() error {
	if c.r.Header.Get("If-Match") == "" {
		return api.Problemf(api.PreconditionRequired, "name the configuration that you have seen by its ETag in If-Match")
	}
	return nil
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
	p.Errors, p.Plan = report.Items(r.Problems), report.Plan(r)
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
	case reload.CodeCondition:
		return api.PreconditionFailed
	case reload.CodeCalledOff:
		return api.ReloadInProgress
	}
	return api.Internal
}
