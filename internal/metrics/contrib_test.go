package metrics_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"natsd/internal/metrics"
)

const contrib = "../../contrib"

// Every metric and every label that the dashboard and the alerts name is there.
func TestContribNamesWhatThereIs(t *testing.T) {
	t.Parallel()
	known := map[string]map[string]bool{} // labels by metric
	note := func(name string, labels ...string) {
		if known[name] == nil {
			known[name] = map[string]bool{"server_id": true, "instance": true, "job": true}
		}
		for _, l := range labels {
			known[name][l] = true
		}
	}
	for name, f := range everything(t) {
		names := []string{name}
		if s := f.GetType().String(); s == "SUMMARY" || s == "HISTOGRAM" {
			names = append(names, name+"_sum", name+"_count")
		}
		for _, n := range names {
			for _, m := range f.GetMetric() {
				for l := range labelsOf(m) {
					note(n, l)
				}
			}
			note(n)
		}
	}
	for _, r := range metrics.Own() {
		note(r.Name, r.Labels...)
	}
	exprs := expressions(t)
	if len(exprs) < 30 {
		t.Fatalf("only %d expressions found", len(exprs))
	}
	for _, e := range exprs {
		checkExpression(t, e, known)
	}
}

var (
	metricName = regexp.MustCompile(`\b(gnatsd|natsd|jetstream|go|process)_\w+\b`)
	grouping   = regexp.MustCompile(`\b(?:by|without) \(([^)]*)\)`)
	matchers   = regexp.MustCompile(`\{([^}]*)\}`)
	matched    = regexp.MustCompile(`(\w+)\s*(?:=~|!~|!=|=)`)
)

func checkExpression(t *testing.T, e string, known map[string]map[string]bool) {
	t.Helper()
	names := metricName.FindAllString(e, -1)
	if len(names) == 0 {
		t.Errorf("%s: no metric", e)
		return
	}
	var labels []string
	for _, m := range grouping.FindAllStringSubmatch(e, -1) {
		labels = append(labels, strings.Split(m[1], ", ")...)
	}
	for _, m := range matchers.FindAllStringSubmatch(e, -1) {
		for _, l := range matched.FindAllStringSubmatch(m[1], -1) {
			labels = append(labels, l[1])
		}
	}
	for _, name := range names {
		if known[name] == nil {
			t.Errorf("%s: there is no %s", e, name)
			continue
		}
		for _, l := range labels {
			if !known[name][l] {
				t.Errorf("%s: %s has no label %s", e, name, l)
			}
		}
	}
}

// expressions finds all that is asked of Prometheus in contrib.
func expressions(t *testing.T) []string {
	t.Helper()
	var out []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if e, ok := v["expr"].(string); ok {
				out = append(out, e)
			}
			for _, child := range v {
				walk(child)
			}
		case []any:
			for _, child := range v {
				walk(child)
			}
		}
	}
	for pattern, decode := range map[string]func([]byte, any) error{"grafana/*.json": json.Unmarshal, "prometheus/*.rules.yml": yaml.Unmarshal} {
		files, err := filepath.Glob(filepath.Join(contrib, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var tree any
			if err := decode(text, &tree); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			walk(tree)
		}
	}
	return out
}

// The alerts fire when they should, by the word of promtool, where there is one.
func TestAlerts(t *testing.T) {
	t.Parallel()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("there is no promtool")
	}
	for _, args := range [][]string{{"check", "rules", "natsd.rules.yml"}, {"test", "rules", "natsd.rules.test.yml"}} {
		cmd := exec.CommandContext(t.Context(), promtool, args...)
		cmd.Dir = filepath.Join(contrib, "prometheus")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// Promtool finds nothing to say about the form of a scrape.
func TestFormIsClean(t *testing.T) {
	t.Parallel()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("there is no promtool")
	}
	n := start(t, twoAccounts)
	_, body := n.get("/metrics?detailed=1")
	cmd := exec.CommandContext(t.Context(), promtool, "check", "metrics")
	cmd.Stdin = strings.NewReader(body)
	out, _ := cmd.CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "natsd_") {
			t.Error(line) // names that tools know are what they are
		}
	}
	if strings.Contains(string(out), "error while linting") {
		t.Errorf("%s", out)
	}
}
