package monitor

import (
	"bytes"
	"fmt"
	"html"
	"net/http"
	"slices"
)

// rootLink leads to a page.
type rootLink struct{ Path, Text string }

// rootLinks are the endpoints that the page of the root offers.
var rootLinks = []rootLink{
	{"/varz", "General"},
	{"/jsz", "JetStream"},
	{"/connz", "Connections"},
	{"/accountz", "Accounts"},
	{"/accstatz", "Account statistics"},
	{"/subsz", "Subscriptions"},
	{"/routez", "Routes"},
	{"/leafz", "Leaf nodes"},
	{"/gatewayz", "Gateways"},
	{"/raftz", "Raft groups"},
	{"/healthz", "Health"},
	{"/debug/vars", "Runtime variables"},
}

const (
	rootHead = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>natsd monitoring</title>
<style>body { font-family: system-ui, sans-serif; margin: 3em auto; max-width: 30em; } li { margin: .4em 0; }</style>
</head>
<body>
<h1>natsd</h1>
<ul>
`
	rootTail = "</ul>\n</body>\n</html>\n"
)

// rootPage is a page of links to everything that can be asked.
func rootPage(base string, more []Page) http.Handler {
	links := slices.Clone(rootLinks)
	for _, p := range more {
		links = append(links, rootLink{p.Path, p.Summary})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		page := bytes.NewBufferString(rootHead)
		for _, l := range links {
			fmt.Fprintf(page, "<li><a href=\"%s\">%s</a></li>\n", html.EscapeString(base+l.Path), html.EscapeString(l.Text))
		}
		page.WriteString(rootTail)
		writeBody(w, http.StatusOK, "text/html; charset=utf-8", page.Bytes())
	})
}
