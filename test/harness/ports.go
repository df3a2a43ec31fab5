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

// Port returns a TCP port of 127.0.0.1 that nobody listens on and that this process never
// returned before.
func Port(tb testing.TB) int {
	tb.Helper()
	for range portCount {
		n := uint32(os.Getpid())*211 + portsTaken.Add(1) //nolint:gosec // any spread will do
		port := firstPort + int(n%portCount)
		ln, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			_ = ln.Close()
			return port
		}
	}
	tb.Fatal("no free port")
	return 0
}
