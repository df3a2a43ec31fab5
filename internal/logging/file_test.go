package logging

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// logFiles returns the names in the directory of a log, sorted.
func logFiles(t *testing.T, path string) []string {
	t.Helper()
	files, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	return files
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// eventually waits for something that another goroutine brings about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 10 s", what)
		}
	}
}

func TestFileAppendsWithItsMode(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.log")
	for range 2 {
		l := open(t, Config{File: path, Stderr: &buffer{}, Color: true})
		l.Logger().Info("x")
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	line := fmt.Sprintf("[%d] [INF] x\n", os.Getpid())
	if got := read(t, path); got != line+line {
		t.Errorf("file holds %q", got)
	}
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := st.Mode().Perm(); mode&^0o640 != 0 {
		t.Errorf("mode %o", mode)
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.log")
	l := open(t, Config{File: path, SizeLimit: 1000, Stderr: &buffer{}})
	for i := range 100 {
		l.Logger().Info("line", "i", i)
	}
	files := logFiles(t, path)
	if len(files) < 3 {
		t.Fatalf("files: %q", files)
	}
	var all strings.Builder
	for _, f := range append(files[1:], files[0]) {
		data := read(t, f)
		if len(data) > 1000 {
			t.Errorf("%s has %d bytes", f, len(data))
		}
		all.WriteString(data)
	}
	if stamp := strings.TrimPrefix(files[1], path); !isStamp(stamp) || len(stamp) != len(".2026.11.23.01.51.58.669977824") {
		t.Errorf("backup is named %q", files[1])
	}
	at := 0
	for i := range 100 { // every line is there, in order over the files
		n := strings.Index(all.String()[at:], fmt.Sprintf("line i=%d\n", i))
		if n < 0 {
			t.Fatalf("line %d is missing or out of order", i)
		}
		at += n
	}
	if want := fmt.Sprintf("[INF] Rotated log, backup saved as %q\n", files[1]); !strings.Contains(all.String(), want) {
		t.Errorf("no line %q in\n%s", want, all.String())
	}
	if c := l.Counters(); c.Rotated != uint64(len(files)-1) {
		t.Errorf("counters %+v, files %q", c, files)
	}
}

func TestTinyLimitRotatesEachLineAndEnds(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.log")
	l := open(t, Config{File: path, SizeLimit: 1, MaxFiles: 3, Stderr: &buffer{}})
	for range 5 {
		l.Logger().Info("x")
	}
	eventually(t, "three files stay", func() bool { return len(logFiles(t, path)) == 3 })
}

func TestBackupsAreCounted(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.log")
	bystanders := []string{path + ".old", path + ".2026.11.23", path + "2"}
	for _, f := range bystanders {
		if err := os.WriteFile(f, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := open(t, Config{File: path, SizeLimit: 200, MaxFiles: 3, Stderr: &buffer{}})
	for i := range 100 {
		l.Logger().Info("line", "i", i)
	}
	eventually(t, "three files and the bystanders stay", func() bool { return len(logFiles(t, path)) == 3+len(bystanders) })
	for _, f := range bystanders {
		if _, err := os.Stat(f); err != nil {
			t.Errorf("a file that is no backup was removed: %v", err)
		}
	}
}

func TestBackupsGrowOld(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.log")
	old, young := path+".2020.01.01.00.00.00.000000000", path+".2020.01.02.00.00.00.000000000"
	for f, age := range map[string]time.Duration{old: 2 * time.Hour, young: time.Minute} {
		if err := os.WriteFile(f, []byte("x\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(f, time.Time{}, time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	open(t, Config{File: path, MaxAge: time.Hour, Stderr: &buffer{}})
	eventually(t, "the old file goes", func() bool { _, err := os.Stat(old); return errors.Is(err, os.ErrNotExist) })
	if _, err := os.Stat(young); err != nil {
		t.Error(err)
	}
}

func TestBackupsAreCompressed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.log")
	partial := path + ".2020.01.01.00.00.00.000000000.gz.tmp"
	if err := os.WriteFile(partial, []byte("cut off"), 0o600); err != nil {
		t.Fatal(err)
	}
	l := open(t, Config{File: path, SizeLimit: 500, Compress: true, Stderr: &buffer{}})
	for i := range 100 {
		l.Logger().Info("line", "i", i)
	}
	eventually(t, "all backups are compressed", func() bool {
		files := logFiles(t, path)
		return len(files) > 2 && !slices.ContainsFunc(files[1:], func(f string) bool { return !strings.HasSuffix(f, ".gz") })
	})
	first := logFiles(t, path)[1]
	data, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	zip, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(zip)
	if err != nil || !strings.Contains(string(plain), "line i=0\n") {
		t.Errorf("%s: %v\n%s", first, err, plain)
	}
	if st, err := os.Stat(first); err != nil || st.Mode().Perm()&^0o640 != 0 {
		t.Errorf("mode %v, %v", st.Mode(), err)
	}
}

func TestReopen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.log")
	l := open(t, Config{File: path, Stderr: &buffer{}})
	l.Logger().Info("one")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	if err := l.Reopen(); err != nil {
		t.Fatal(err)
	}
	l.Logger().Info("two")
	if a, b := read(t, path+".1"), read(t, path); !strings.Contains(a, "one") || !strings.Contains(b, "two") || strings.Contains(a, "two") {
		t.Errorf("moved file %q, new file %q", a, b)
	}
	if err := os.RemoveAll(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	if err := l.Reopen(); err == nil {
		t.Error("a missing directory was accepted")
	}
	l.Logger().Info("three")
	if c := l.Counters(); c.Written != 3 {
		t.Errorf("after a refused reopen: %+v", c)
	}
}

func TestReopenIsForFiles(t *testing.T) {
	t.Parallel()
	l := open(t, Config{Stderr: &buffer{}})
	if err := l.Reopen(); !errors.Is(err, ErrNotFile) {
		t.Errorf("err = %v", err)
	}
}

func TestRotationAfterOthersMovedOrTruncated(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.log")
	l := open(t, Config{File: path, SizeLimit: 1000, Stderr: &buffer{}})
	logger := l.Logger()
	for range 20 {
		logger.Debug("not shown")
		logger.Info(strings.Repeat("x", 20))
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		logger.Info("after truncation", "i", i)
	}
	if files := logFiles(t, path); len(files) != 1 {
		t.Errorf("a truncated file was rotated: %q", files)
	}
	if err := os.Rename(path, path+".moved"); err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		logger.Info("after move", "i", i)
	}
	if files := logFiles(t, path); len(files) < 2 || files[len(files)-1] != path+".moved" {
		t.Errorf("files: %q", files)
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("needs /dev/full")
	}
	var stderr buffer
	l := open(t, Config{File: "/dev/full", Stderr: &stderr})
	start := time.Now()
	for i := range 1000 {
		l.Logger().Info("line", "i", i)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("1000 lines to a full disk took %v", took)
	}
	if c := l.Counters(); c.Dropped != 1000 || c.Written != 0 || !c.Failing {
		t.Errorf("counters %+v", c)
	}
	if got := stderr.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "no space left on device") {
		t.Errorf("stderr: %q", got)
	}
}

func TestPipeWithoutReader(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := mkfifo(path); err != nil {
		t.Skip("needs FIFOs:", err)
	}
	if _, err := Open(Config{File: path, Stderr: &buffer{}}); err == nil {
		t.Error("a FIFO without a reader was accepted")
	}
}

func TestStalledPipe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := mkfifo(path); err != nil {
		t.Skip("needs FIFOs:", err)
	}
	reader, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	var stderr buffer
	l := open(t, Config{File: path, Stderr: &stderr})
	start := time.Now()
	for i := range 300 {
		l.Logger().Info(strings.Repeat("x", 1000), "i", i)
	}
	if took := time.Since(start); took > stallTimeout+5*time.Second {
		t.Errorf("300 lines into a stalled pipe took %v", took)
	}
	if c := l.Counters(); c.Dropped == 0 || c.Written == 0 || !c.Failing {
		t.Errorf("counters %+v", c)
	}
	if strings.Count(stderr.String(), "\n") != 1 {
		t.Errorf("stderr: %q", stderr.String())
	}
}
