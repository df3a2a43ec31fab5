package staged

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestStagedIsInvisibleUntilCommit(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	if err := Write(path, []byte("1"), 0o640); err != nil {
		t.Fatal(err)
	}
	check := func(want string, mode fs.FileMode) {
		t.Helper()
		text, err := os.ReadFile(path)
		info, serr := os.Stat(path)
		if err := errors.Join(err, serr); err != nil {
			t.Fatal(err)
		}
		if string(text) != want || info.Mode().Perm() != mode {
			t.Errorf("%q with mode %o, want %q with %o", text, info.Mode().Perm(), want, mode)
		}
		entries, err := os.ReadDir(filepath.Dir(path))
		if err != nil || len(entries) != 1 {
			t.Errorf("%v %v", entries, err)
		}
	}
	f, err := New(path, []byte("2"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "1" {
		t.Errorf("a staged file is visible: %q %v", text, err)
	}
	if err := f.Discard(); err != nil {
		t.Error(err)
	}
	check("1", 0o640)
	if f, err = New(path, []byte("3"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Commit(), f.Discard()); err != nil {
		t.Error(err)
	}
	check("3", 0o600)
}

// A file in place of another is a link where that was one, and belongs to whom that belonged.
func TestOverKeepsWhoOwnsIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, link := filepath.Join(dir, "f"), filepath.Join(dir, "link")
	if err := errors.Join(os.WriteFile(path, []byte("1"), 0o600), os.Chmod(path, 0o640), os.Symlink("f", link)); err != nil {
		t.Fatal(err)
	}
	const other = 12345
	given := os.Chown(path, other, other) == nil // only root may
	f, kept, err := Over(link, []byte("2"))
	if err != nil || !kept || f.Path() != path {
		t.Fatalf("%v %v %+v", err, kept, f)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	info, serr := os.Lstat(path)
	if err := errors.Join(err, serr); err != nil {
		t.Fatal(err)
	}
	uid, gid, known := ownerOf(info)
	if string(text) != "2" || info.Mode() != 0o640 || known && given && (uid != other || gid != other) {
		t.Errorf("%q %v %d:%d", text, info.Mode(), uid, gid)
	}
	if to, err := os.Readlink(link); err != nil || to != "f" {
		t.Errorf("%q %v", to, err)
	}
	if f, _, err = Over(filepath.Join(dir, "new"), nil); err != nil {
		t.Fatal(err)
	}
	if err := f.Discard(); err != nil {
		t.Error(err)
	}
	if _, _, err := Over(filepath.Join(dir, "missing", "f"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	dangling := filepath.Join(dir, "dangling")
	if err := os.Symlink("nowhere", dangling); err != nil {
		t.Fatal(err)
	}
	if f, _, err := Over(dangling, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the link to nothing would become a file: %+v %v", f, err)
	}
}

// stubborn is a file that cannot be given away.
type stubborn struct {
	pendingFile
	group bool // but for its group
}

func (s stubborn) Chown(uid, _ int) error {
	if uid == -1 && s.group {
		return nil
	}
	return fs.ErrPermission
}

// A group that the file was not for gets nothing.
func TestWhatCannotBeGivenAway(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, 0o664)); err != nil {
		t.Fatal(err)
	}
	old, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	for group, want := range map[bool]fs.FileMode{true: 0o664, false: 0o604} {
		f := &File{pending: stubborn{group: group}}
		if kept, mode := f.give(old); kept || mode != want {
			t.Errorf("group %v: %v, mode %o, want %o", group, kept, mode, want)
		}
	}
}
