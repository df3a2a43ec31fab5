package reload

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"natsd/internal/config"
)

// TestHistoryIsBounded in bytes too. The reports stay, the last configuration always does, and files
// that did not change count once.
func TestHistoryIsBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	load := func(main, included string) *config.Options {
		for name, text := range map[string]string{"natsd.conf": main, "x": included} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		o, report := config.Load(config.Source{Path: filepath.Join(dir, "natsd.conf")})
		if o == nil {
			t.Fatal(report.Err())
		}
		return o
	}
	for _, c := range []struct {
		budget int
		shared bool
		want   int
	}{{20_000, false, 4}, {100, false, 1}, {20_000, true, 9}} {
		h := newHistory(20, nil)
		h.budget = c.budget
		for i := range 9 {
			main, included := fmt.Sprintf("include x\nport: 500%d", i), strings.Repeat("# x\n", 1000)
			if !c.shared {
				main, included = main+"\n"+strings.Repeat(fmt.Sprintf("# %d\n", i), 1000), ""
			}
			h.add(newEntry(&Report{Revision: i + 1}, load(main, included)))
		}
		kept := 0
		for _, e := range h.entries {
			if e.archive != nil || e.delta != nil {
				kept++
			}
		}
		if len(h.entries) != 9 || kept != c.want || h.entries[8].archive == nil || h.entries[7].archive != nil {
			t.Errorf("%+v: %d reports, %d configurations", c, len(h.entries), kept)
		}
	}
}
