package admin

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"natsd/internal/version"
)

// docsRoutes are the endpoints that describe the API.
func (a *API) docsRoutes() []route {
	return []route{
		{method: http.MethodGet, group: "docs", path: "/openapi.json", role: none, summary: "This API as OpenAPI 3.1 document.", result: map[string]any{}, serve: func(*call) (any, error) {
			return a.openAPI(), nil
		}},
		{method: http.MethodGet, group: "docs", path: "/openapi.yaml", role: none, summary: "The same as YAML.", produces: []string{yamlType}, serve: func(c *call) (any, error) {
			c.r.Header.Set("Accept", yamlType)
			return a.openAPI(), nil
		}},
		{method: http.MethodGet, path: "/docs", role: none, summary: "The same as a page to read.", produces: []string{"text/html"}, serve: a.docs},
	}
}

//go:embed docs.html
var docsHTML string

//go:embed docs.css
var docsCSS string

var docsTemplate = template.Must(template.New("docs").Funcs(template.FuncMap{"css": func() template.CSS { return template.CSS(docsCSS) }}).Parse(docsHTML)) //nolint:gosec // the style of this page stands beside it

// docsGroup is the endpoints of one resource.
type docsGroup struct {
	Name   string
	Routes []docsRoute
}

type docsRoute struct {
	Method, Path, Role, Scope, Summary string
	Disabled                           bool
	Query                              []docsParam
}

type docsParam struct{ Name, Values, Doc string }

// docs serves a page that needs nothing from elsewhere and runs no script.
func (a *API) docs(*call) (any, error) {
	var groups []docsGroup
	for i := range a.table {
		rt := &a.table[i]
		name := rt.heading()
		at := slices.IndexFunc(groups, func(g docsGroup) bool { return g.Name == name })
		if at < 0 {
			at = len(groups)
			groups = append(groups, docsGroup{Name: name})
		}
		one := docsRoute{Method: rt.method, Path: base + rt.path, Role: rt.role.String(), Scope: rt.scope, Summary: rt.summary, Disabled: rt.disabled()}
		for _, p := range rt.query {
			one.Query = append(one.Query, docsParam{p.name, strings.Join(p.words, ", "), p.doc})
		}
		groups[at].Routes = append(groups[at].Routes, one)
	}
	var page bytes.Buffer
	if err := docsTemplate.Execute(&page, map[string]any{"Version": version.Natsd, "Base": base, "Groups": groups}); err != nil {
		return nil, fmt.Errorf("write the page: %w", err)
	}
	sum := sha256.Sum256([]byte(docsCSS))
	policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; frame-ancestors 'none'; base-uri 'none'"
	return answer{body: page.Bytes(), media: "text/html; charset=utf-8", header: http.Header{"Content-Security-Policy": {policy}}}, nil
}
