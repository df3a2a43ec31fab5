package harness

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	readyLine  = "Server is ready"
	startLimit = 15 * time.Second
	stopLimit  = 10 * time.Second
)

// Server is one running server process. Methods are safe for concurrent use, except Start* and
// Reload. The process ends with the test at the latest.
type Server struct {
	Kind   Kind
	Addr   string  // client address
	HTTP   string  // monitoring address, "" without one
	Admin  string  // path of the admin socket, unless the configuration names another one
	Config string  // path of the configuration file
	Log    *Output // what the process wrote on stdout and stderr

	tb     testing.TB
	inside func(do func() error) error
	cmd    *exec.Cmd
	owner  errgroup.Group // waits for the process
	exited chan struct{}
	err    error // of cmd.Wait, set before exited is closed
}

// Option changes how a server is started.
type Option func(*spec)

type spec struct {
	args     []string
	env      []string
	launcher []string
	scope    *Scope
	lookups  []func(string) (string, bool)
	bare     bool
	noLog    bool
	inside   func(do func() error) error
}

// WithArgs adds command line arguments.
func WithArgs(args ...string) Option { return func(s *spec) { s.args = append(s.args, args...) } }

// WithEnv adds environment variables, "NAME=value".
func WithEnv(env ...string) Option { return func(s *spec) { s.env = append(s.env, env...) } }

// WithLauncher runs the server through another program that ends in exec, such as prlimit.
func WithLauncher(args ...string) Option { return func(s *spec) { s.launcher = args } }

// WithScope uses the placeholders of a scope made before, and further ones.
func WithScope(sc *Scope, more ...func(string) (string, bool)) Option {
	return func(s *spec) { s.scope, s.lookups = sc, more }
}

// WithoutListen leaves the listen address and the monitoring port to the configuration text.
func WithoutListen() Option { return func(s *spec) { s.bare = true } }

// WithLogElsewhere says that the log does not reach stderr; the server is then taken as ready when
// its client port accepts a connection.
func WithLogElsewhere() Option { return func(s *spec) { s.noLog = true } }

// Inside has the process started, and its monitoring port asked, by way of a function that calls do on a
// thread with another view of the system, such as another network.
func Inside(f func(do func() error) error) Option { return func(s *spec) { s.inside = f } }

// Start runs a server with that configuration text and returns when it is ready. Unless
// WithoutListen is given, the text is preceded by a listen address and a monitoring port on
// 127.0.0.1, both free.
func Start(tb testing.TB, k Kind, conf string, opts ...Option) *Server {
	tb.Helper()
	sp := &spec{inside: func(do func() error) error { return do() }}
	for _, o := range opts {
		o(sp)
	}
	if sp.scope == nil {
		sp.scope = NewScope(tb)
	}
	if !sp.bare {
		conf = "listen: \"127.0.0.1:<port>\"\nhttp: \"127.0.0.1:<http_port>\"\n" + conf
	}
	s, err := launch(tb, k, conf, sp)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// shortDir is a folder for a socket: the names of those have a bound that a folder named after a test may
// be beyond.
func shortDir(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "natsd")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// launch is Start with an error in place of a failed test.
func launch(tb testing.TB, k Kind, conf string, sp *spec) (*Server, error) {
	tb.Helper()
	bin := Binary(tb, k)
	file := filepath.Join(tb.TempDir(), "server.conf")
	if err := os.WriteFile(file, []byte(sp.scope.Expand(conf, sp.lookups...)), 0o600); err != nil {
		return nil, err
	}
	argv := append(append(sp.launcher, bin, "-c", file), sp.args...)
	s := &Server{
		Kind: k, Config: file, Log: &Output{},
		Addr: sp.scope.Addr("port"), tb: tb, inside: sp.inside, exited: make(chan struct{}),
	}
	if strings.Contains(conf, "<http_port>") {
		s.HTTP = sp.scope.Addr("http_port")
	}
	s.cmd = exec.Command(argv[0], argv[1:]...) //nolint:gosec // the binary under test
	s.cmd.Env = append(environ(), sp.env...)
	if k == Natsd && !strings.Contains(conf, "unix:") {
		s.Admin = filepath.Join(shortDir(tb), "admin.sock")
		s.cmd.Env = append(s.cmd.Env, "NATSD_ADMIN_UNIX="+s.Admin)
	}
	s.cmd.Stdout, s.cmd.Stderr = s.Log, s.Log
	if err := sp.inside(s.cmd.Start); err != nil {
		return nil, fmt.Errorf("start %s: %w", k, err)
	}
	s.owner.Go(func() error {
		s.err = s.cmd.Wait()
		close(s.exited)
		return nil
	})
	tb.Cleanup(s.cleanup)
	return s, s.waitReady(sp.noLog)
}

// environ is the environment without natsd's own variables: those steer the tests, and a server
// would take them for options.
func environ() []string {
	return slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "NATSD_") })
}

func (s *Server) waitReady(byDial bool) error {
	ready := Eventually(startLimit, func() bool {
		if s.Exited() {
			return true
		}
		if byDial {
			c, err := net.Dial("tcp", s.Addr)
			if err == nil {
				_ = c.Close()
			}
			return err == nil
		}
		return s.Log.Count(readyLine) > 0
	})
	switch {
	case s.Exited():
		return fmt.Errorf("%s ended at its start (%w):\n%s", s.Kind, s.err, s.Log.tail(20))
	case !ready:
		return fmt.Errorf("%s is not ready after %v:\n%s", s.Kind, startLimit, s.Log.tail(20))
	}
	return nil
}

func (s *Server) cleanup() {
	if !s.Exited() {
		_ = s.cmd.Process.Kill()
	}
	_ = s.owner.Wait()
	if s.tb.Failed() {
		s.tb.Logf("last lines of %s:\n%s", s.Kind, s.Log.tail(25))
	}
	if strings.Contains(s.Log.String(), "WARNING: DATA RACE") {
		s.tb.Errorf("%s reported a data race:\n%s", s.Kind, s.Log.tail(80))
	}
}

// Pid returns the process id.
func (s *Server) Pid() int { return s.cmd.Process.Pid }

// Exited reports whether the process has ended.
func (s *Server) Exited() bool {
	select {
	case <-s.exited:
		return true
	default:
		return false
	}
}

// Signal sends a signal.
func (s *Server) Signal(sig syscall.Signal) error { return s.cmd.Process.Signal(sig) }

// WaitExit waits for the process to end and returns its exit code.
func (s *Server) WaitExit(limit time.Duration) (int, error) {
	select {
	case <-s.exited:
		return s.cmd.ProcessState.ExitCode(), nil
	case <-time.After(limit):
		return 0, fmt.Errorf("%s still runs after %v", s.Kind, limit)
	}
}

// Stop ends the process with SIGTERM and waits for it; it returns the exit code.
func (s *Server) Stop() (int, error) {
	if err := s.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return 0, err
	}
	return s.WaitExit(stopLimit)
}

// SetConfig replaces the configuration file's text in one step.
func (s *Server) SetConfig(text string) error {
	tmp := s.Config + ".new"
	if err := os.WriteFile(tmp, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, s.Config)
}
