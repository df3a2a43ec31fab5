package transcript

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"natsd/test/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Run(m)) }

var playPending = flag.Bool("pending", false, "play the pending recordings too, to see which hold already")

func load(tb testing.TB) []*Script {
	tb.Helper()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) != 97 {
		tb.Fatalf("want 97 recordings, got %d (%v)", len(files), err)
	}
	var scripts []*Script
	for _, f := range files {
		s, err := Load(f)
		if err != nil {
			tb.Fatal(err)
		}
		scripts = append(scripts, s)
	}
	return scripts
}

// TestReplay plays every recording against the server under test: natsd, or the peer with -peer.
// A recording that is not played is a skip that tells why; the last line counts them all.
func TestReplay(t *testing.T) {
	t.Parallel()
	harness.Binary(t, harness.Target())
	var sum summary
	t.Cleanup(func() { t.Log(sum.text()) })
	for _, s := range load(t) {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			defer func() { sum.count(t, s.Number) }()
			k := harness.Target()
			if reason := listed(deviations(k), s.Number); reason != "" {
				t.Skipf("%s differs: %s", k, reason)
			}
			if reason := listed(pending, s.Number); reason != "" && k == harness.Natsd && !*playPending {
				t.Skipf("pending: %s", reason)
			}
			Replay(t, k, own(t, k, s), rules(s.Number, k))
		})
	}
}

// own returns natsd's form of a recording in which it does something else on purpose, else s itself.
func own(t *testing.T, k harness.Kind, s *Script) *Script {
	t.Helper()
	if k != harness.Natsd || listed(natsdForms, s.Number) == "" {
		return s
	}
	form, err := Load(filepath.Join("testdata", "natsd", s.Name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	form.Dir = s.Dir // the configurations are the same
	return form
}

// TestNatsdForms holds the list of decided differences to the recordings that have a form of their own.
func TestNatsdForms(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/natsd/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, g := range natsdForms {
		n += len(g.numbers)
	}
	if len(files) != n {
		t.Errorf("%d forms, %d listed", len(files), n)
	}
	for _, f := range files {
		if number, _, _ := strings.Cut(filepath.Base(f), "-"); listed(natsdForms, number) == "" {
			t.Errorf("%s is not listed", f)
		}
	}
}

// summary counts how the recordings went.
type summary struct {
	mu                    sync.Mutex
	held, skipped, failed []string
}

func (s *summary) count(t *testing.T, number string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case t.Failed():
		s.failed = append(s.failed, number)
	case t.Skipped():
		s.skipped = append(s.skipped, number)
	default:
		s.held = append(s.held, number)
	}
}

func (s *summary) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := harness.Target()
	lines := []string{fmt.Sprintf("recordings against %s: %d hold, %d fail, %d not played", k, len(s.held), len(s.failed), len(s.skipped))}
	if len(s.failed) > 0 {
		lines = append(lines, "  fail: "+strings.Join(s.failed, " "))
	}
	tell := func(title string, groups []group) {
		for _, g := range groups {
			lines = append(lines, fmt.Sprintf("  %s, %s: %s", title, g.reason, strings.Join(g.numbers, " ")))
		}
	}
	tell("differs", deviations(k))
	if k == harness.Natsd {
		tell("holds in natsd's form", natsdForms)
		tell("pending", pending)
	}
	return strings.Join(lines, "\n")
}
