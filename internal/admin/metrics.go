package admin

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"natsd/internal/admin/api"
	"natsd/internal/metrics"
)

// metricsRoutes are the endpoints for those who draw curves.
func (a *API) metricsRoutes() []route {
	return []route{
		{
			method: http.MethodGet, path: "/metrics", role: viewer, heavy: true, summary: "Metrics in the form of Prometheus or OpenMetrics.",
			query: []param{
				{name: "prefix", words: []string{"gnatsd", "nats"}, doc: "Beginning of the names that tools know."},
				{name: "server_label", words: []string{"id", "name"}, doc: "What the label `server_id` holds."},
				{name: "detailed", kind: "boolean", doc: "Series for single connections."},
				{name: "limit", kind: "integer", doc: "How many connections and accounts get series of their own."},
			},
			produces: []string{"text/plain", "application/openmetrics-text"}, serve: a.metricsPage,
		},
		{
			method: http.MethodGet, path: "/stats/timeseries", role: viewer, summary: "How the main figures went within the last hour.",
			query: []param{
				{name: "metric", doc: "One or several of msgs, bytes, conns, cpu and mem, with commas between; all when not given."},
				{name: "window", kind: "duration", doc: "How far back, at most 1h; 10m when not given."},
				{name: "step", kind: "duration", doc: "Distance of the points, rounded up to a multiple of 5s."},
			},
			result: api.TimeSeries{}, serve: a.timeSeries,
		},
	}
}

func (a *API) metricsPage(c *call) (any, error) {
	c.word("prefix", "gnatsd", "nats")
	c.word("server_label", "id", "name")
	c.bool("detailed")
	c.int("limit", metrics.MaxSeries, 1)
	if err := c.valid(); err != nil {
		return nil, err
	}
	kept := newPageWriter()
	a.Metrics.ServeHTTP(kept, c.r)
	return kept.answer(), nil
}

// defaultWindow is how far back the curves go when nobody says more.
const defaultWindow = 10 * time.Minute

func (a *API) timeSeries(c *call) (any, error) {
	out := &api.TimeSeries{Metrics: metrics.HistoryMetrics(), Now: time.Now().UTC()}
	if names := c.text("metric"); names != "" {
		out.Metrics = strings.Split(names, ",")
	}
	for _, name := range out.Metrics {
		if !slices.Contains(metrics.HistoryMetrics(), name) {
			c.wrong("metric", name+" is not one of "+strings.Join(metrics.HistoryMetrics(), ", "))
		}
	}
	window, step := c.duration("window"), c.duration("step")
	if window > metrics.HistoryWindow {
		c.wrong("window", "it is at most "+metrics.HistoryWindow.String())
	}
	if window == 0 {
		window = defaultWindow
	}
	if step > window {
		c.wrong("step", "it is longer than the window")
	}
	if err := c.valid(); err != nil {
		return nil, err
	}
	for _, p := range a.History.Points(out.Metrics, window, step) {
		out.Items = append(out.Items, api.Point(p))
	}
	out.Items = list(out.Items)
	return out, nil
}
