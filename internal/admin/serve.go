package admin

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"

	"natsd/internal/config"
	"natsd/internal/monitor"
)

// Serve answers requests on ln, which it takes over, until ctx ends. On a unix socket the process at the
// other end is who asks. It may be called for several listeners.
func (a *API) Serve(ctx context.Context, ln net.Listener, log *slog.Logger) error {
	from := func(conn context.Context, sock net.Conn) context.Context {
		return withPeer(withDoor(withListener(conn, ctx)), sock)
	}
	serve := func(w http.ResponseWriter, r *http.Request) { a.router().ServeHTTP(w, r) }
	return monitor.NewServer(a.atTheDoor(http.HandlerFunc(serve)), log).WithConnContext(from).Serve(ctx, ln)
}

// errNoTLS is for those who come while a reload takes TLS away.
var errNoTLS = errors.New("there is no certificate any more")

// TLSConfig is the TLS configuration of an admin listener. Current is called for each handshake, so it
// follows a reload.
func TLSConfig(current func() *config.TLS) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			now := current()
			if now == nil {
				return nil, errNoTLS
			}
			c := now.Config.Clone()
			c.NextProtos = []string{"http/1.1"}
			return c, nil
		},
	}
}
