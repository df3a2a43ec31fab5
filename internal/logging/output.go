package logging

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
)

// ErrNotFile is the answer to Reopen when the log does not go to a file.
var ErrNotFile = errors.New("not a file logger")

// errClosed is the answer of an output that has been closed: the line belongs to its successor.
var errClosed = errors.New("log output closed")

// output takes finished lines. All methods may be called concurrently.
type output interface {
	// write takes one line, which is borrowed for the call. A note is something the log itself has
	// to say next.
	write(level slog.Level, line []byte) (note, error)
	reopen() error
	// close releases everything; with discard also what open created and nobody used.
	close(discard bool) error
}

// note is a line from the log about itself. The zero note says nothing.
type note struct {
	level slog.Level
	text  string
	attrs []slog.Attr
}

// stream writes to standard error, or what stands for it.
type stream struct {
	mu     sync.Mutex // held for one write, so that lines do not mix
	w      io.Writer
	closed bool
}

func (s *stream) write(_ slog.Level, line []byte) (note, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return note{}, errClosed
	}
	_, err := s.w.Write(line)
	return note{}, err
}

func (s *stream) reopen() error { return ErrNotFile }

func (s *stream) close(bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

// IsTerminal tells whether w is a terminal, for [Config.Color].
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}

// tell writes a sentence of the log about itself to standard error, where it is seen when the log
// itself can not be written.
func tell(w io.Writer, format string, args ...any) {
	line := appendEscaped([]byte("natsd: "), fmt.Sprintf(format, args...))
	// Nobody is left to hear of an error here.
	_, _ = w.Write(append(line, '\n'))
}
