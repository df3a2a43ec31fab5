package watch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestMarks(t *testing.T) {
	t.Parallel()
	r := &reader{known: make(map[string]reading)}
	path := filepath.Join(t.TempDir(), "file")
	put(t, path, "one")
	one, changed := r.read(path)
	if since := time.Since(changed); since < -time.Second || since > time.Minute {
		t.Errorf("changed %s ago", since)
	}
	if again, _ := r.read(path); one != again || one == (mark{}) || one.fault != "" {
		t.Errorf("marks %v and %v of the same contents", one, again)
	}
	put(t, path, "two") // the same size, within the same tick of the file system's clock
	two, _ := r.read(path)
	if two == one {
		t.Error("the same mark for other contents")
	}
	put(t, path, "")
	if empty, _ := r.read(path); empty == (mark{}) || empty == one {
		t.Error("an empty file has no mark of its own")
	}
	must(t, os.Truncate(path, maxSize+1))
	if large, _ := r.read(path); large.fault != errTooLarge.Error() {
		t.Errorf("mark of a large file: %v", large)
	}
	if none, _ := r.read(path + "x"); none != (mark{}) {
		t.Error("a file that is not there has a mark")
	}
}

// A file that has not changed for a while is not read again.
func TestOldFilesAreNotReadAgain(t *testing.T) {
	t.Parallel()
	r := &reader{known: make(map[string]reading)}
	path := filepath.Join(t.TempDir(), "file")
	put(t, path, "one")
	info, err := os.Stat(path)
	must(t, err)
	remembered := mark{fault: "remembered"}
	s := statOf(info)
	for _, c := range []struct {
		age  time.Duration
		stat stat
		used bool
	}{
		{settleTime + time.Second, s, true},
		{settleTime - time.Second, s, false},
		{settleTime + time.Second, stat{inode: s.inode, size: s.size, modified: s.modified, changed: s.changed + 1}, false},
	} {
		r.known[path] = reading{stat: c.stat, at: time.Unix(0, s.changed).Add(c.age), mark: remembered}
		if got, _ := r.read(path); (got == remembered) != c.used {
			t.Errorf("age %s, stat %+v: %v", c.age, c.stat, got)
		}
	}
	r.forget(map[string]bool{})
	if len(r.known) != 0 {
		t.Error("forgotten files are remembered")
	}
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	a, b, c, d := File{Path: "/a"}, File{Path: "/b"}, File{Path: "/c", Kind: Secrets}, File{Path: "/c"}
	m := marks{a: {fault: "1"}, b: {fault: "1"}, c: {fault: "1"}}
	if got := m.differing(m); got != nil {
		t.Errorf("differing from itself: %v", got)
	}
	other := marks{a: {fault: "1"}, b: {fault: "2"}, d: {fault: "1"}}
	if got := brief(m.differing(other)); got != "b:configuration c:configuration c:secrets" {
		t.Errorf("differing: %s", got)
	}
	if got := brief(marks(nil).differing(m)); got != "a:configuration b:configuration c:secrets" {
		t.Errorf("differing from nothing: %s", got)
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	for kind, want := range map[Kind]string{Configuration: "configuration", Certificates: "certificates", Secrets: "secrets", 9: "unknown"} {
		if got, err := kind.MarshalText(); string(got) != want || err != nil {
			t.Errorf("kind %d: %q, %v", kind, got, err)
		}
	}
}

// A look at a thousand files that have not changed for a while: what every interval costs.
func BenchmarkLook(b *testing.B) {
	dir := b.TempDir()
	old := time.Now().Add(-time.Hour)
	for i := range 1000 {
		path := filepath.Join(dir, fmt.Sprintf("%d.conf", i))
		if err := errors.Join(os.WriteFile(path, make([]byte, 1000), 0o600), os.Chtimes(path, old, old)); err != nil {
			b.Fatal(err)
		}
	}
	c := newCamera()
	files := []File{{Path: filepath.Join(dir, "*.conf"), Glob: true}}
	time.Sleep(settleTime + 100*time.Millisecond)
	for b.Loop() {
		c.take(files)
	}
}
