package syntax

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// Files is what a configuration is read from.
type Files interface {
	// Read returns the whole text of a file.
	Read(name string) (string, error)
	// List returns the names in a folder, sorted.
	List(dir string) ([]string, error)
	// Exists tells that there is something of this name.
	Exists(name string) bool
}

// Disk is the file system of the process.
type Disk struct{}

// Read reads a regular file of acceptable size. It never waits for a writer, as opening a FIFO would,
// and never touches a device.
func (Disk) Read(name string) (string, error) {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return "", &fs.PathError{Op: "open", Path: name, Err: notRegular(info.Mode())}
	}
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", &fs.PathError{Op: "open", Path: name, Err: notRegular(info.Mode())}
	}
	tooLarge := &fs.PathError{Op: "read", Path: name, Err: errTooLarge}
	if info.Size() > maxFileSize {
		return "", tooLarge
	}
	// The size may be out of date, and files under /proc have none.
	var text strings.Builder
	text.Grow(int(info.Size()))
	if _, err := io.Copy(&text, io.LimitReader(f, maxFileSize+1)); err != nil {
		return "", err
	}
	if text.Len() > maxFileSize {
		return "", tooLarge
	}
	return text.String(), nil
}

// notRegular says what a file is instead.
func notRegular(mode fs.FileMode) error {
	what := "a special file"
	switch {
	case mode.IsDir():
		what = "a directory"
	case mode&fs.ModeNamedPipe != 0:
		what = "a named pipe"
	case mode&fs.ModeDevice != 0:
		what = "a device"
	case mode&fs.ModeSocket != 0:
		what = "a socket"
	}
	return errors.New("this is " + what + ", not a regular file")
}

// List implements [Files].
func (Disk) List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

// Exists implements [Files].
func (Disk) Exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
