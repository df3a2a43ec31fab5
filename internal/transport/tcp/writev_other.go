//go:build unix && !linux

package tcp

import "syscall"

// writev writes the first slice of v: the caller comes back for the rest.
func writev(fd int, v [][]byte) (int, error) { return syscall.Write(fd, v[0]) }
