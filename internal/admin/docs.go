package admin

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html"
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

//go:embed docs.css
var docsCSS string

// docsGroup is the endpoints of one resource.
type docsGroup struct {
	name   string
	routes []*route
}

// docsGroups sorts the endpoints by resource, in the order of the table.
func (a *API) docsGroups() (groups []docsGroup) {
	table := a.table()
	for i := range table {
		rt := &table[i]
		name := rt.heading()
		at := slices.IndexFunc(groups, func(g docsGroup) bool { return g.name == name })
		if at < 0 {
			at = len(groups)
			groups = append(groups, docsGroup{name: name})
		}
		groups[at].routes = append(groups[at].routes, rt)
	}
	return groups
}

// docs serves a page that needs nothing from elsewhere and runs no script.
func (a *API) docs(*call) (any, error) {
	var p page
	p.add(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>natsd admin API</title>
`)
	p.WriteString("<style>" + docsCSS + "</style>")
	p.add(`
</head>
<body>
<h1>natsd admin API</h1>
<div>Version %s. For programs: <a href="%s/openapi.json">openapi.json</a>, <a href="%[2]s/openapi.yaml">openapi.yaml</a>.</div>
<nav>`, version.Natsd, base)
	groups := a.docsGroups()
	for _, g := range groups {
		p.add(`<a href="#%s">%[1]s</a>`, g.name)
	}
	p.add("</nav>\n")
	for _, g := range groups {
		p.add("<section>\n<h2 id=\"%s\">%[1]s</h2>\n", g.name)
		for _, rt := range g.routes {
			p.endpoint(rt)
		}
		p.add("</section>\n")
	}
	p.add("</body>\n</html>\n")
	sum := sha256.Sum256([]byte(docsCSS))
	policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; frame-ancestors 'none'; base-uri 'none'"
	return answer{body: p.Bytes(), media: "text/html; charset=utf-8", header: http.Header{"Content-Security-Policy": {policy}}}, nil
}

// page is HTML that is being written. There are a few lines of it in this program, which a template would
// make three megabytes larger: what it may call by name keeps the linker from leaving anything out.
type page struct{ bytes.Buffer }

// add writes a piece of HTML. The texts that its verbs stand for are escaped.
func (p *page) add(format string, texts ...string) {
	escaped := make([]any, len(texts))
	for i, t := range texts {
		escaped[i] = html.EscapeString(t)
	}
	fmt.Fprintf(p, format, escaped...)
}

func (p *page) endpoint(rt *route) {
	if rt.disabled() {
		p.add("<details class=\"off\">\n")
	} else {
		p.add("<details>\n")
	}
	p.add(`<summary><span class="method %s">%[1]s</span><span class="path">%s</span><span class="role">%s</span></summary>`+"\n", rt.method, base+rt.path, rt.role.String())
	p.add("<p>%s", rt.summary)
	if rt.disabled() {
		p.add(" Not built yet: it answers 501.")
	}
	if rt.scope != "" {
		p.add(" Scope: <code>%s</code>.", rt.scope)
	}
	p.add("</p>\n")
	if len(rt.query) > 0 {
		p.add("<table>")
		for _, q := range rt.query {
			p.add("<tr><td><code>%s</code></td><td>%s", q.name, q.doc)
			if len(q.words) > 0 {
				p.add(" One of: %s.", strings.Join(q.words, ", "))
			}
			p.add("</td></tr>")
		}
		p.add("</table>\n")
	}
	p.add("</details>\n")
}
