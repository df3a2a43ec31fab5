package server

import (
	"net"

	"golang.org/x/sys/unix"
)

// userTimeout is how many milliseconds sent bytes may stay unacknowledged before a connection counts
// as broken: a peer that has vanished is found long before the next PING.
const userTimeout = 30_000

// tune sets what the system's defaults get wrong for long-lived client connections.
func tune(sock net.Conn) {
	c, ok := sock.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { // without it the connection works all the same
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, userTimeout)
	})
}
