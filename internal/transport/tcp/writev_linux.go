package tcp

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// writev writes v with one system call.
func writev(fd int, v [][]byte) (int, error) {
	if len(v) == 1 {
		return syscall.Write(fd, v[0])
	}
	return unix.Writev(fd, v)
}
