package admin

import (
	"context"
	"errors"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"natsd/internal/admin/api"
	"natsd/internal/admin/report"
	"natsd/internal/reload"
)

// configRoutes are the endpoints about the configuration, its files and its history.
func (a *API) configRoutes() []route {
	return []route{
		{
			method: http.MethodGet, path: "/config", role: viewer, summary: "The configuration in force, secrets hidden, with the place that each value comes from.",
			query: []param{
				{name: "view", words: configViews, doc: "`effective` is what was set, by whatever layer; `file` is what the files say; `defaults` adds all that nobody has set."},
				{name: "format", words: []string{"json", "conf"}, doc: "`conf` gives a text that natsd can read, but for the secrets."},
			},
			result: api.Config{}, produces: []string{confType}, cached: true, serve: a.config,
		},
		{
			method: http.MethodGet, path: "/config/values/*", role: viewer, summary: "One key of the configuration, by JSON Pointer: its value, where that comes from, and what the reference says.",
			result: api.Setting{}, codes: []api.Code{api.NotFound}, serve: a.configValue,
		},
		{
			method: http.MethodGet, path: "/config/schema", role: viewer, summary: "JSON Schema of the configuration, with what a reload does to each key.",
			produces: []string{"application/schema+json"}, serve: a.configSchema,
		},
		{
			method: http.MethodGet, path: "/config/files", role: viewer, summary: "Files that the configuration in force was made from.",
			result: []api.File{}, serve: a.configFiles,
		},
		{
			method: http.MethodGet, path: "/config/history", role: viewer, summary: "The last attempts to change the configuration, newest first.",
			query: []param{
				{name: "limit", kind: "integer", doc: "Rows at most."},
				{name: "cursor", doc: "Where the page before has ended."},
			},
			result: api.List[api.Revision]{}, serve: a.history,
		},
		{
			method: http.MethodGet, path: "/config/history/{rev}", role: viewer, summary: "One revision: its plan and its files, secrets hidden.",
			query:  []param{{name: "format", words: []string{"json", "conf"}, doc: "`conf` gives the text of the configuration file alone."}},
			result: api.RevisionDetail{}, produces: []string{confType}, codes: []api.Code{api.NotFound}, serve: a.revision,
		},
		{
			method: http.MethodPost, path: "/config/history/{rev}/restore", role: admin, scope: "config:write",
			summary: "Put the configuration of a revision into force again. The files on disk stay; the next change of them wins.",
			query: []param{
				dryRun,
				{name: "reason", doc: "For the history and the audit."},
			},
			body: api.ReloadRequest{}, result: api.Plan{},
			codes: []api.Code{api.NotFound, api.ReloadInProgress, api.PreconditionFailed, api.ConfigInvalid, api.ReloadRejected},
			serve: a.restore,
		},
		{
			method: http.MethodPost, path: "/config/validate", role: viewer, unaudited: true,
			summary: "Check a configuration as a reload would, and tell all that is wrong. Nothing changes. To send one, or to name a file, needs the role admin.",
			query:   []param{{name: "strict", kind: "boolean", doc: "Warnings count as errors."}, calledParam},
			body:    api.ValidateRequest{}, media: []string{confType}, result: api.Validation{}, codes: []api.Code{api.ConfigInvalid, api.NotFound},
			serve: a.validate,
		},
		{
			method: http.MethodPost, path: "/config/diff", role: viewer, unaudited: true,
			summary: "Compare two configurations: the plan of a reload from one to the other. Nothing changes. To send one, or to name a file, needs the role admin.",
			query:   []param{calledParam},
			body:    api.DiffRequest{}, media: []string{confType}, result: api.Plan{},
			codes: []api.Code{api.ConfigInvalid, api.NotFound, api.ReloadInProgress, api.ReloadRejected, api.ReloadNeedsRestart},
			serve: a.diff,
		},
		{
			method: http.MethodPut, path: "/config", role: admin, scope: "config:write",
			summary: "Put a whole configuration into force, and into the file if `admin.write_config` says so. It needs If-Match.",
			query:   append([]param{calledParam}, reloadParams...), body: map[string]any{}, media: []string{confType}, result: api.Plan{},
			codes: []api.Code{api.ReloadInProgress, api.ReloadNeedsRestart, api.PreconditionFailed, api.PreconditionRequired, api.ConfigInvalid, api.ReloadRejected},
			serve: a.putConfig,
		},
		{
			method: http.MethodPatch, path: "/config", role: admin, scope: "config:write",
			summary: "Change single values in the text of the configuration file, comments and all else kept; then as PUT. It needs If-Match.",
			query:   reloadParams, body: map[string]any{}, media: []string{mergePatchType, jsonPatchType}, result: api.Plan{},
			codes: []api.Code{
				api.Conflict, api.ReloadInProgress, api.ReloadNeedsRestart, api.PreconditionFailed, api.PreconditionRequired, api.ConfigInvalid, api.ReloadRejected,
			},
			serve: a.patchConfig,
		},
	}
}

// maxLimit is the largest page.
const maxLimit = 10000

func (a *API) history(c *call) (any, error) {
	limit := c.int("limit", maxLimit, 100)
	before := c.int("cursor", math.MaxInt, math.MaxInt)
	if err := c.valid(); err != nil {
		return nil, err
	}
	reports := a.Reload.History()
	out := &api.List[api.Revision]{Items: []api.Revision{}, Total: len(reports), Now: time.Now().UTC()}
	current := a.Reload.Status().Revision
	for _, r := range slices.Backward(reports) {
		switch {
		case r.Revision >= before:
		case len(out.Items) < limit:
			out.Items = append(out.Items, revisionOf(r, current))
		default:
			out.NextCursor = strconv.Itoa(out.Items[limit-1].Revision)
			return out, nil
		}
	}
	return out, nil
}

func revisionOf(r *reload.Report, current int) api.Revision {
	trigger, actor, _ := strings.Cut(r.Request.Who, ":")
	return api.Revision{
		Revision: r.Revision, Digest: r.To.Digest, Time: r.When.UTC(), Trigger: trigger, Actor: actor, Reason: r.Request.Why,
		Result: string(r.Result), Verdict: r.Verdict.String(), Changes: len(r.Changes) + r.Omitted, Dropped: r.Effects.Dropped,
		Current: r.Revision == current,
	}
}

// findRevision returns the revision that the path names.
func (c *call) findRevision() (*reload.Revision, error) {
	n, err := strconv.Atoi(c.path("rev"))
	if err != nil {
		return nil, api.Problemf(api.NotFound, "%q is not the number of a revision", c.path("rev"))
	}
	rev, err := c.api.Reload.Revision(n)
	if err != nil {
		return nil, api.Problemf(api.NotFound, "%v", err)
	}
	return rev, nil
}

func (a *API) revision(c *call) (any, error) {
	rev, err := c.findRevision()
	if err != nil {
		return nil, err
	}
	format := c.word("format", "json", "conf")
	if err := c.valid(); err != nil {
		return nil, err
	}
	out := &api.RevisionDetail{
		Revision: revisionOf(rev.Report, a.Reload.Status().Revision), Plan: report.Plan(rev.Report),
		Files: []api.File{}, Texts: map[string]string{},
	}
	for _, f := range rev.Files() {
		out.Files = append(out.Files, api.File{Path: f.Path, Key: f.Key, Size: f.Size, Digest: f.Digest})
		if f.Key != "" {
			continue
		}
		text, err := rev.Text(f.Path)
		if err != nil {
			return nil, api.Problemf(api.NotFound, "%v", err)
		}
		if format == "conf" { // the configuration file comes first
			return answer{body: []byte(text), media: confType}, nil
		}
		out.Texts[f.Path] = text
	}
	if format == "conf" {
		return nil, api.Problemf(api.NotFound, "the configuration of revision %d is not kept", rev.Report.Revision)
	}
	return out, nil
}

// confType is the media type of a configuration in the language of NATS.
const confType = "text/x-nats-conf"

func (a *API) restore(c *call) (any, error) {
	rev, err := c.findRevision()
	if err != nil {
		return nil, err
	}
	req, wait, err := c.reloadRequest()
	if err != nil {
		return nil, err
	}
	return c.attempt(wait, func(ctx context.Context) (*reload.Report, error) {
		came, err := a.Server.Restore(ctx, rev.Report.Revision, req)
		if gone, ok := errors.AsType[*reload.RevisionError](err); ok {
			return nil, gone
		}
		return came, err
	})
}
