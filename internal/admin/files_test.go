package admin

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A file is read again only when it does not look the same any more.
func TestDigestsAreRemembered(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	old := time.Now().Add(-time.Hour).Truncate(time.Second)
	write := func(text string, at time.Time) os.FileInfo {
		if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	first := look(path, write("a", old), seenFile{})
	if again := look(path, write("b", old), first); again.digest != first.digest {
		t.Error("it was read again though it looks the same") // nobody changes a file and its time back
	}
	other := look(path, write("b", old.Add(time.Second)), first)
	if other.digest == first.digest {
		t.Error("another time makes no difference")
	}
	if err := errors.Join(os.WriteFile(path+"2", nil, 0o600), os.Rename(path+"2", path)); err != nil {
		t.Fatal(err)
	}
	if again := look(path, write("c", old.Add(time.Second)), other); again.digest == other.digest {
		t.Error("another file makes no difference")
	}
	if fresh := look(path, write("d", time.Now()), seenFile{}); fresh.info != nil {
		t.Error("a file that was changed just now is taken for settled")
	}
	if gone := look(path+"2", write("e", old), seenFile{}); gone.digest != "" || gone.info != nil {
		t.Error("a file that could not be read is never tried again")
	}
}
