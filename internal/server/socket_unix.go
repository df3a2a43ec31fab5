//go:build linux || darwin

package server

import (
	"errors"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// errNotShared is the answer where a port cannot be shared.
var errNotShared = errors.New("the port cannot be shared")

// sharePort lets another listener of this process bind the port of ln, or forbids it again.
func sharePort(ln net.Listener, on bool) error {
	c, ok := ln.(syscall.Conn)
	if !ok {
		return errNotShared
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	value := 0
	if on {
		value = 1
	}
	var failed error
	if err := raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, value)
	}); err != nil {
		return err
	}
	return failed
}

// shareControl makes a socket that is going to be bound ready to share its port.
func shareControl(_, _ string, raw syscall.RawConn) error {
	var failed error
	if err := raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	}); err != nil {
		return err
	}
	return failed
}
