package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fakeProc builds a proc file system: for each process the target of its exe link and its comm.
func fakeProc(t *testing.T, procs map[string][2]string) string {
	t.Helper()
	root := t.TempDir()
	for pid, p := range procs {
		dir := filepath.Join(root, pid)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if p[0] != "" {
			if err := os.Symlink(p[0], filepath.Join(dir, "exe")); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "comm"), []byte(p[1]+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestTargets(t *testing.T) {
	t.Parallel()
	two := map[string][2]string{
		"101":  {"/usr/sbin/natsd", "natsd"},
		"112":  {"/usr/sbin/natsd (deleted)", "natsd"}, // upgraded under its feet
		"113":  {"", "natsd"},                          // a zombie
		"20":   {"/usr/bin/other", "natsd"},
		"self": {"/usr/sbin/natsd", "natsd"},
	}
	one := map[string][2]string{"101": two["101"], "20": two["20"]}
	pidFile := filepath.Join(t.TempDir(), "natsd.pid")
	if err := os.WriteFile(pidFile, []byte(" 4711\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name   string
		procs  map[string][2]string
		target string
		want   []int
		err    string
	}{
		{"the only one", one, "", []int{101}, ""},
		{"none", map[string][2]string{"20": two["20"]}, "", nil, "no natsd processes running"},
		{"several", two, "", nil, "multiple natsd processes running:\n101\n112"},
		{"all", two, "*", []int{101, 112}, ""},
		{"beginning", two, "11*", []int{112}, ""},
		{"beginning of none", two, "2*", nil, "no natsd processes running"},
		{"pid", two, "7", []int{7}, ""},
		{"pid file", two, pidFile, []int{4711}, ""},
		{"no such file", two, "nowhere", nil, "invalid pid: nowhere"},
		{"a group of processes", two, "-1", nil, "invalid pid: -1"},
		{"zero", two, "0", nil, "invalid pid: 0"},
		{"too large", two, strings.Repeat("9", 30), nil, "invalid pid: "},
	} {
		p := &program{name: "natsd", exe: "natsd", proc: fakeProc(t, tc.procs)}
		got, err := p.targets(tc.target)
		if tc.err != "" {
			if err == nil || !strings.HasPrefix(err.Error(), tc.err) {
				t.Errorf("%s: error %v", tc.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
}

func TestTargetsWithoutProc(t *testing.T) {
	t.Parallel()
	p := &program{name: "natsd", exe: "natsd", proc: filepath.Join(t.TempDir(), "none")}
	if _, err := p.targets(""); err == nil || err.Error() != "unable to resolve pid, try providing one" {
		t.Errorf("error %v", err)
	}
}
