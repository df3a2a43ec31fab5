package admin

import (
	"bytes"
	"cmp"
	"net/http"
	"slices"
	"strings"
	"sync"

	"natsd/internal/admin/api"
	"natsd/internal/monitor"
)

// compatRoutes are the pages of the monitoring port in their old places, for tools that know no others;
// admin.monitor switches them on.
func (a *API) compatRoutes() []route {
	var out []route
	for _, rt := range slices.Concat(a.monitorRoutes(), a.metricsRoutes()) {
		serve := rt.serve
		rt.serve = func(c *call) (any, error) {
			if !c.settings.options.MonitorCompat {
				return nil, api.Problemf(api.NotFound, "there is no %s", c.r.URL.Path)
			}
			return serve(c)
		}
		if strings.Count(rt.path, "/") == 1 {
			out = append(out, rt)
		}
	}
	return out
}

// monitorRoutes are the endpoints of the monitoring port, under /monitor and under their short names.
// They answer the same bytes as that port.
func (a *API) monitorRoutes() []route {
	var out []route
	for _, page := range monitor.Pages(a.Monitor) {
		serve := func(c *call) (any, error) {
			kept := newPageWriter()
			page.Handler.ServeHTTP(kept, c.r)
			return kept.answer(), nil
		}
		rt := route{method: http.MethodGet, group: "monitor", role: viewer, heavy: page.Heavy, summary: page.Summary, result: map[string]any{}, codes: []api.Code{api.NotFound, api.Draining}, serve: serve}
		for _, path := range []string{"/monitor" + page.Path, page.Path} {
			rt.path = path
			out = append(out, rt)
		}
	}
	return slices.Clip(out)
}

// pageWriter keeps a page, so that a client which reads slowly does not hold up others.
type pageWriter struct {
	status int
	header http.Header
	body   *bytes.Buffer // from pages
}

// pages are used again: a dashboard asks for the same hundreds of kilobytes every second.
var pages = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// largestKeptPage bounds what stays behind after a page that was much longer than others.
const largestKeptPage = 1 << 20

func newPageWriter() *pageWriter { return &pageWriter{body: pages.Get().(*bytes.Buffer)} }

// free gives the memory of the page back. Nobody may use the page after it.
func (w *pageWriter) free() {
	if w.body.Cap() <= largestKeptPage {
		w.body.Reset()
		pages.Put(w.body)
	}
}

// Header implements [http.ResponseWriter].
func (w *pageWriter) Header() http.Header {
	if w.header == nil {
		w.header = http.Header{}
	}
	return w.header
}

// WriteHeader implements [http.ResponseWriter].
func (w *pageWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

// Write implements [http.ResponseWriter].
func (w *pageWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

func (w *pageWriter) answer() answer {
	return answer{status: cmp.Or(w.status, http.StatusOK), header: w.header, body: w.body.Bytes(), media: w.header.Get("Content-Type"), free: w.free}
}
