package watch

import (
	"io/fs"
	"syscall"
)

func statOf(info fs.FileInfo) stat {
	s := stat{size: info.Size(), modified: info.ModTime().UnixNano()}
	s.changed = s.modified
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		//nolint:unconvert // the widths differ between architectures
		s.device, s.inode, s.changed = uint64(sys.Dev), uint64(sys.Ino), sys.Ctim.Nano()
	}
	return s
}
