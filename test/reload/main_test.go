package reload

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"natsd/test/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Run(m)) }

// patience is how long something may take that should take no time.
const patience = 20 * time.Second

// soak returns the short or, with NATSD_SOAK=1, the long form of a number.
func soak(short, long int) int {
	switch {
	case os.Getenv("NATSD_SOAK") == "1":
		return long
	case harness.Race:
		return max(1, short/5)
	}
	return short
}

// server is natsd with a configuration that the test changes. Nobody watches the file.
type server struct {
	*harness.Server

	t     *testing.T
	scope *harness.Scope
	logs  []string // files that the log may go to
}

const listen = "listen: '127.0.0.1:<port>'\nhttp: '127.0.0.1:<http_port>'\n"

// start runs natsd with a client port and a monitoring port on loopback, and text.
func start(t *testing.T, text string, opts ...harness.Option) *server {
	t.Helper()
	return startBare(t, listen+text, opts...)
}

// startBare is start for a text that says where to listen.
func startBare(t *testing.T, text string, opts ...harness.Option) *server {
	t.Helper()
	return watched(t, text, append(opts, harness.WithArgs("--no-watch"))...)
}

// watched is startBare for a server that watches its files.
func watched(t *testing.T, text string, opts ...harness.Option) *server {
	t.Helper()
	if harness.Target() == harness.Peer {
		t.Skip("about natsd")
	}
	sc := harness.NewScope(t)
	opts = append(opts, harness.WithScope(sc), harness.WithoutListen())
	return &server{Server: harness.Start(t, harness.Natsd, text, opts...), t: t, scope: sc}
}

const (
	reloaded = "Reloaded server configuration"
	refused  = "Failed to reload server configuration: "
)

// log returns everything that has been logged, wherever it went.
func (s *server) log() string {
	var b strings.Builder
	b.WriteString(s.Log.String())
	for _, path := range s.logs {
		text, _ := os.ReadFile(path) //nolint:errcheck // it may not be there
		b.Write(text)
	}
	return b.String()
}

// try sends SIGHUP with listen and text in force. The error is why natsd refused it.
func (s *server) try(text string) error { return s.tryBare(listen + text) }

func (s *server) tryBare(text string) error {
	s.t.Helper()
	if err := s.SetConfig(s.scope.Expand(text)); err != nil {
		s.t.Fatal(err)
	}
	return s.hangup()
}

// hangup sends SIGHUP and waits for what comes of it.
func (s *server) hangup() error {
	s.t.Helper()
	done, failed := strings.Count(s.log(), reloaded), strings.Count(s.log(), refused)
	if err := s.Signal(syscall.SIGHUP); err != nil {
		s.t.Fatal(err)
	}
	why := ""
	if !harness.Eventually(patience, func() bool {
		log := s.log()
		if strings.Count(log, refused) > failed {
			why, _, _ = strings.Cut(log[strings.LastIndex(log, refused)+len(refused):], "\n")
			return true
		}
		return strings.Count(log, reloaded) > done || s.Exited()
	}) {
		s.t.Fatal("nothing came of the reload")
	}
	if s.Exited() {
		s.t.Fatalf("natsd has ended:\n%s", s.log())
	}
	if why != "" {
		return errors.New(why)
	}
	return nil
}

// reload puts text into force.
func (s *server) reload(text string) {
	s.t.Helper()
	if err := s.try(text); err != nil {
		s.t.Fatalf("refused: %v\n%s", err, text)
	}
}

// refuses fails the test unless text is refused with these words.
func (s *server) refuses(text, words string) {
	s.t.Helper()
	if err := s.try(text); err == nil || !strings.Contains(err.Error(), words) {
		s.t.Fatalf("got %v, want a refusal with %q\n%s", err, words, text)
	}
}

// info connects and returns the first INFO.
func (s *server) info() map[string]any {
	s.t.Helper()
	c := harness.Dial(s.t, s.Addr)
	defer func() { _ = c.Close() }()
	return infoOf(s.t, c.Expect(s.t, "INFO"))
}

func infoOf(t *testing.T, f *harness.Frame) map[string]any {
	t.Helper()
	var info map[string]any
	if err := json.Unmarshal([]byte(strings.TrimPrefix(f.Line, "INFO ")), &info); err != nil {
		t.Fatalf("%q: %v", f.Line, err)
	}
	return info
}

func (s *server) varz(key string) any {
	s.t.Helper()
	v, err := s.Varz()
	if err != nil {
		s.t.Fatal(err)
	}
	return v[key]
}

// enter connects a raw client of protocol 1 with further fields of CONNECT and waits for its INFO.
func (s *server) enter(fields string) (*harness.Conn, uint64) {
	s.t.Helper()
	c := harness.Dial(s.t, s.Addr)
	id := c.ExpectInfo(s.t).ID
	hello(s.t, c, fields)
	return c, id
}

// hello sends CONNECT and PING and reads what follows.
func hello(t *testing.T, c *harness.Conn, fields string) {
	t.Helper()
	if fields != "" {
		fields = "," + fields
	}
	c.MustSend(t, `CONNECT {"verbose":false,"protocol":1,"headers":true`+fields+"}\r\nPING\r\n")
	c.Expect(t, "PONG")
	c.Expect(t, "INFO")
}

// served fails the test unless the connection is open and nothing but an answer to PING comes.
func served(t *testing.T, c *harness.Conn) {
	t.Helper()
	c.MustSend(t, "PING\r\n")
	for {
		f, err := c.Next(patience)
		switch {
		case err != nil:
			t.Fatalf("want PONG, got %v", err)
		case f.Verb == "PONG":
			return
		case f.Verb == "PING": // of the server
			c.MustSend(t, "PONG\r\n")
		case f.Verb != "INFO":
			t.Fatalf("want PONG, got %q", f.Line)
		}
	}
}

// cut fails the test unless the connection ends with that -ERR and connz gives that reason.
func (s *server) cut(c *harness.Conn, id uint64, text, reason string) {
	s.t.Helper()
	said := ""
	for _, f := range c.ExpectEOF(s.t, patience) {
		if f.Verb == "-ERR" {
			said = strings.Trim(strings.TrimPrefix(f.Line, "-ERR "), "'")
		}
	}
	if said != text {
		s.t.Errorf("the last words are %q, want %q", said, text)
	}
	got, err := s.Reason(id, patience)
	if err != nil || got != reason {
		s.t.Errorf("the reason is %q (%v), want %q", got, err, reason)
	}
}

// refusedLogin fails the test if a client gets in.
func (s *server) refusedLogin(fields string) {
	s.t.Helper()
	c := harness.Dial(s.t, s.Addr)
	c.ExpectInfo(s.t)
	c.MustSend(s.t, `CONNECT {"verbose":false,"protocol":1,`+fields+"}\r\nPING\r\n")
	for _, f := range c.ExpectEOF(s.t, patience) {
		if f.Verb == "PONG" {
			s.t.Errorf("%s gets in", fields)
		}
	}
}

// dial connects the Go client and closes it with the test.
func (s *server) dial(opts ...nats.Option) *nats.Conn {
	s.t.Helper()
	nc, err := nats.Connect("nats://"+s.Addr, append([]nats.Option{nats.Timeout(patience), nats.NoReconnect(), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})}, opts...)...)
	if err != nil {
		s.t.Fatalf("connect: %v", err)
	}
	s.t.Cleanup(nc.Close)
	return nc
}

// flows fails the test unless a message gets from one client to the other.
func flows(t *testing.T, from, to *nats.Conn) {
	t.Helper()
	subject := nats.NewInbox()
	sub, err := to.SubscribeSync(subject)
	if err == nil {
		err = to.Flush()
	}
	if err == nil {
		err = from.Publish(subject, []byte("x"))
	}
	if err == nil {
		_, err = sub.NextMsg(patience)
	}
	if err != nil {
		t.Fatalf("no message gets through: %v", err)
	}
	_ = sub.Unsubscribe()
}

func user(name, password string) string { return fmt.Sprintf(`"user":%q,"pass":%q`, name, password) }

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
