//go:build unix && !linux

package tcp

import "syscall"

// Read reads what is there into p: 0 bytes without an error are the end of the stream, [syscall.EAGAIN]
// is a socket that has nothing. fd must not block.
func Read(fd uintptr, p []byte) (int, error) {
	n, err := syscall.Read(int(fd), p)
	return max(n, 0), err
}

// writev writes the first slice of v: the caller comes back for the rest.
func writev(fd uintptr, v [][]byte) (int, error) { return syscall.Write(int(fd), v[0]) }
