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
			Replay(t, k, s, rules(s.Number, k))
		})
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
		tell("pending", pending)
	}
	return strings.Join(lines, "\n")
}
