package tlsconn

import (
	"context"
	"crypto/tls"
	"net"
)

// Handshake does the server side of a handshake on c and returns the transport for what follows.
// rest holds bytes that were already read from c. It ends with ctx; c stays open on an error, so that
// the caller decides about last words.
func Handshake(ctx context.Context, c *net.TCPConn, rest []byte, config *tls.Config) (*Conn, error) {
	in := &inner{Conn: c, rest: rest}
	t := tls.Server(in, config)
	if err := t.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return newConn(c, in, t)
}

// Connect does the client side of a handshake on c, to another server, and returns the transport for what
// follows. It ends with ctx; c stays open on an error.
func Connect(ctx context.Context, c *net.TCPConn, config *tls.Config) (*Conn, error) {
	in := &inner{Conn: c}
	t := tls.Client(in, config)
	if err := t.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return newConn(c, in, t)
}

// ServerConfig prepares a configuration for [Handshake] or [Connect]: connections here carry streams of messages,
// where growing records slowly only costs.
func ServerConfig(config *tls.Config) *tls.Config {
	c := config.Clone()
	c.DynamicRecordSizingDisabled = true
	return c
}
