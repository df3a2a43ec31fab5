//go:build !unix

package tcp

import (
	"net"
	"time"

	"natsd/internal/transport/stream"
)

// Conn is a TCP connection. Where readiness cannot be waited for without a buffer it is a plain
// stream.
type Conn struct{ s *stream.Conn }

// New returns a transport for c. rest holds bytes that were already read from it.
func New(c *net.TCPConn, rest []byte) (*Conn, error) {
	return &Conn{s: stream.New(c, rest)}, nil
}

// Receive calls consume with the bytes of each read until the connection ends or consume returns an
// error, which it then returns.
func (t *Conn) Receive(consume func(p []byte, more bool) error) error { return t.s.Receive(consume) }

// Write sends v in order, nothing of it unless wait is set.
func (t *Conn) Write(v [][]byte, wait bool) (int, error) { return t.s.Write(v, wait) }

// SetWriteDeadline bounds writes that wait.
func (t *Conn) SetWriteDeadline(d time.Time) error { return t.s.SetWriteDeadline(d) }

// Close closes the socket.
func (t *Conn) Close() error { return t.s.Close() }
