package admin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"natsd/internal/admin/api"
	"natsd/internal/admin/report"
	"natsd/internal/config"
)

var configViews = []string{"effective", "file", "defaults"}

// config serves GET /config.
func (a *API) config(c *call) (any, error) {
	view, format := c.word("view", configViews...), c.word("format", "json", "conf")
	if err := c.valid(); err != nil {
		return nil, err
	}
	o := c.options
	tag := etag(o.Digest)
	c.w.Header().Set("ETag", tag)
	if c.r.Header.Get("If-None-Match") == tag {
		return answer{status: http.StatusNotModified}, nil
	}
	if o.Archive == nil {
		return nil, api.Problemf(api.NotFound, "this server was not made from a configuration that can be shown")
	}
	e, err := o.Archive.Effective(view == "defaults")
	if err != nil {
		return nil, fmt.Errorf("show the configuration: %w", err)
	}
	out := &api.Config{Revision: a.Reload.Status().Revision, Digest: o.Digest, View: view, Config: e.Tree, Sources: map[string]api.Source{}}
	if view == "" {
		out.View = "effective"
	}
	for i := range e.Settings {
		s := &e.Settings[i]
		if src := report.Source(s.Origin); src != nil {
			out.Sources[config.Pointer(s.Elems...)] = *src
			if view == "file" && src.File == "" {
				forget(e.Tree, s.Elems)
				delete(out.Sources, config.Pointer(s.Elems...))
			}
		}
	}
	if format == "conf" { // JSON is a notation of the language
		text, err := json.MarshalIndent(out.Config, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("show the configuration: %w", err)
		}
		return answer{body: append(text, '\n'), media: confType}, nil
	}
	return out, nil
}

// forget takes a value out of a tree.
func forget(tree map[string]any, elems []string) {
	for _, e := range elems[:len(elems)-1] {
		next, ok := tree[e].(map[string]any)
		if !ok {
			return
		}
		tree = next
	}
	delete(tree, elems[len(elems)-1])
}

// configValue serves GET /config/values/{pointer}.
func (a *API) configValue(c *call) (any, error) {
	elems := config.PointerElements(c.path("*"))
	about, near, ok := config.ExplainAt(elems)
	if !ok {
		p := api.Problemf(api.NotFound, "there is no key %s", strings.Join(elems, "."))
		for _, name := range near {
			p.Errors = append(p.Errors, api.Item{Code: "hint", Message: "did you mean " + name + "?", Severity: api.SeverityWarning})
		}
		return nil, p
	}
	out := &api.Setting{
		Pointer: config.Pointer(elems...), Key: about.Key, Default: about.Default, Type: about.Type, Reloadable: about.Reload, Why: about.Why,
		Doc: about.Doc, Flag: about.Flag, Env: about.Env, Pending: about.Pending,
	}
	if c.options.Archive == nil {
		return out, nil
	}
	e, err := c.options.Archive.Effective(true)
	if err != nil {
		return nil, fmt.Errorf("show the configuration: %w", err)
	}
	out.Value = valueAt(e.Tree, elems)
	for i := range e.Settings {
		if config.Pointer(e.Settings[i].Elems...) == out.Pointer {
			out.Source = report.Source(e.Settings[i].Origin)
		}
	}
	return out, nil
}

// valueAt returns what stands at a place of a tree; nil when nothing does.
func valueAt(tree any, elems []string) any {
	for _, e := range elems {
		switch at := tree.(type) {
		case map[string]any:
			tree = at[e]
		case []any:
			i, err := strconv.Atoi(e)
			if err != nil || i < 0 || i >= len(at) {
				return nil
			}
			tree = at[i]
		default:
			return nil
		}
	}
	return tree
}

// configSchema serves GET /config/schema.
func (a *API) configSchema(*call) (any, error) {
	var b bytes.Buffer
	if err := config.WriteSchema(&b); err != nil {
		return nil, err
	}
	return answer{body: b.Bytes(), media: "application/schema+json"}, nil
}
