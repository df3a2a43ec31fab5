package tcp

import (
	"sync"
	"syscall"
	"unsafe"
)

// The system calls on sockets are made without a word to the scheduler. The sockets do not block, so a
// call takes no longer than the copying, and what the scheduler does around calls that may block (it
// wakes its monitor, which after 20 us gives the processor to another thread) costs a fifth of a request.

// Read reads what is there into p: 0 bytes without an error are the end of the stream, [syscall.EAGAIN]
// is a socket that has nothing. fd must not block.
func Read(fd uintptr, p []byte) (int, error) {
	return result(syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p))))
}

// maxVector is how many slices one call writes.
const maxVector = 64

var vectors = sync.Pool{New: func() any { return new([maxVector]syscall.Iovec) }}

// writev writes as much of v as the socket takes in one call.
func writev(fd uintptr, v [][]byte) (int, error) {
	if len(v) == 1 {
		return result(syscall.RawSyscall(syscall.SYS_WRITE, fd, uintptr(unsafe.Pointer(unsafe.SliceData(v[0]))), uintptr(len(v[0]))))
	}
	vec := vectors.Get().(*[maxVector]syscall.Iovec)
	n := min(len(v), maxVector)
	for i, b := range v[:n] {
		vec[i].Base = unsafe.SliceData(b)
		vec[i].SetLen(len(b))
	}
	sent, err := result(syscall.RawSyscall(syscall.SYS_WRITEV, fd, uintptr(unsafe.Pointer(vec)), uintptr(n)))
	clear(vec[:n])
	vectors.Put(vec)
	return sent, err
}

func result(n, _ uintptr, errno syscall.Errno) (int, error) {
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
