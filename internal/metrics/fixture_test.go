package metrics_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.uber.org/goleak"

	"natsd/internal/config"
	"natsd/internal/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what has to come.
const patience = 20 * time.Second

// node is a running server with a monitoring port.
type node struct {
	*server.Server
	t    testing.TB
	conf string
}

// start serves a configuration on free ports. "<dir>" in it stands for a folder of the test.
func start(t testing.TB, text string) *node {
	t.Helper()
	dir, err := os.MkdirTemp("", "natsd") // short enough for the name of a socket
	if err != nil {
		t.Fatal(err)
	}
	n := &node{t: t, conf: filepath.Join(dir, "natsd.conf")}
	n.write(text)
	src := config.Source{Path: n.conf, Environ: map[string]string{
		"NATSD_HOST": "127.0.0.1", "NATSD_PORT": "-1", "NATSD_HTTP_PORT": "-1",
		"NATSD_ADMIN_UNIX": filepath.Join(dir, "a.sock"), "NATSD_LOG_FILE": filepath.Join(dir, "log"),
	}}
	o, report := config.Load(src)
	if o == nil {
		t.Fatal(report.Err())
	}
	if n.Server, err = server.New(o, server.WithSource(src)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		_ = os.RemoveAll(dir)
	})
	select {
	case <-n.Ready():
	case err := <-ended:
		ended <- err
		t.Fatal("ended at its start")
	}
	return n
}

func (n *node) write(text string) {
	n.t.Helper()
	text = strings.ReplaceAll(text, "<dir>", filepath.Dir(n.conf))
	if err := os.WriteFile(n.conf, []byte(text), 0o600); err != nil {
		n.t.Fatal(err)
	}
}

// get asks the monitoring port. Headers are pairs of name and value.
func (n *node) get(path string, headers ...string) (*http.Response, string) {
	n.t.Helper()
	req, err := http.NewRequestWithContext(n.t.Context(), http.MethodGet, "http://"+n.MonitorAddr().String()+path, nil)
	if err != nil {
		n.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		n.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		n.t.Fatal(err)
	}
	return resp, string(body)
}

// families is what a scrape gives, by name.
type families map[string]*dto.MetricFamily

func (n *node) scrape(query string) families {
	n.t.Helper()
	resp, body := n.get("/metrics" + query)
	if resp.StatusCode != http.StatusOK {
		n.t.Fatalf("status %d: %s", resp.StatusCode, body)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	out, err := parser.TextToMetricFamilies(strings.NewReader(body))
	if err != nil {
		n.t.Fatal(err)
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
	n.t.Helper()
	nc, err := nats.Connect("nats://"+n.ClientAddr().String(), opts...)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(nc.Close)
	return nc
}

// eventually waits until something is so.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not so: " + what)
		}
	}
}
