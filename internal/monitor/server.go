package monitor

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"natsd/internal/task"
)

// Limits of one HTTP connection.
const (
	readHeaderTimeout = 5 * time.Second
	writeTimeout      = time.Minute // for an answer, which is in memory until it is read; what takes longer sets its own
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 1 << 20
	stopGrace         = 2 * time.Second // for requests under way when the server stops
)

// Server serves one handler on one listener.
type Server struct {
	http http.Server
}

// NewServer makes a Server. Trouble with single connections is logged as errors to log.
func NewServer(h http.Handler, log *slog.Logger) *Server {
	return &Server{http: http.Server{
		Handler:           h,
		ReadHeaderTimeout: readHeaderTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelError),
	}}
}

// WithConnContext sets what derives the context of the requests of a connection. It is called before Serve.
func (s *Server) WithConnContext(f func(context.Context, net.Conn) context.Context) *Server {
	s.http.ConnContext = f
	return s
}

// Serve answers requests on ln, which it takes over, until ctx ends; then requests under way get a
// moment to finish, and idle connections are closed. It returns nil after such an end, also when ln was
// closed just before, and otherwise why the listener failed. It is called once.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	group := task.New(context.WithoutCancel(ctx), nil)
	failed := make(chan error, 1)
	group.Go("http", func(context.Context) { failed <- s.http.Serve(ln) })
	defer group.Wait()

	select {
	case err := <-failed:
		if ctx.Err() == nil {
			return err
		}
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
	defer cancel()
	err := s.http.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	if errors.Is(err, net.ErrClosed) {
		return nil // the owner of ln was faster
	}
	return err
}

// errNoCertificate is for those who come while a reload takes TLS away.
var errNoCertificate = errors.New("there is no certificate any more")

// HTTPSConfig is the TLS configuration of an HTTPS monitoring listener: the certificates of the client
// listener, but nobody has to show one. current is called for each handshake, so it follows a reload;
// its result is not changed, and nil when there is no certificate.
func HTTPSConfig(current func() *tls.Config) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			now := current()
			if now == nil {
				return nil, errNoCertificate
			}
			c := now.Clone()
			c.ClientAuth = tls.NoClientCert
			c.ClientCAs = nil
			c.VerifyPeerCertificate = nil
			c.VerifyConnection = nil
			c.GetConfigForClient = nil
			c.NextProtos = []string{"http/1.1"}
			return c, nil
		},
	}
}
