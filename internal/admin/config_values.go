package admin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"natsd/internal/admin/api"
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
		if src := sourceOf(s.Origin); src != nil {
			out.Sources[pointer(s.Elems)] = *src
			if view == "file" && src.File == "" {
				forget(e.Tree, s.Elems)
				delete(out.Sources, pointer(s.Elems))
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

// pointer makes a JSON Pointer.
func pointer(elems []string) string {
	var b strings.Builder
	for _, e := range elems {
		b.WriteByte('/')
		b.WriteString(pointerEscape.Replace(e))
	}
	return b.String()
}

var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")
