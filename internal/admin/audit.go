package admin

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"natsd/internal/admin/api"
	"natsd/internal/admin/audit"
	"natsd/internal/event"
	"natsd/internal/reload"
)

// record writes to the audit of the configuration in force. A reload may put another one in place while a
// request is under way.
func (a *API) record(r *api.AuditRecord) error {
	for {
		s := a.settings.Load()
		err := s.audit.Append(r)
		if !errors.Is(err, audit.ErrClosed) || a.settings.Load() == s {
			return err
		}
	}
}

// audited serves a request between two records: what is wanted, and what came of it. What cannot be
// recorded is not done. Of reads, those that are worth it are recorded when they are over.
func (c *call) audited(serve func() (any, error)) (out any, err error) {
	if !c.route.mutates() && !c.route.audited {
		return serve()
	}
	body, err := c.takeBody()
	if err != nil {
		return nil, err
	}
	r := c.newRecord(body)
	if c.route.mutates() {
		r.Result = api.AuditIntent
		if err := c.api.record(r); err != nil {
			c.api.Log.Error("Request refused, because it cannot be recorded: " + err.Error())
			return nil, api.Problemf(api.AuditUnavailable, "the audit cannot be written, so nothing is changed: %v", err)
		}
	}
	began, returned := time.Now(), false
	defer func() { // also after a panic
		if !returned {
			err = api.Problemf(api.Internal, "internal error")
		}
		c.recordOutcome(r, began, out, err)
	}()
	out, err = serve()
	returned = true
	return out, err
}

// takeBody reads the body before it is worked on.
func (c *call) takeBody() ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, c.route.mostBody()))
	if err != nil {
		return nil, bodyFault(err)
	}
	c.r.Body = io.NopCloser(bytes.NewReader(body))
	return body, nil
}

func (c *call) newRecord(body []byte) *api.AuditRecord {
	r := &api.AuditRecord{
		Time: time.Now().UTC(), RequestID: c.id, Actor: c.actor(), Action: c.route.method + " " + c.route.path,
		Target: clipped(strings.TrimPrefix(c.r.URL.Path, base)), Params: c.params(body), Before: c.api.Server.Options().Digest,
	}
	r.DryRun = c.text("dry_run") != "false" && c.r.URL.Query().Has("dry_run")
	if m, ok := r.Params["body"].(map[string]any); ok && m["dry_run"] == true {
		r.DryRun = true
	}
	r.After = r.Before
	return r
}

// clipped is the beginning of a path that is longer than any that means something.
func clipped(path string) string {
	const longest = 1000
	return strings.ToValidUTF8(path[:min(len(path), longest)], "")
}

func (c *call) actor() api.AuditActor {
	out := api.AuditActor{Type: c.who.method, ID: c.who.subject, Role: c.who.role.String()}
	if peerOf(c.r.Context()) == nil {
		out.IP = address(c.r)
	}
	return out
}

// recordOutcome tells what came of a request. That it cannot be written changes nothing any more.
func (c *call) recordOutcome(r *api.AuditRecord, began time.Time, out any, err error) {
	now := *r
	now.Time, now.Duration, now.After = time.Now().UTC(), milliseconds(time.Since(began)), c.api.Server.Options().Digest
	now.Result, now.Status = api.AuditOK, c.statusOf(out)
	if err != nil {
		p := c.problemOf(err)
		now.Status, now.Code, now.Result = p.Status, p.Code, api.AuditRefused
		if p.Status >= http.StatusInternalServerError {
			now.Result = api.AuditFailed
		}
	}
	c.api.finish(&now)
}

// finish writes a record of something that is over, and tells those who listen.
func (a *API) finish(r *api.AuditRecord) {
	if err := a.record(r); err != nil {
		a.Log.Error("Not recorded: " + r.Action + " " + r.Target + ": " + err.Error())
	}
	if a.settings.Load().options.AuditEvents {
		a.Server.Events().Publish(event.Action{
			RequestID: r.RequestID, Actor: actorName(&r.Actor), Action: r.Action, Target: r.Target, Result: r.Result, Status: r.Status,
		})
	}
}

func actorName(a *api.AuditActor) string {
	if a.ID == "" {
		return a.Type
	}
	return a.Type + ":" + a.ID
}

// statusOf is the status of an answer that [call.reply] will give.
func (c *call) statusOf(out any) int {
	ans, ok := out.(answer)
	if !ok {
		ans = answer{value: out}
	}
	status := cmp.Or(ans.status, c.route.status)
	if status == 0 && ans.value == nil && ans.body == nil && !ans.done {
		status = http.StatusNoContent
	}
	return cmp.Or(status, http.StatusOK)
}

// refusedBeforehand records that somebody who is known was refused a change.
func (c *call) refusedBeforehand(err error) {
	p := c.problemOf(err)
	if c.route.mutates() && p.Code == api.Forbidden && c.who != nil && c.who.method != api.MethodNone {
		r := c.newRecord(nil)
		r.Result, r.Status, r.Code = api.AuditRefused, p.Status, p.Code
		c.api.finish(r)
	}
}

// Reloaded hears of every attempt to reload when it is over. It records those that nobody has asked this
// API for.
func (a *API) Reloaded(r *reload.Report) {
	a.rotations.note(a.Server.Options(), false)
	a.followReload(r)
	door, id, _ := strings.Cut(r.Request.Who, ":")
	if door == "api" || r.Request.Quiet && r.Result == reload.NoChange {
		return
	}
	rec := &api.AuditRecord{
		Time: time.Now().UTC(), Actor: api.AuditActor{Type: door, ID: id}, Action: "reload", Target: "/reload", DryRun: r.Request.DryRun,
		Params: map[string]any{"mode": r.Request.Mode.String(), "verdict": r.Verdict.String(), "revision": r.Revision},
		Result: api.AuditOK, Duration: milliseconds(r.Duration), Before: r.From.Digest, After: a.Server.Options().Digest,
	}
	if r.Request.Why != "" {
		rec.Params["reason"] = r.Request.Why
	}
	if err := r.Err(); err != nil {
		rec.Result, rec.Params["error"] = api.AuditRefused, err.Error()
		if len(r.Problems) > 0 {
			rec.Code = codeOf(r.Problems[0].Code)
		}
	}
	a.finish(rec)
}

// auditRoutes are the endpoints that read the audit.
func (a *API) auditRoutes() []route {
	const scope = "audit:read"
	return []route{
		{
			method: http.MethodGet, path: "/audit", role: admin, scope: scope, heavy: true, audited: true, summary: "What operators did, newest first.",
			query: []param{
				{name: "actor", doc: "Only by this one: `token:ci`, or a type such as `signal`."},
				{name: "action", doc: "Only actions that hold this text."},
				{name: "result", words: []string{api.AuditIntent, api.AuditOK, api.AuditRefused, api.AuditFailed}, doc: "Only with this result."},
				{name: "since", doc: "From a time on, or a duration before now."},
				{name: "until", doc: "Up to a time, or a duration before now."},
				{name: "limit", kind: "integer", doc: "Rows at most."},
				{name: "cursor", doc: "Where the page before has ended."},
			},
			result: api.List[api.AuditRecord]{}, serve: a.listAudit,
		},
		{
			method: http.MethodGet, path: "/audit/verify", role: admin, scope: scope, heavy: true, audited: true,
			summary: "Read the whole audit and check that each record follows the one before.",
			result:  api.AuditCheck{}, serve: func(c *call) (any, error) { return c.settings.audit.Verify(c.r.Context()) },
		},
	}
}

const maxCursor = math.MaxInt

func cursorOf(seq uint64) string { return strconv.FormatUint(seq, 10) }

func (a *API) listAudit(c *call) (any, error) {
	actor, action := c.text("actor"), c.text("action")
	result := c.word("result", "", api.AuditIntent, api.AuditOK, api.AuditRefused, api.AuditFailed)
	since, until := c.moment("since"), c.moment("until")
	limit, before := c.int("limit", maxLimit, 100), c.int("cursor", maxCursor, maxCursor)
	if err := c.valid(); err != nil {
		return nil, err
	}
	out := &api.List[api.AuditRecord]{Items: []api.AuditRecord{}, Now: time.Now().UTC()}
	err := c.settings.audit.Records(c.r.Context(), func(r *api.AuditRecord) bool {
		switch {
		case !since.IsZero() && r.Time.Before(since), !until.IsZero() && r.Time.After(until),
			actor != "" && actor != r.Actor.Type && actor != actorName(&r.Actor),
			!strings.Contains(r.Action, action), result != "" && result != r.Result:
			return true
		}
		out.Total++
		switch {
		case r.Seq >= uint64(before): //nolint:gosec // it is positive
		case len(out.Items) < limit:
			out.Items = append(out.Items, *r)
		case out.NextCursor == "":
			out.NextCursor = cursorOf(out.Items[limit-1].Seq)
		}
		return true
	})
	return out, err
}
