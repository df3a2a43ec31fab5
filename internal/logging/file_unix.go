//go:build unix

package logging

import "syscall"

// openNonblock keeps the opening of a FIFO without a reader from blocking: it is an error instead.
const openNonblock = syscall.O_NONBLOCK
