package metrics

import (
	"context"
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"

	"natsd/internal/config"
	"natsd/internal/monitor"
	"natsd/internal/reload"
	"natsd/internal/reload/watch"
	"natsd/internal/status"
)

// Deps is what an [Exporter] reads. It is not changed after [New], and all functions may be called at any
// time by any number of goroutines.
type Deps struct {
	Source  status.Source
	Monitor *monitor.Collector
	Options func() *config.Options
	Reload  func() reload.Status
	Watcher func() watch.State       // the zero State without a watcher
	Admin   func() map[string]uint64 // requests to the admin API by what came of them
}

// Exporter gives the metrics of one server over HTTP. It is safe for concurrent use.
type Exporter struct {
	deps    Deps
	runtime *prometheus.Registry // figures of the Go runtime and of the process
	turns   chan struct{}        // taken while metrics are collected
}

// scrapesAtOnce bounds what scrapers cost. Others wait their turn.
const scrapesAtOnce = 4

// New makes the exporter of a server.
func New(d Deps) *Exporter {
	e := &Exporter{deps: d, runtime: prometheus.NewRegistry(), turns: make(chan struct{}, scrapesAtOnce)}
	e.runtime.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return e
}

// request is what a scraper may ask for.
type request struct {
	prefix   string // of the names that tools know
	byName   bool   // the label server_id holds the name of the server
	detailed bool   // series of single connections
	limit    int    // of connections and of accounts that get series of their own
}

// MaxSeries is how many connections or accounts may get series of their own at most.
const MaxSeries = 10000

const defaultSeries = 200

// parse reads the parameters of a query. It returns what is wrong with them, for people.
func parse(r *http.Request) (q request, wrong string) {
	values := r.URL.Query()
	q = request{prefix: "gnatsd", limit: defaultSeries}
	switch p := values.Get("prefix"); p {
	case "":
	case "gnatsd", "nats":
		q.prefix = p
	default:
		return q, "prefix must be gnatsd or nats"
	}
	switch values.Get("server_label") {
	case "", "id":
	case "name":
		q.byName = true
	default:
		return q, "server_label must be id or name"
	}
	if s := values.Get("detailed"); s != "" {
		var err error
		if q.detailed, err = strconv.ParseBool(s); err != nil {
			return q, "detailed must be true or false"
		}
	}
	if s := values.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > MaxSeries {
			return q, "limit must be a number from 1 to " + strconv.Itoa(MaxSeries)
		}
		q.limit = n
	}
	return q, ""
}

// ServeHTTP answers a scrape in the form that the request accepts.
func (e *Exporter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q, wrong := parse(r)
	if wrong != "" {
		http.Error(w, wrong, http.StatusBadRequest)
		return
	}
	families, err := e.gather(r.Context(), q)
	gathered := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return families, err })
	promhttp.HandlerFor(gathered, promhttp.HandlerOpts{
		ErrorHandling: promhttp.HTTPErrorOnError, EnableOpenMetrics: true,
	}).ServeHTTP(w, r)
}

// gather collects in turn. Who reads the answer slowly does not keep his turn.
func (e *Exporter) gather(ctx context.Context, q request) ([]*dto.MetricFamily, error) {
	select {
	case e.turns <- struct{}{}:
		defer func() { <-e.turns }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(&scrape{deps: &e.deps, request: q})
	return prometheus.Gatherers{registry, e.runtime}.Gather()
}
