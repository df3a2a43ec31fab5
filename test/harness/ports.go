package harness

import (
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
)

// Ports are taken below the range from which the kernel gives out ports for outgoing connections,
// so that no connection of a test running beside can sit on one. Each test process starts at
// another place of the range.
const (
	firstPort = 15000
	portCount = 17000
)

var portsTaken atomic.Uint32

// Port returns a TCP port of 127.0.0.1 that nobody listens on. Until the end of the test no other
// test gets it, nor any test of another process that uses this package: the UDP port of the same
// number is held as a sign.
func Port(tb testing.TB) int {
	tb.Helper()
	for range portCount {
		n := uint32(os.Getpid())*211 + portsTaken.Add(1) //nolint:gosec // any spread will do
		port := firstPort + int(n%portCount)
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		sign, err := net.ListenPacket("udp", addr)
		if err != nil {
			continue
		}
		ln, err := net.Listen("tcp", addr)
		if err != nil {
			_ = sign.Close()
			continue
		}
		_ = ln.Close()
		tb.Cleanup(func() { _ = sign.Close() })
		return port
	}
	tb.Fatal("no free port")
	return 0
}
