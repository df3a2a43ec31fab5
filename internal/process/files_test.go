package process

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWritePID(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "natsd.pid")
	for _, pid := range []int{1, 4194304} { // the second replaces the first
		if err := WritePID(path, pid); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != "4194304" {
		t.Errorf("content %q", got)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if m := info.Mode().Perm(); m != 0o600 {
		t.Errorf("mode %o, want 600", m)
	}
	onlyEntry(t, filepath.Dir(path), "natsd.pid")
}

func TestWritePIDRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := WritePID(filepath.Join(dir, "missing", "natsd.pid"), 1); err == nil {
		t.Error("no error for a missing directory")
	}
	target := filepath.Join(dir, "taken")
	if err := os.Mkdir(target, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := WritePID(target, 1); err == nil {
		t.Error("no error where a directory has the name")
	}
	onlyEntry(t, dir, "taken")
}

func TestPortsFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := PortsPath(dir, "/usr/sbin/natsd", 42)
	if got := filepath.Base(path); got != "natsd_42.ports" {
		t.Errorf("name %q", got)
	}
	err := WritePorts(path, Ports{
		Nats:       []string{"nats://127.0.0.1:4222"},
		Monitoring: []string{"http://127.0.0.1:8222"},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"nats":["nats://127.0.0.1:4222"],"monitoring":["http://127.0.0.1:8222"]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	for range 2 { // the second finds nothing to remove
		if err := RemovePorts(path); err != nil {
			t.Error(err)
		}
	}
	onlyEntry(t, dir)
}

func onlyEntry(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("directory: %s", diff)
	}
}
