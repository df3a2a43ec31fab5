package server

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// deafen makes a listener ignore whoever begins to connect: the network tries again after a second, and
// finds another listener then. Those that are connected already wait to be accepted as before. Not every
// system permits it.
func deafen(ln net.Listener) {
	nothing := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: 0}
	_ = onSocket(ln, func(fd int) error {
		return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &nothing})
	})
}

// hangUp stops listening if nobody waits to be accepted, and reports whether it did. Closing would take
// effect only when the goroutine that accepts has noticed: who comes until then would be lost.
func hangUp(ln net.Listener) (done bool) {
	err := onSocket(ln, func(fd int) error {
		info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil || info.Unacked > 0 { // of a listener it is the length of its queue
			return err
		}
		done = true
		return unix.Shutdown(fd, unix.SHUT_RD)
	})
	return done || err != nil
}

func onSocket(ln net.Listener, f func(fd int) error) error {
	c, ok := ln.(syscall.Conn)
	if !ok {
		return errNotShared
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = f(int(fd)) }); err != nil {
		return err
	}
	return failed
}
