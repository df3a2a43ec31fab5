package reload_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"natsd/internal/reload"
)

func revisions(m *reload.Manager) (out []int) {
	for _, r := range m.History() {
		out = append(out, r.Revision)
	}
	return out
}

func TestFolder(t *testing.T) {
	t.Parallel()
	dir, files := filepath.Join(t.TempDir(), "a", "b"), t.TempDir()
	open := func() *reload.Folder {
		f, err := reload.OpenFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	secret := "authorization { user: u, password_file: pw, users: [] }\n"
	first := loadIn(t, files, "port: 5001\ninclude x\n", "x", "server_tags: one\n", "pw", "canary\xff")
	m := reload.New(first, reload.Setup{Folder: open(), Keep: 4})
	for i := range 5 {
		next := loadIn(t, files, fmt.Sprintf("port: 500%d\ninclude x\n%s", i+2, secret))
		if _, err := m.Apply(t.Context(), next, reload.Request{Who: "api", Mode: reload.Partial, RollbackOn: reload.RollbackError}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := m.Apply(t.Context(), load(t, "port: 5009"), reload.Request{}); err == nil {
		t.Fatal("the guard sleeps")
	}
	was := m.History()
	names := must(os.ReadDir(dir))
	if len(names) != 4 {
		t.Errorf("%v", names)
	}
	for _, n := range names {
		if info := must(n.Info()); info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", n.Name(), info.Mode())
		}
	}
	if info := must(os.Stat(dir)); info.Mode().Perm() != 0o700 {
		t.Errorf("folder: %v", info.Mode())
	}
	if err := errors.Join(os.RemoveAll(files), os.WriteFile(filepath.Join(dir, "revision-000000004.json.gz"), []byte("not a record"), 0o600)); err != nil {
		t.Fatal(err)
	}

	var faults []string
	now := loadIn(t, t.TempDir(), "port: 6000\nauthorization { token: t }\n")
	again := reload.New(now, reload.Setup{Folder: open(), Keep: 4, OnHistory: func(err error) { faults = append(faults, err.Error()) }})
	if got := revisions(again); !slices.Equal(got, []int{5, 6, 7, 8}) || again.Status().Revision != 8 {
		t.Errorf("%v, revision %d", got, again.Status().Revision)
	}
	if len(faults) != 1 || !strings.Contains(faults[0], "revision-000000004.json.gz: gzip: invalid header") {
		t.Errorf("%q", faults)
	}
	text := func(r []*reload.Report) string { return string(must(json.MarshalIndent(r, "", " "))) }
	if diff := cmp.Diff(text(was[1:]), text(again.History()[:3])); diff != "" {
		t.Error(diff)
	}
	if _, err := again.Restore(t.Context(), 6, reload.Request{}); err != nil || again.Current().Port != 5006 || again.Current().Tags[0] != "one" ||
		again.Current().Authorization.Password.Reveal() != "canary\xff" {
		t.Errorf("%v %d", err, again.Current().Port)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestFolderChanges: the history moves to another folder, and what is there already stays.
func TestFolderChanges(t *testing.T) {
	t.Parallel()
	used, fresh := t.TempDir(), t.TempDir()
	other := reload.New(load(t, "port: 1"), reload.Setup{Folder: must(reload.OpenFolder(used))})
	for i := range 4 {
		if _, err := other.Apply(t.Context(), load(t, fmt.Sprintf("port: 500%d", i)), reload.Request{}); err != nil {
			t.Fatal(err)
		}
	}
	m := reload.New(load(t, "port: 1"), reload.Setup{})
	apply := func(port int) int {
		r, err := m.Apply(t.Context(), load(t, fmt.Sprintf("port: %d", port)), reload.Request{})
		if err != nil || len(r.Warnings) > 0 {
			t.Fatalf("%v %v", err, r.Warnings)
		}
		return r.Revision
	}
	files := func(dir string) int { return len(must(os.ReadDir(dir))) }
	apply(2)
	m.KeepHistory(must(reload.OpenFolder(fresh)), 50)
	if err := m.SaveHistory(); err != nil || files(fresh) != 2 {
		t.Errorf("%v, %d files", err, files(fresh))
	}
	m.KeepHistory(must(reload.OpenFolder(used)), 50)
	if n := apply(3); n != 6 || files(used) != 6 {
		t.Errorf("revision %d, %d files", n, files(used))
	}
	m.KeepHistory(must(reload.OpenFolder(used)), 2)
	if err := m.SaveHistory(); err != nil || files(used) != 2 || len(m.History()) != 2 {
		t.Errorf("%v, %d files, %v", err, files(used), revisions(m))
	}
	m.KeepHistory(nil, 50)
	apply(4)
	if files(used) != 2 || files(fresh) != 2 {
		t.Error("a folder that is not in use any more was written to")
	}
}

func TestFolderFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	write(t, file, "")
	if _, err := reload.OpenFolder(file); !errors.Is(err, fs.ErrExist) && !strings.Contains(fmt.Sprint(err), "not a directory") {
		t.Error(err)
	}
	sub := filepath.Join(dir, "sub")
	m := reload.New(load(t, "port: 1"), reload.Setup{Folder: must(reload.OpenFolder(sub))})
	if err := os.RemoveAll(sub); err != nil {
		t.Fatal(err)
	}
	r, err := m.Apply(t.Context(), load(t, "port: 2"), reload.Request{})
	if err != nil || len(r.Warnings) != 1 || !strings.HasPrefix(r.Warnings[0].Message, "history: ") {
		t.Errorf("%v %+v", err, r.Warnings)
	}
}
