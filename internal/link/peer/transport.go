package peer

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"

	"natsd/internal/certs"
	"natsd/internal/config"
	"natsd/internal/conn"
	"natsd/internal/transport/stream"
	"natsd/internal/transport/tcp"
	"natsd/internal/transport/tlsconn"
)

// Plain returns a transport without TLS.
func Plain(sock net.Conn) (conn.Transport, error) {
	if c, ok := sock.(*net.TCPConn); ok {
		return tcp.New(c, nil)
	}
	return stream.New(sock, nil), nil
}

// TLS secures connections between servers, where both sides show a certificate. It is immutable.
type TLS struct {
	config         *config.TLS
	server, client *tls.Config
	known          []string // host names of which an accepted server must show one; nil is any
}

// NewTLS returns nil without a tls block. Known are the servers that the configuration lists.
func NewTLS(t *config.TLS, known []config.URL) *TLS {
	if t == nil {
		return nil
	}
	out := &TLS{config: t, server: tlsconn.ServerConfig(t.Config), client: tlsconn.ServerConfig(t.Config)}
	if t.CheckKnownURLs {
		out.known = make([]string, 0, len(known))
		for _, u := range known {
			out.known = append(out.known, u.Hostname())
		}
	}
	return out
}

// Config is the block that it was made of.
func (t *TLS) Config() *config.TLS { return t.config }

var (
	errNotPinned = errors.New("certificate not pinned")
	errUnknown   = errors.New("the certificate names none of the servers that the configuration lists")
)

// Accept does the server's side of the handshake within the configured time.
func (t *TLS) Accept(ctx context.Context, sock net.Conn) (*tlsconn.Conn, error) {
	return t.handshake(ctx, sock, func(ctx context.Context, c *net.TCPConn) (*tlsconn.Conn, error) {
		return tlsconn.Handshake(ctx, c, nil, t.server)
	}, t.checkKnown)
}

// Dial does the side of who has dialed name.
func (t *TLS) Dial(ctx context.Context, sock net.Conn, name string) (*tlsconn.Conn, error) {
	config := t.client.Clone()
	config.ServerName = name
	return t.handshake(ctx, sock, func(ctx context.Context, c *net.TCPConn) (*tlsconn.Conn, error) {
		return tlsconn.Connect(ctx, c, config)
	}, nil)
}

func (t *TLS) handshake(ctx context.Context, sock net.Conn, do func(context.Context, *net.TCPConn) (*tlsconn.Conn, error), check func(*tls.ConnectionState) error) (*tlsconn.Conn, error) {
	c, ok := sock.(*net.TCPConn)
	if !ok {
		return nil, errors.New("TLS needs a TCP connection")
	}
	ctx, cancel := context.WithTimeout(ctx, t.config.Timeout)
	defer cancel()
	out, err := do(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("TLS handshake error: %w", err)
	}
	state := out.State()
	if t.config.PinnedCerts != nil && !certs.Pinned(&state, t.config.PinnedCerts) {
		return nil, fmt.Errorf("TLS handshake error: %w", errNotPinned)
	}
	if check != nil {
		if err := check(&state); err != nil {
			return nil, fmt.Errorf("TLS handshake error: %w", err)
		}
	}
	return out, nil
}

func (t *TLS) checkKnown(state *tls.ConnectionState) error {
	if t.known == nil {
		return nil
	}
	if len(state.PeerCertificates) > 0 {
		for _, name := range t.known {
			if state.PeerCertificates[0].VerifyHostname(name) == nil {
				return nil
			}
		}
	}
	return errUnknown
}

// WrongName tells whether a handshake failed because the certificate is for another name.
func WrongName(err error) bool {
	var wrong x509.HostnameError
	return errors.As(err, &wrong)
}
