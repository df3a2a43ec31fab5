package watch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTrails(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	at := func(p string) string { return filepath.Join(dir, filepath.FromSlash(p)) }
	must(t, os.MkdirAll(at("real/deep"), 0o755))
	put(t, at("real/deep/file"), "x")
	for name, target := range map[string]string{
		"to-file": "real/deep/file", "to-dir": "real", "up": "real/deep/../../to-dir", "absolute": at("to-dir"),
		"real/back": "../to-file", "gone": "real/none/file", "loop": "loop", "ping": "pong", "pong": "ping",
	} {
		must(t, os.Symlink(target, at(name)))
	}
	for _, c := range []struct{ path, steps, real, lost, fault string }{
		{"real/deep/file", "real/deep/file", "real/deep/file", "", ""},
		{"real/./deep/../deep/file", "real/deep/file", "real/deep/file", "", ""},
		{"to-file", "to-file real/deep/file", "real/deep/file", "", ""},
		{"to-dir/deep/file", "to-dir real/deep/file", "real/deep/file", "", ""},
		{"up/deep/file", "up to-dir real/deep/file", "real/deep/file", "", ""},
		{"absolute/back", "absolute to-dir real/back to-file real/deep/file", "real/deep/file", "", ""},
		{"real/deep/none", "real/deep/none", "", "", "absent"},
		{"real/no/such/dir", "real/no", "", "real/no", "absent"},
		{"real/deep/file/below", "real/deep/file/below", "", "", "not a directory"},
		{"gone", "gone real/none", "", "real/none", "absent"},
		{"loop", strings.TrimSpace(strings.Repeat("loop ", maxLinks+1)), "", "", errLoop.Error()},
		{"ping/x", strings.TrimSpace(strings.Repeat("ping pong ", maxLinks/2) + "ping"), "", "", errLoop.Error()},
	} {
		finder := pathfinder{dirs: make(map[string]bool)}
		for _, time := range []string{"first", "second"} {
			tr := finder.follow(dir + string(filepath.Separator) + filepath.FromSlash(c.path))
			var steps []string
			for _, s := range tr.steps {
				rel, _ := filepath.Rel(dir, filepath.Join(s.dir, s.name))
				steps = append(steps, filepath.ToSlash(rel))
			}
			if got := strings.Join(steps, " "); got != c.steps {
				t.Errorf("%s: %s steps %q, want %q", c.path, time, got, c.steps)
			}
			want := trail{real: c.real, lost: c.lost}
			if want.real != "" {
				want.real = at(want.real)
			}
			if want.lost != "" {
				want.lost = at(want.lost)
			}
			if tr.absent {
				tr.fault = "absent"
			}
			if tr.real != want.real || tr.lost != want.lost || tr.fault != c.fault {
				t.Errorf("%s: ends at %q, lost %q, fault %q; want %q, %q, %q", c.path, tr.real, tr.lost, tr.fault, want.real, want.lost, c.fault)
			}
			if (c.fault != "" || len(tr.steps) > 1) && tr.changed.IsZero() {
				t.Errorf("%s: no time of change", c.path)
			}
		}
	}
	finder := pathfinder{dirs: make(map[string]bool)}
	if tr := finder.follow("/"); tr.real != "/" || len(tr.steps) != 0 {
		t.Errorf("trail of the root: %+v", tr)
	}
}
