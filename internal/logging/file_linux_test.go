package logging

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A small file system that fills up and gets room again.
func TestDiskFillsUpAndRecovers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skip("needs the right to mount a tmpfs:", err)
	}
	defer func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	}()
	path, ballast := filepath.Join(dir, "a.log"), filepath.Join(dir, "ballast")
	var stderr buffer
	l := open(t, Config{File: path, Stderr: &stderr})
	if err := os.WriteFile(ballast, make([]byte, 48<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	lost := uint64(0)
	for i := range 1000 {
		l.Logger().Info("a line that needs some room on the disk", "i", i)
		lost = l.Counters().Dropped
	}
	if lost == 0 || !l.Counters().Failing {
		t.Fatalf("the disk never filled up: %+v", l.Counters())
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	l.Logger().Info("room again")
	if c := l.Counters(); c.Failing || c.Dropped != lost {
		t.Errorf("counters %+v, want %d dropped", c, lost)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if got := stderr.String(); strings.Count(got, "\n") != 1 {
		t.Errorf("stderr: %q", got)
	}
	data := read(t, path)
	_, tail, _ := strings.Cut(data, "room again")
	if !strings.Contains(tail, "[WRN] Log can be written again dropped=") {
		t.Errorf("the log does not tell of the gap: %q", tail)
	}
	for line := range strings.Lines(data) { // a torn line stands alone
		if strings.Count(line, "[INF]")+strings.Count(line, "[WRN]") > 1 {
			t.Errorf("two lines in one: %q", line)
		}
	}
}
