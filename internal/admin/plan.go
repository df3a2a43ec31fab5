package admin

import (
	"strings"

	"natsd/internal/admin/api"
	"natsd/internal/config"
	"natsd/internal/config/syntax"
	"natsd/internal/reload"
)

// planOf turns the report of a reload into what the API says of it; nil stays nil.
func planOf(r *reload.Report) *api.Plan {
	if r == nil {
		return nil
	}
	p := &api.Plan{
		PlanID: r.PlanID, Revision: r.Revision, Generation: r.Generation, Who: r.Request.Who, Why: r.Request.Why, Time: r.When.UTC(),
		DryRun: r.Request.DryRun, Mode: r.Request.Mode.String(), Joined: r.Joined,
		From: api.State{Revision: r.From.Revision, Digest: r.From.Digest}, To: api.State{Revision: r.To.Revision, Digest: r.To.Digest, Files: r.To.Files},
		Verdict: r.Verdict.String(), Changes: changesOf(r.Changes), Omitted: r.Omitted, Summary: map[string]int{},
		Predicted: effectsOf(r.Predicted), Effects: effectsOf(r.Effects), Warnings: itemsOf(r.Warnings), Errors: itemsOf(r.Problems),
		Result: api.Result{
			Outcome: string(r.Result), Applied: r.Moved(), Duration: milliseconds(r.Duration), Pending: list(r.Pending),
			RolledBack: r.Request.RollsBack != 0,
		},
	}
	for v, n := range r.Summary {
		p.Summary[v.String()] = n
	}
	if p.Result.Applied {
		p.Result.Revision = &p.To.Revision
	}
	return p
}

// list makes no list an empty one, which JSON shows as such.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func changesOf(fields []reload.Field) []api.Change {
	out := make([]api.Change, 0, len(fields))
	for i := range fields {
		f := &fields[i]
		out = append(out, api.Change{
			Pointer: f.Pointer, Path: f.Path, Op: f.Op.String(), Old: f.Old, New: f.New, Content: f.Content,
			Verdict: f.Verdict.String(), Reason: f.Reason, Component: f.Component,
			Effect: api.Counts{Affected: f.Affected, Dropped: f.Dropped, Subs: f.Subs}, Source: sourceOf(f.Origin),
		})
	}
	return out
}

func sourceOf(o config.Origin) *api.Source {
	switch {
	case o.Layer == config.FromFlag:
		return &api.Source{Flag: o.Name}
	case o.Layer == config.FromEnv:
		return &api.Source{Env: o.Name}
	case o.Pos.File != "":
		return &api.Source{File: o.Pos.File, Line: o.Pos.Line, Column: o.Pos.Col}
	}
	return nil
}

func effectsOf(e reload.Effects) api.Effects {
	out := api.Effects{Counts: api.Counts{Affected: e.Affected, Dropped: e.Dropped, Subs: e.Subs}}
	for _, one := range e.List {
		out.List = append(out.List, api.Effect(one))
	}
	return out
}

func itemsOf(problems []reload.Problem) []api.Item {
	out := make([]api.Item, 0, len(problems))
	for i := range problems {
		out = append(out, itemOf(problems[i].Code, problems[i].Component, &problems[i].Problem))
	}
	return out
}

// itemOf is one problem of a configuration as the API shows it.
func itemOf(code, component string, p *syntax.Problem) api.Item {
	item := api.Item{
		Code: code, Message: p.Message, File: p.Pos.File, Line: p.Pos.Line, Column: p.Pos.Col,
		Severity: api.SeverityError, Hint: p.Hint, Component: component,
	}
	if p.Warning {
		item.Severity = api.SeverityWarning
	}
	if p.Key != "" {
		item.Pointer = pointerOf(p.Key)
	}
	return item
}

// pointerOf makes a JSON Pointer of the path of a key.
func pointerOf(path string) string {
	elems := strings.Split(strings.NewReplacer("[", ".", "]", "").Replace(path), ".")
	return pointer(elems)
}
