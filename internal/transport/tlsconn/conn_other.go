//go:build !unix

package tlsconn

import (
	"crypto/tls"
	"net"
	"time"

	"natsd/internal/transport/stream"
)

// Conn is the server side of a TLS connection.
type Conn struct {
	s   *stream.Conn
	tls *tls.Conn
}

type inner struct {
	net.Conn
	rest []byte
}

func (i *inner) Read(p []byte) (int, error) {
	if len(i.rest) > 0 {
		n := copy(p, i.rest)
		i.rest = i.rest[n:]
		return n, nil
	}
	return i.Conn.Read(p)
}

func newConn(_ *net.TCPConn, _ *inner, t *tls.Conn) (*Conn, error) {
	return &Conn{s: stream.New(t, nil), tls: t}, nil
}

// State describes the connection.
func (c *Conn) State() tls.ConnectionState { return c.tls.ConnectionState() }

// Receive calls consume with the bytes of each read until the connection ends or consume returns an
// error, which it then returns.
func (c *Conn) Receive(consume func(p []byte, more bool) error) error { return c.s.Receive(consume) }

// Write sends v in order, nothing of it unless wait is set.
func (c *Conn) Write(v [][]byte, wait bool) (int, error) { return c.s.Write(v, wait) }

// SetWriteDeadline bounds writes.
func (c *Conn) SetWriteDeadline(d time.Time) error { return c.s.SetWriteDeadline(d) }

// Close closes the connection.
func (c *Conn) Close() error { return c.s.Close() }
