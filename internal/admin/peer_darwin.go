package admin

import (
	"net"

	"golang.org/x/sys/unix"
)

// credentials returns the user and group of the process that connected.
func credentials(sock *net.UnixConn) (uid, gid int, err error) {
	raw, err := sock.SyscallConn()
	if err != nil {
		return 0, 0, err
	}
	var cred *unix.Xucred
	var failed error
	if err := raw.Control(func(fd uintptr) {
		cred, failed = unix.GetsockoptXucred(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	}); err != nil {
		return 0, 0, err
	}
	if failed != nil {
		return 0, 0, failed
	}
	return int(cred.Uid), int(cred.Groups[0]), nil
}
