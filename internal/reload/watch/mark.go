package watch

import (
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"syscall"
	"time"
)

// mark stands for the contents of a file, or for the reason why they cannot be read. Equal marks, equal
// contents; the zero mark equals no mark of a file that exists.
type mark struct {
	sum   [sha256.Size]byte
	fault string
}

// marks are those of a set of files at one moment.
type marks map[File]mark

func (m marks) same(other marks) bool { return maps.Equal(m, other) }

// differing lists the files that do not have the same mark in both, sorted.
func (m marks) differing(other marks) []File {
	var files []File
	for f, mine := range m {
		if theirs, ok := other[f]; !ok || mine != theirs {
			files = append(files, f)
		}
	}
	for f := range other {
		if _, ok := m[f]; !ok {
			files = append(files, f)
		}
	}
	slices.SortFunc(files, compare)
	return files
}

// maxSize is the size up to which contents are read. Nothing larger can be loaded.
const maxSize = 16 << 20

var (
	errNotRegular = errors.New("not a regular file")
	errTooLarge   = errors.New("larger than 16 MiB")
)

// reader makes marks, and remembers them by the file's stat data.
type reader struct {
	known map[string]reading // by path without symbolic links
}

// reading is a mark with what stat said of the file.
type reading struct {
	stat stat
	at   time.Time
	mark mark
}

// stat is what tells contents apart without reading them. It is comparable.
type stat struct {
	device, inode     uint64
	size              int64
	modified, changed int64 // nanoseconds of Unix time; changed is modified where the system has no more
}

// settleTime is the age from which an unchanged stat proves unchanged contents. File systems stamp
// changes in steps, of two seconds in the worst case; within one step, contents can change again.
const settleTime = 2 * time.Second

// read returns the mark of a file, and when the file changed last; zero when it does not exist.
func (r *reader) read(path string) (mark, time.Time) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return mark{}, time.Time{}
	}
	if err != nil {
		return mark{fault: reason(err)}, time.Time{}
	}
	now, s := time.Now(), statOf(info)
	changed := time.Unix(0, s.changed)
	if old, ok := r.known[path]; ok && old.stat == s && old.at.Sub(changed) > settleTime {
		return old.mark, changed
	}
	m := contents(path, info)
	if m.fault == "" && m != (mark{}) {
		r.known[path] = reading{stat: s, at: now, mark: m}
	}
	return m, changed
}

// contents reads a file. It never waits for the other end of a pipe and touches no device.
func contents(path string, info fs.FileInfo) mark {
	if !info.Mode().IsRegular() {
		return mark{fault: errNotRegular.Error()}
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return mark{}
	}
	if err != nil {
		return mark{fault: reason(err)}
	}
	defer f.Close() //nolint:errcheck // nothing was written
	if info, err = f.Stat(); err == nil && !info.Mode().IsRegular() {
		err = errNotRegular
	}
	hash := sha256.New()
	var n int64
	if err == nil {
		n, err = io.Copy(hash, io.LimitReader(f, maxSize+1))
	}
	if err == nil && n > maxSize {
		err = errTooLarge
	}
	if err != nil {
		return mark{fault: reason(err)}
	}
	return mark{sum: [sha256.Size]byte(hash.Sum(nil))}
}

// reason is the error without the path.
func reason(err error) string {
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		err = pe.Err
	}
	return err.Error()
}

// forget drops what is remembered of other files than these.
func (r *reader) forget(used map[string]bool) {
	maps.DeleteFunc(r.known, func(path string, _ reading) bool { return !used[path] })
}
