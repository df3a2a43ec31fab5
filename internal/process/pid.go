package process

import (
	"errors"
	"io/fs"
	"os"
	"strconv"

	"natsd/internal/staged"
)

// WritePID writes the decimal pid, without a line feed, to path: mode 0600, replaced in one step.
// In a directory that this user may not write to, a file that is there already is overwritten in
// place: some hosts prepare it for the server. It is neither locked nor checked, and nobody removes it.
func WritePID(path string, pid int) error {
	err := staged.Write(path, formatPID(pid), 0o600)
	if errors.Is(err, fs.ErrPermission) && overwrite(path, formatPID(pid)) == nil {
		return nil
	}
	return err
}

func overwrite(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// StagePID is [WritePID] up to the point where the file becomes visible.
func StagePID(path string, pid int) (*staged.File, error) {
	return staged.New(path, formatPID(pid), 0o600)
}

func formatPID(pid int) []byte { return strconv.AppendInt(nil, int64(pid), 10) }
