//go:build unix

package main

import (
	"fmt"
	"os"
	"syscall"
)

// keepOwner gives a file the owner that it had: root may edit what a server has to read that runs as
// somebody else.
func keepOwner(file string, before os.FileInfo) error {
	was, ok := before.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	info, err := os.Stat(file)
	if err != nil {
		return fmt.Errorf("keep the owner: %w", err)
	}
	if is, ok := info.Sys().(*syscall.Stat_t); ok && is.Uid == was.Uid && is.Gid == was.Gid {
		return nil
	}
	if err := os.Chown(file, int(was.Uid), int(was.Gid)); err != nil {
		return fmt.Errorf("keep the owner: %w", err)
	}
	return nil
}
