package logging

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	fileMode = 0o640
	// stallTimeout bounds a write to something that can stall, such as a pipe nobody reads.
	stallTimeout = time.Second
)

// file appends to a log file and rotates it by size.
type file struct {
	path    string
	limit   int64
	utc     bool
	backups *keeper // nil when every backup stays as it is
	created bool    // by openFile

	mu       sync.Mutex // held for a write, rotation included
	f        *os.File   // nil after close
	regular  bool
	stalls   bool  // writes can stall and take a deadline
	size     int64 // as far as this process knows
	rotateAt int64 // limit, or more after a rotation that did not work
	torn     bool  // the file ends within a line
	outage   outage
}

func openFile(at destination, stderr io.Writer, c *counters) (*file, error) {
	path, err := filepath.Abs(at.file)
	if err != nil {
		return nil, fmt.Errorf("open log file: %w", err)
	}
	_, err = os.Stat(path)
	o := &file{
		path: path, limit: at.sizeLimit, rotateAt: at.sizeLimit, utc: at.utc,
		outage: outage{stderr: stderr, counters: c}, created: errors.Is(err, fs.ErrNotExist),
	}
	if err := o.openLocked(); err != nil {
		return nil, fmt.Errorf("open log file: %w", err)
	}
	if p := (policy{files: at.maxFiles, age: at.maxAge, compress: at.compress}); o.regular && p != (policy{}) {
		o.backups = newKeeper(path, p, func(err error) {
			tell(stderr, "%s: old files: %v", o, err)
		})
	}
	return o, nil
}

// openLocked opens path and makes it the current file.
func (o *file) openLocked() error {
	f, err := os.OpenFile(o.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|openNonblock, fileMode)
	if err != nil {
		return err
	}
	st, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	o.f, o.size, o.regular, o.torn = f, st.Size(), st.Mode().IsRegular(), false
	o.stalls = f.SetWriteDeadline(time.Time{}) == nil
	return nil
}

func (o *file) write(_ slog.Level, line []byte) (n note, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.f == nil {
		return note{}, errClosed
	}
	if o.limit > 0 && o.regular && o.size > 0 && o.size+int64(len(line)) > o.rotateAt {
		n = o.rotateLocked(int64(len(line)))
	}
	if err := o.appendLocked(line); err != nil {
		o.outage.lose(o.String(), err)
		return note{}, err
	}
	if again := o.outage.over(); again.text != "" {
		n = again
	}
	return n, nil
}

// String names the output in messages.
func (o *file) String() string { return fmt.Sprintf("log file %q", o.path) }

// appendLocked writes a line. What is left of a line that did not fit is closed by a line feed first.
func (o *file) appendLocked(line []byte) error {
	if o.stalls {
		wait := stallTimeout
		if o.outage.lost > 0 {
			wait = time.Millisecond // it has been waited for already
		}
		_ = o.f.SetWriteDeadline(time.Now().Add(wait)) // asked for support at open
	}
	if o.torn {
		if _, err := o.f.Write([]byte{'\n'}); err != nil {
			return err
		}
		o.torn = false
		o.size++
	}
	n, err := o.f.Write(line)
	o.size += int64(n)
	o.torn = n > 0 && n < len(line)
	return err
}

// rotateLocked renames the file and opens a new one. When that is not possible the old file stays in
// use until it has grown by the limit once more.
func (o *file) rotateLocked(next int64) note {
	st, err := o.f.Stat()
	if err == nil && st.Size()+next <= o.rotateAt {
		o.size = st.Size() // somebody else has truncated it
		return note{}
	}
	backup := o.path + o.now().Format(backupStamp)
	if err == nil {
		err = o.replaceLocked(st, backup)
	}
	if err != nil {
		o.rotateAt = o.size + o.limit
		tell(o.outage.stderr, "%s can not be rotated: %v", o, err)
		return note{}
	}
	o.rotateAt = o.limit
	o.outage.counters.rotated.Add(1)
	if o.backups != nil {
		o.backups.look()
	}
	return note{slog.LevelInfo, fmt.Sprintf("Rotated log, backup saved as %q", backup), nil}
}

func (o *file) replaceLocked(open os.FileInfo, backup string) error {
	// A file that was moved away by somebody else is not ours to rename.
	there, err := os.Stat(o.path)
	moved := err != nil || !os.SameFile(there, open)
	if !moved {
		if err := os.Rename(o.path, backup); err != nil {
			return err
		}
	}
	old := o.f
	if err := o.openLocked(); err != nil {
		if !moved {
			err = errors.Join(err, os.Rename(backup, o.path))
		}
		return err
	}
	_ = old.Close() // each write was checked
	return nil
}

func (o *file) now() time.Time {
	if o.utc {
		return time.Now().UTC()
	}
	return time.Now()
}

func (o *file) reopen() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.f == nil {
		return errClosed
	}
	old := o.f
	if err := o.openLocked(); err != nil {
		return fmt.Errorf("reopen log file: %w", err)
	}
	o.rotateAt = o.limit
	_ = old.Close() // each write was checked
	return nil
}

func (o *file) close(discard bool) error {
	if o.backups != nil {
		o.backups.close()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.f == nil {
		return nil
	}
	err := o.f.Close()
	o.f = nil
	if discard && o.created && o.size == 0 {
		err = errors.Join(err, os.Remove(o.path))
	}
	return err
}
