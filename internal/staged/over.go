package staged

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// newMode is the mode of a file that takes nobody's place: it may hold secrets.
const newMode fs.FileMode = 0o600

// Over is [New] for a file in place of an old one: a link stays a link, one to nothing is an error, and the
// file keeps the mode of the old one. It keeps owner and group too as far as this process may give files
// away; where it may not, Kept is false, and what the group could do is taken from the mode, for it is another
// one.
func Over(path string, data []byte) (f *File, kept bool, err error) {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		f, err := New(path, data, newMode)
		return f, true, err
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, false, err
	}
	old, err := os.Stat(real)
	if err != nil {
		return nil, false, err
	}
	if f, err = New(real, data, newMode); err != nil {
		return nil, false, err
	}
	kept, mode := f.give(old)
	if err := f.pending.Chmod(mode); err != nil {
		_ = f.Discard()
		return nil, false, fmt.Errorf("keep the mode of %s: %w", path, err)
	}
	return f, kept, nil
}

// give gives a file to whom the old one belongs, and returns the mode that it may have then.
func (f *File) give(old fs.FileInfo) (kept bool, mode fs.FileMode) {
	const ofGroup = 0o070
	uid, gid, known := ownerOf(old)
	mode = old.Mode().Perm()
	switch {
	case !known || f.pending.Chown(uid, gid) == nil:
		return true, mode
	case f.pending.Chown(-1, gid) == nil:
		return false, mode
	}
	return false, mode &^ ofGroup
}
