package staged

import (
	"io/fs"
	"os"
	"path/filepath"
)

type windowsFile struct {
	*os.File
	path string
	done bool
}

func newPendingFile(path string, _ fs.FileMode) (pendingFile, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"*")
	if err != nil {
		return nil, err
	}
	return &windowsFile{File: f, path: path}, nil
}

func (f *windowsFile) CloseAtomicallyReplace() error {
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), f.path); err != nil {
		return err
	}
	f.done = true
	return nil
}

func (f *windowsFile) Cleanup() error {
	if f.done {
		return nil
	}
	f.done = true
	_ = f.Close() // may be closed already
	return os.Remove(f.Name())
}
