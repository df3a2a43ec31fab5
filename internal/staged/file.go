package staged

import (
	"errors"
	"fmt"
	"io/fs"
)

// File is a file that is complete on disk beside its target but not visible under its name yet.
// A reload stages what it is about to write, so that a directory which refuses is found before
// anything has changed. It belongs to one goroutine; exactly one of Commit and Discard ends it.
type File struct {
	path    string
	pending pendingFile
}

type pendingFile interface {
	Write(p []byte) (int, error)
	Chown(uid, gid int) error
	Chmod(mode fs.FileMode) error
	CloseAtomicallyReplace() error
	Cleanup() error
}

// New writes data to a temporary file in the directory of path. The mode is perm, whatever the
// umask is. Nothing is left behind when it fails.
func New(path string, data []byte, perm fs.FileMode) (*File, error) {
	f, err := newPendingFile(path, perm)
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		err = &fs.PathError{Op: "create", Path: path, Err: pe.Err} // not the name of the temporary file
	}
	if err != nil {
		return nil, err
	}
	if _, err := f.Write(data); err != nil {
		_ = f.Cleanup() // the write error is the one to tell
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	return &File{path: path, pending: f}, nil
}

// Path is the name under which Commit puts the file.
func (f *File) Path() string { return f.path }

// Commit puts the file under its name, replacing what is there, in one step: a reader sees the old
// content or the new one.
func (f *File) Commit() error { return f.pending.CloseAtomicallyReplace() }

// Discard removes the temporary file. After Commit it does nothing.
func (f *File) Discard() error { return f.pending.Cleanup() }

// Write is [New] and [File.Commit] in one.
func Write(path string, data []byte, perm fs.FileMode) error {
	f, err := New(path, data, perm)
	if err != nil {
		return err
	}
	if err := f.Commit(); err != nil {
		_ = f.Discard()
		return err
	}
	return nil
}
