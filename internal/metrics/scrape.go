package metrics

import (
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"natsd/internal/config"
	"natsd/internal/reload"
	"natsd/internal/reload/watch"
	"natsd/internal/status"
)

// scrape builds the metrics of one request. It is a [prometheus.Collector] that describes nothing
// beforehand: what there is to tell depends on what the server does.
type scrape struct {
	deps    *Deps
	request request

	out      chan<- prometheus.Metric
	descs    map[string]*prometheus.Desc // by name of the family
	serverID string                      // value of the label of that name

	// What the metrics are made of, read once.
	now      time.Time
	options  *config.Options
	server   status.Server
	counters status.Counters
	reload   reload.Status
	watcher  watch.State
	accounts []status.Account // see boundAccounts
	routes   []route
}

// Describe implements [prometheus.Collector].
func (s *scrape) Describe(chan<- *prometheus.Desc) {}

// Collect implements [prometheus.Collector].
func (s *scrape) Collect(out chan<- prometheus.Metric) {
	s.out, s.descs = out, map[string]*prometheus.Desc{}
	s.now = time.Now()
	s.options = s.deps.Options()
	s.server = s.deps.Source.Server()
	s.counters = s.deps.Source.Counters()
	s.reload = s.deps.Reload()
	s.watcher = s.deps.Watcher()
	s.accounts = boundAccounts(s.deps.Source.Accounts(), s.request.limit)
	s.routes = routesOf(s.deps.Source.AppendRoutes(nil))
	s.serverID = s.server.ID
	if s.request.byName {
		s.serverID = s.server.Name
	}
	s.known()
	s.natsd()
}

// family is what all series of one name share.
type family struct {
	name, help string
	counter    bool
	labels     []string // beside server_id
}

// emit gives one series.
func (s *scrape) emit(f *family, value float64, labels ...string) {
	kind := prometheus.GaugeValue
	if f.counter {
		kind = prometheus.CounterValue
	}
	desc := s.descs[f.name]
	if desc == nil {
		desc = prometheus.NewDesc(f.name, f.help, append([]string{"server_id"}, f.labels...), nil)
		s.descs[f.name] = desc
	}
	values := make([]string, 1, 1+len(labels))
	values[0] = shown(s.serverID)
	for _, v := range labels {
		values = append(values, shown(v))
	}
	m, err := prometheus.NewConstMetric(desc, kind, value, values...)
	if err != nil {
		m = prometheus.NewInvalidMetric(desc, err)
	}
	s.out <- m
}

// longestLabel bounds what clients can put into the value of a label, in bytes.
const longestLabel = 128

// shown makes a label of a text that comes from outside.
func shown(text string) string {
	if len(text) > longestLabel {
		text = text[:longestLabel]
	}
	return strings.ToValidUTF8(text, "�")
}

// seconds is a moment as Prometheus counts it; 0 is never.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
