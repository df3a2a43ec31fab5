package metrics_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"natsd/internal/metrics"
)

var update = flag.Bool("update", false, "rewrite the tables of docs/metrics.md")

const page = "../../docs/metrics.md"

// TestDocumentation keeps the tables of docs/metrics.md equal to what there is.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	want := string(text)
	for name, table := range map[string]string{"own": ownTable(), "known": knownTable(everything(t))} {
		begin, end := "<!-- "+name+" -->\n", "<!-- end of "+name+" -->"
		before, rest, ok := strings.Cut(want, begin)
		_, after, closed := strings.Cut(rest, end)
		if !ok || !closed {
			t.Fatalf("no place for the table %s", name)
		}
		want = before + begin + table + end + after
	}
	if want == string(text) {
		return
	}
	if !*update {
		t.Fatalf("%s is not what there is; run: go test ./internal/metrics -run TestDocumentation -update", page)
	}
	if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// everything scrapes a server that has all there is.
func everything(t *testing.T) families {
	t.Helper()
	n := start(t, twoAccounts)
	n.client(nats.UserInfo("a", "p"))
	for _, path := range []string{"/varz", "/connz", "/routez", "/gatewayz", "/leafz", "/subsz", "/accountz", "/accstatz", "/jsz", "/healthz"} {
		n.get(path)
	}
	return n.scrape("?detailed=1")
}

func ownTable() string {
	var b strings.Builder
	b.WriteString("| Metric | Type | Labels | What it says |\n|---|---|---|---|\n")
	for _, r := range metrics.Own() {
		kind := "gauge"
		if r.Counter {
			kind = "counter"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", r.Name, kind, quoted(r.Labels), r.Help)
	}
	return b.String()
}

func knownTable(f families) string {
	var b strings.Builder
	b.WriteString("| Metric | Labels | What it says |\n|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if !strings.HasPrefix(name, "gnatsd_") && !strings.HasPrefix(name, "jetstream_") || name == "gnatsd_varz_gomemlimit" {
			continue // the last one depends on the machine
		}
		labels := labelsOf(f[name].GetMetric()[0])
		delete(labels, "server_id")
		words := quoted(slices.Sorted(maps.Keys(labels)))
		if labels["cid"] != "" {
			words = "of a connection"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", name, words, f[name].GetHelp())
	}
	return b.String()
}

func quoted(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return "`" + strings.Join(words, "` `") + "`"
}
