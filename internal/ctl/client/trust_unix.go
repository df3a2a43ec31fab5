//go:build unix

package client

import (
	"os"
	"path/filepath"
	"syscall"
)

// trusted tells whether a folder of sockets was made by somebody who may answer for a server: where everybody
// may make folders, that is this user and root. Others could wait there for tokens.
func trusted(dir string) bool {
	const others, everybody = 0o022, 0o002
	parent, err := os.Stat(filepath.Dir(dir))
	if err != nil {
		return false
	}
	if parent.Mode().Perm()&everybody == 0 {
		return true
	}
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || info.Mode().Perm()&others != 0 {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && (st.Uid == 0 || int(st.Uid) == os.Getuid())
}
