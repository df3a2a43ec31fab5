package audit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"natsd/internal/admin/api"
)

const (
	fileMode   = 0o600
	fileLimit  = 16 << 20 // bytes after which a file is put aside
	memoryKeep = 10000    // records, without a file
)

// ErrClosed is the answer of a log that has been closed.
var ErrClosed = errors.New("the audit is closed")

// Log is an open audit. Its methods may be called from any goroutine.
type Log struct {
	path  string // empty is in memory
	limit int64

	mu     sync.Mutex // held while a record is written
	closed bool
	made   bool // by Open
	f      *os.File
	size   int64
	last   link
	fault  error    // of the last Append
	memory [][]byte // lines, oldest first
}

// link is where the chain goes on.
type link struct {
	seq  uint64
	hash string
}

// Open opens the audit in a file, and makes it if it is not there. Without a path it is in memory.
func Open(path string) (*Log, error) { return open(path, fileLimit) }

func open(path string, limit int64) (*Log, error) {
	l := &Log{path: path, limit: limit}
	if path == "" {
		return l, nil
	}
	torn, err := l.openLocked()
	if err != nil {
		return nil, fmt.Errorf("open the audit: %w", err)
	}
	if torn > 0 {
		err = l.Append(tornRecord(torn))
	}
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// Path is the file of the audit; empty when it is in memory.
func (l *Log) Path() string { return l.path }

// tornRecord tells of a line that a crash has torn.
func tornRecord(bytes int) *api.AuditRecord {
	return &api.AuditRecord{
		Time: time.Now().UTC(), Actor: api.AuditActor{Type: "natsd"}, Action: "audit.recovered", Result: api.AuditOK,
		Params: map[string]any{"torn_bytes": bytes},
	}
}

// openLocked opens the file and finds the end of the chain. Torn is the length of a last line that is not
// whole, which is cut off.
func (l *Log) openLocked() (torn int, err error) {
	aside, err := l.aside()
	if err != nil {
		return 0, err
	}
	_, missing := os.Stat(l.path)
	f, err := os.OpenFile(l.path, os.O_RDWR|os.O_APPEND|os.O_CREATE, fileMode)
	if err != nil {
		return 0, err
	}
	if l.f == nil {
		l.made = errors.Is(missing, fs.ErrNotExist)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("%s is no file", l.path)
	}
	text, err := os.ReadFile(l.path)
	if err != nil {
		return 0, err
	}
	if !isAudit(text) {
		return 0, fmt.Errorf("%s holds something else than an audit", l.path)
	}
	end, tail := ending(text)
	if len(tail) > 0 {
		if _, err := readRecord(tail); err == nil { // only the line feed is missing
			if _, err := f.WriteString("\n"); err != nil {
				return 0, err
			}
			end += len(tail) + 1
			text = append(text, '\n')
		} else if err := f.Truncate(int64(end)); err != nil {
			return 0, err
		} else {
			torn = len(tail)
		}
	}
	last, ok := lastLink(text[:end])
	for i := len(aside) - 1; !ok && i >= 0; i-- {
		if text, err = os.ReadFile(aside[i]); err != nil {
			return 0, err
		}
		last, ok = lastLink(text)
	}
	if err := errors.Join(f.Sync(), syncFolder(filepath.Dir(l.path))); err != nil {
		return 0, err
	}
	if l.f != nil {
		_ = l.f.Close() // each write was checked
	}
	l.f, l.size, l.last = f, int64(end), last
	return torn, nil
}

// Append writes a record and waits until it is on disk. It sets the fields of the chain. An error means
// that the record is not there.
func (l *Log) Append(r *api.AuditRecord) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	if l.fault = l.appendLocked(r); l.fault != nil {
		return fmt.Errorf("write the audit: %w", l.fault)
	}
	return nil
}

// Fault is why the last record could not be written; nil when it could.
func (l *Log) Fault() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fault
}

func (l *Log) appendLocked(r *api.AuditRecord) error {
	if l.path != "" {
		if err := l.followLocked(); err != nil {
			return err
		}
	}
	line, err := l.last.seal(r)
	if err != nil {
		return err
	}
	if l.path == "" {
		if len(l.memory) >= memoryKeep {
			l.memory = append(l.memory[:0:0], l.memory[len(l.memory)-memoryKeep*9/10:]...)
		}
		l.memory = append(l.memory, line)
	} else if err := l.writeLocked(line); err != nil {
		return err
	}
	l.last = link{r.Seq, r.Hash}
	return nil
}

// followLocked finds the end of the chain again when the file is not what this log has left: moved away,
// cut off, or written to by somebody else.
func (l *Log) followLocked() error {
	if there, err := os.Stat(l.path); err == nil && there.Size() == l.size {
		if ours, err := l.f.Stat(); err == nil && os.SameFile(there, ours) {
			return nil
		}
	}
	before := l.last
	if _, err := l.openLocked(); err != nil {
		return err
	}
	if l.last.seq < before.seq {
		l.last = before // what is missing shows at the gap
	}
	return nil
}

// writeLocked appends a line to the file, for good or not at all.
func (l *Log) writeLocked(line []byte) error {
	if l.size > 0 && l.size+int64(len(line)) > l.limit {
		if err := l.rotateLocked(); err != nil {
			return err
		}
	}
	_, err := l.f.Write(line)
	if err == nil {
		err = l.f.Sync()
	}
	if err != nil {
		_ = l.f.Truncate(l.size) // if that does not help, the next look at the file finds it
		return err
	}
	l.size += int64(len(line))
	return nil
}

// rotateLocked puts the file aside, under the number of its last record.
func (l *Log) rotateLocked() error {
	if err := os.Rename(l.path, fmt.Sprintf("%s.%s", l.path, number(l.last.seq))); err != nil {
		return err
	}
	f, err := os.OpenFile(l.path, os.O_RDWR|os.O_APPEND|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	_ = l.f.Close() // each write was checked
	l.f, l.size = f, 0
	return syncFolder(filepath.Dir(l.path))
}

// Close ends the log. It may be called again.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.f == nil {
		l.closed = true
		return nil
	}
	l.closed = true
	return l.f.Close()
}

// Discard closes a log that nothing was written to; a file that Open has made is removed.
func (l *Log) Discard() error {
	err := l.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.made && l.size == 0 {
		err = errors.Join(err, os.Remove(l.path))
	}
	return err
}

// piece is a part of what was written: a file, or what is in memory.
type piece struct {
	path string
	read func() ([]byte, error)
}

// pieces are all that was written, oldest first and without a gap: a file that is put aside meanwhile is read
// under the name that it had.
func (l *Log) pieces() (all []piece, done func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.path == "" {
		lines := slices.Clip(l.memory)
		return []piece{{"", func() ([]byte, error) { return join(lines), nil }}}, func() {}, nil
	}
	aside, err := l.aside()
	if err != nil {
		return nil, nil, err
	}
	for _, path := range aside {
		all = append(all, piece{path, func() ([]byte, error) { return os.ReadFile(path) }})
	}
	f, err := os.Open(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return all, func() {}, nil // somebody has moved it away
	}
	if err != nil {
		return nil, nil, err
	}
	all = append(all, piece{l.path, func() ([]byte, error) { return io.ReadAll(f) }})
	return all, func() { _ = f.Close() }, nil // it was only read
}
