package report

import (
	"natsd/internal/admin/api"
	"natsd/internal/reload"
)

// Plan is what came of a reload, or would come of it; nil stays nil.
func Plan(r *reload.Report) *api.Plan {
	if r == nil {
		return nil
	}
	p := &api.Plan{
		PlanID: r.PlanID, Revision: r.Revision, Generation: r.Generation, Who: r.Request.Who, Why: r.Request.Why, Time: r.When.UTC(),
		DryRun: r.Request.DryRun, Mode: r.Request.Mode.String(), Joined: r.Joined,
		From: api.State{Revision: r.From.Revision, Digest: r.From.Digest}, To: api.State{Revision: r.To.Revision, Digest: r.To.Digest, Files: r.To.Files},
		Verdict: r.Verdict.String(), Changes: changes(r.Changes), Omitted: r.Omitted, Summary: map[string]int{},
		Predicted: effects(r.Predicted), Effects: effects(r.Effects), Warnings: Items(r.Warnings), Errors: Items(r.Problems),
		Result: api.Result{
			Outcome: string(r.Result), Applied: r.Moved(), Duration: float64(r.Duration.Microseconds()) / 1000, Pending: append([]string{}, r.Pending...),
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

// changes are the differences between two configurations.
func changes(fields []reload.Field) []api.Change {
	out := make([]api.Change, 0, len(fields))
	for i := range fields {
		f := &fields[i]
		out = append(out, api.Change{
			Pointer: f.Pointer, Path: f.Path, Op: f.Op.String(), Old: f.Old, New: f.New, Content: f.Content,
			Verdict: f.Verdict.String(), Reason: f.Reason, Component: f.Component,
			Effect: api.Counts{Affected: f.Affected, Dropped: f.Dropped, Subs: f.Subs}, Source: Source(f.Origin),
		})
	}
	return out
}

// effects is what a reload does to connections.
func effects(e reload.Effects) api.Effects {
	out := api.Effects{Counts: api.Counts{Affected: e.Affected, Dropped: e.Dropped, Subs: e.Subs}}
	for _, one := range e.List {
		out.List = append(out.List, api.Effect(one))
	}
	return out
}
