//go:build unix

package logging

import (
	"errors"
	"syscall"
)

// isTooLong tells that a datagram will never be taken, on any connection.
func isTooLong(err error) bool { return errors.Is(err, syscall.EMSGSIZE) }
