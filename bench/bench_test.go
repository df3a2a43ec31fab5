package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"os"
	"os/exec"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == relayCommand { // this program stands in for the duel's own
		if err := serveRelay(context.Background(), os.Args[1:]); err != nil {
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// Every workload runs for a moment: each delivery is checked, speed is not.
func TestDeliveries(t *testing.T) {
	t.Parallel()
	o := &options{peer: "none"}
	if _, err := exec.LookPath("nats-server"); err == nil {
		o.peer = "nats-server"
	} else {
		t.Log("no nats-server on this machine: natsd alone")
	}
	dir := t.TempDir()
	rivals, err := rivalsOf(t.Context(), o, dir)
	if err != nil {
		t.Fatal(err)
	}
	d := duel{rivals: rivals, works: works, rounds: 1, pace: shortPace, dir: dir, progress: func(string) {}}
	results, err := d.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var table bytes.Buffer
	if err := writeTable(&table, rivals, results); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(table.String()) {
		if n := len(strings.TrimRight(line, "\n")); n > 100 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if err := xml.Unmarshal(chart(rivals, results), new(struct{})); err != nil {
		t.Errorf("chart: %v", err)
	}
	for _, r := range results {
		for i, samples := range r.Samples {
			if rivals[i].relay && len(samples) == 0 {
				continue
			}
			if len(samples) != 1 || r.Kind == processor && samples[0].PerSecond <= 0 {
				t.Errorf("%s with %s: samples %+v", r.Work, rivals[i].name, samples)
			}
		}
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		list string
		want int // -1 is an error
	}{
		{"", len(works)},
		{"one-128", 1},
		{"fan1", 9},
		{"fan1000,fan10-,one-16", 7},
		{"pub,request", 6},
		{"nothing", -1},
		{"one,", -1},
	} {
		got, err := choose(tc.list)
		if n := len(got); (err != nil) != (tc.want < 0) || err == nil && n != tc.want {
			t.Errorf("%q: %d workloads, error %v; want %d", tc.list, n, err, tc.want)
		}
	}
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ args, want string }{
		{"-peer /no/such/server", "the peer is missing"},
		{"-work nothing", "no workload"},
		{"-work one extra", "unexpected argument"},
	} {
		err := run(t.Context(), append([]string{"-natsd", "/bin/false"}, strings.Fields(tc.args)...), &bytes.Buffer{}, &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want %q", tc.args, err, tc.want)
		}
	}
}

func TestServerThatDoesNotStart(t *testing.T) {
	t.Parallel()
	_, err := rival{name: "false", path: "false"}.start(t.Context(), t.TempDir(), placement{}, conf{})
	if err == nil || !strings.Contains(err.Error(), "it has ended") {
		t.Errorf("error %v", err)
	}
}

func TestMiddle(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		values []float64
		want   float64
	}{{[]float64{3, 1, 2}, 2}, {[]float64{4, 1}, 2.5}, {[]float64{7}, 7}} {
		if got := middle(tc.values); got != tc.want {
			t.Errorf("%v: %v, want %v", tc.values, got, tc.want)
		}
	}
}
