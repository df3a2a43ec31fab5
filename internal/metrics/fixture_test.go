package metrics_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.uber.org/goleak"

	"natsd/test/inside"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// node is a running server with a monitoring port.
type node struct{ *inside.Node }

// start serves a configuration on free ports. "<dir>" in it stands for a folder of the test.
func start(t testing.TB, text string) *node {
	t.Helper()
	return &node{inside.Start(t, text, map[string]string{"NATSD_HTTP_PORT": "-1"})}
}

// get asks the monitoring port. Headers are pairs of name and value.
func (n *node) get(path string, headers ...string) (*http.Response, string) {
	n.TB.Helper()
	req, err := http.NewRequestWithContext(n.TB.Context(), http.MethodGet, "http://"+n.MonitorAddr().String()+path, nil)
	if err != nil {
		n.TB.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		n.TB.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		n.TB.Fatal(err)
	}
	return resp, string(body)
}

// families is what a scrape gives, by name.
type families map[string]*dto.MetricFamily

func (n *node) scrape(query string) families {
	n.TB.Helper()
	resp, body := n.get("/metrics" + query)
	if resp.StatusCode != http.StatusOK {
		n.TB.Fatalf("status %d: %s", resp.StatusCode, body)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	out, err := parser.TextToMetricFamilies(strings.NewReader(body))
	if err != nil {
		n.TB.Fatal(err)
	}
	return out
}

// value returns the value of the only series of a family that has these labels, pairs of name and value.
func (f families) value(t *testing.T, name string, labels ...string) float64 {
	t.Helper()
	var found []*dto.Metric
	for _, m := range f[name].GetMetric() {
		if has(m, labels) {
			found = append(found, m)
		}
	}
	if len(found) != 1 {
		t.Errorf("%s %v: %d series", name, labels, len(found))
		return 0
	}
	if c := found[0].GetCounter(); c != nil {
		return c.GetValue()
	}
	return found[0].GetGauge().GetValue()
}

func has(m *dto.Metric, labels []string) bool {
	values := labelsOf(m)
	for i := 0; i < len(labels); i += 2 {
		if values[labels[i]] != labels[i+1] {
			return false
		}
	}
	return true
}

func labelsOf(m *dto.Metric) map[string]string {
	out := map[string]string{}
	for _, l := range m.GetLabel() {
		out[l.GetName()] = l.GetValue()
	}
	return out
}

// client connects.
func (n *node) client(opts ...nats.Option) *nats.Conn {
	n.TB.Helper()
	nc, err := nats.Connect("nats://"+n.ClientAddr().String(), opts...)
	if err != nil {
		n.TB.Fatal(err)
	}
	n.TB.Cleanup(nc.Close)
	return nc
}
