//go:build unix

package staged

import (
	"io/fs"
	"syscall"
)

// ownerOf returns user and group of a file.
func ownerOf(info fs.FileInfo) (uid, gid int, known bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(stat.Uid), int(stat.Gid), true
}
