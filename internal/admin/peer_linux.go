package admin

import (
	"net"

	"golang.org/x/sys/unix"
)

// credentials returns the user and group of the process that connected, as the kernel noted them then.
func credentials(sock *net.UnixConn) (uid, gid int, err error) {
	raw, err := sock.SyscallConn()
	if err != nil {
		return 0, 0, err
	}
	var cred *unix.Ucred
	var failed error
	if err := raw.Control(func(fd uintptr) {
		cred, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return 0, 0, err
	}
	if failed != nil {
		return 0, 0, failed
	}
	return int(cred.Uid), int(cred.Gid), nil
}
