package report

import (
	"natsd/internal/admin/api"
	"natsd/internal/config"
	"natsd/internal/config/syntax"
	"natsd/internal/reload"
)

// Items are the problems of a reload.
func Items(problems []reload.Problem) []api.Item {
	out := make([]api.Item, 0, len(problems))
	for i := range problems {
		item := itemOf(problems[i].Code, &problems[i].Problem)
		item.Component = problems[i].Component
		out = append(out, item)
	}
	return out
}

// Found are the problems of a configuration. Each comes with the line that it is about, if source, which may
// be nil, knows that.
func Found(problems []syntax.Problem, source func(config.Pos) string) []api.Item {
	out := make([]api.Item, 0, len(problems))
	for i := range problems {
		p := &problems[i]
		code := string(api.ConfigInvalid)
		if p.Warning {
			code = reload.CodeWarning
		}
		item := itemOf(code, p)
		if source != nil {
			item.Snippet = source(p.Pos)
		}
		out = append(out, item)
	}
	return out
}

func itemOf(code string, p *syntax.Problem) api.Item {
	item := api.Item{
		Code: code, Message: p.Message, File: p.Pos.File, Line: p.Pos.Line, Column: p.Pos.Col,
		Severity: api.SeverityError, Hint: p.Hint,
	}
	if p.Warning {
		item.Severity = api.SeverityWarning
	}
	if p.Key != "" {
		item.Pointer = config.PathPointer(p.Key)
	}
	return item
}

// Source is where a value comes from; nil for a default.
func Source(o config.Origin) *api.Source {
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
