package server

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"natsd/internal/config"
)

const patience = 20 * time.Second

// options loads a configuration that logs to nowhere in particular and listens on free ports.
func options(t *testing.T, text string) *config.Options {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "natsd.conf")
	text = "host: 127.0.0.1\nport: -1\nlog_file: " + filepath.Join(dir, "natsd.log") + "\n" + text
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o, report := config.Load(config.Source{Path: path, Environ: map[string]string{}})
	if err := report.Err(); err != nil {
		t.Fatal(err)
	}
	return o
}

// launch runs a server until stop is called; stop returns what Run did.
func launch(t *testing.T, o *config.Options, opts ...Option) (s *Server, stop func() error) {
	t.Helper()
	s, err := New(o, opts...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stop = func() error {
		cancel()
		select {
		case err := <-ended:
			ended <- err
			return err
		case <-time.After(patience):
			t.Fatalf("does not stop: %v", s.tasks.Counts())
			return nil
		}
	}
	t.Cleanup(func() { _ = stop() })
	select {
	case <-s.Ready():
	case err := <-ended:
		ended <- err
	case <-time.After(patience):
		t.Fatal("not ready")
	}
	return s, stop
}

// peer is a connection to a server under test.
type peer struct {
	net.Conn
	t  *testing.T
	in *bufio.Reader
}

func dial(t *testing.T, s *Server) *peer {
	t.Helper()
	c, err := net.Dial("tcp", s.ClientAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return &peer{c, t, bufio.NewReader(c)}
}

// enter connects as user, whose password is "p", and reads what greets it.
func enter(t *testing.T, s *Server, user string) *peer {
	t.Helper()
	c := dial(t, s)
	c.expect("INFO ")
	c.say(fmt.Sprintf("CONNECT {\"verbose\":false,\"protocol\":1,\"user\":%q,\"pass\":\"p\"}\r\nPING\r\n", user))
	c.expect("PONG", "INFO ")
	return c
}

func (c *peer) say(text string) {
	c.t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

// expect reads lines that begin with these texts and returns the last one. A PING may come at any time on
// a busy machine.
func (c *peer) expect(want ...string) string {
	c.t.Helper()
	line := ""
	for _, w := range want {
		var err error
		line, err = c.in.ReadString('\n')
		for err == nil && line == "PING\r\n" && w != "PING" {
			c.say("PONG\r\n")
			line, err = c.in.ReadString('\n')
		}
		if err != nil || !strings.HasPrefix(line, w) {
			c.t.Fatalf("read %q, %v, want %q", line, err, w)
		}
	}
	return line
}

// ended reads to the end and returns what came.
func (c *peer) ended() string {
	c.t.Helper()
	text, err := io.ReadAll(c.in)
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		c.t.Fatalf("still open after %q", text)
	}
	return string(text)
}

// reason waits for the end of a connection and returns why it came.
func reason(t *testing.T, s *Server, cid uint64) string {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		for _, c := range s.AppendClosed(nil) {
			if c.Facts.CID == cid {
				return c.Reason
			}
		}
	}
	t.Fatalf("connection %d does not end", cid)
	return ""
}

func TestStartAndStop(t *testing.T) {
	t.Parallel()
	o := options(t, "http_port: -1\nprof_port: -1")
	for range 50 {
		s, stop := launch(t, o)
		c := enter(t, s, "")
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if text := c.ended(); text != "" {
			t.Fatalf("read %q at the end", text)
		}
		if why := reason(t, s, 1); why != "Server Shutdown" {
			t.Fatalf("ended with %q", why)
		}
		if n := s.tasks.Running(); n != 0 {
			t.Fatalf("%d tasks run on: %v", n, s.tasks.Counts())
		}
	}
}

// A server that never runs, or is told to stop before it does, leaves nothing either.
func TestStopBeforeStart(t *testing.T) {
	t.Parallel()
	s, err := New(options(t, "http_port: -1"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Run(ctx); err != nil {
		t.Error(err)
	}
}

// free returns a port that nobody listens on.
func free(t *testing.T) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}

func TestFailedStartLeavesNothing(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	used := taken.Addr().(*net.TCPAddr).Port
	for name, change := range map[string]func(o *config.Options){
		"client port":     func(o *config.Options) { o.Port = used },
		"monitoring port": func(o *config.Options) { o.Monitoring.HTTPPort = used },
		"profiling port":  func(o *config.Options) { o.ProfPort = used },
		"pid file":        func(o *config.Options) { o.PIDFile = filepath.Join(o.PIDFile, "not", "here") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			pid := filepath.Join(dir, "natsd.pid")
			if err := os.WriteFile(pid, []byte("1"), 0o600); err != nil {
				t.Fatal(err)
			}
			ports := [3]int{free(t), free(t), free(t)}
			o := options(t, fmt.Sprintf("pid_file: %s\nports_file_dir: %s", pid, dir))
			o.Port, o.Monitoring.HTTPPort, o.ProfPort, o.Monitoring.HTTPHost = ports[0], ports[1], ports[2], "127.0.0.1"
			change(o)
			s, stop := launch(t, o)
			if err := stop(); err == nil {
				t.Fatal("starts")
			}
			select {
			case <-s.Ready():
				t.Error("says that it is ready")
			default:
			}
			for _, p := range ports {
				ln, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p)))
				if err != nil {
					t.Errorf("a port is not free again: %v", err)
					continue
				}
				_ = ln.Close()
			}
			if text, err := os.ReadFile(pid); err != nil || string(text) != "1" {
				t.Errorf("the pid file of another server holds %q, %v", text, err)
			}
			if files, _ := filepath.Glob(filepath.Join(dir, "*")); len(files) != 1 {
				t.Errorf("left behind: %v", files)
			}
		})
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pid := filepath.Join(dir, "natsd.pid")
	s, stop := launch(t, options(t, fmt.Sprintf("http: \"127.0.0.1:-1\"\npid_file: %s\nports_file_dir: %s", pid, dir)))
	if text, err := os.ReadFile(pid); err != nil || string(text) != strconv.Itoa(os.Getpid()) {
		t.Errorf("pid file: %q, %v", text, err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.ports"))
	if len(files) != 1 {
		t.Fatalf("ports files: %v", files)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	var ports struct{ Nats, Monitoring []string }
	if err := json.Unmarshal(text, &ports); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(ports) != fmt.Sprintf("{[nats://%s] [http://%s]}", s.ClientAddr(), s.MonitorAddr()) {
		t.Errorf("ports file: %s", text)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(files[0]); !os.IsNotExist(err) {
		t.Errorf("the ports file is still there: %v", err)
	}
}

func TestKick(t *testing.T) {
	t.Parallel()
	s, _ := launch(t, options(t, ""))
	a, b := enter(t, s, ""), enter(t, s, "")
	b.say("SUB x 1\r\nPING\r\n")
	b.expect("PONG")
	if s.Kick(99, "test", "") {
		t.Error("kicked nobody")
	}
	if !s.Kick(1, "test", "it's late\r\n") {
		t.Error("not kicked")
	}
	if text := a.ended(); text != "-ERR 'Permissions Violation, kicked by an operator: it\"s late  '\r\n" {
		t.Errorf("read %q", text)
	}
	if why := reason(t, s, 1); why != "Kicked" {
		t.Errorf("ended with %q", why)
	}
	b.say("PUB x 0\r\n\r\n")
	b.expect("MSG x 1 0")
}

func TestLameDuck(t *testing.T) {
	t.Parallel()
	o := options(t, "")
	o.LameDuckGrace, o.LameDuckDuration = 100*time.Millisecond, 300*time.Millisecond
	s, stop := launch(t, o)
	addr := s.ClientAddr().String()
	old := dial(t, s) // speaks protocol 0 and is not told
	old.expect("INFO ")
	old.say("CONNECT {\"verbose\":false}\r\nPING\r\n")
	old.expect("PONG")
	a, b := enter(t, s, ""), enter(t, s, "")
	b.say("SUB x 1\r\nPING\r\n")
	b.expect("PONG")
	done := make(chan struct{})
	go func() { s.LameDuck(); close(done) }()
	if line := a.expect("INFO "); !strings.Contains(line, `"ldm":true`) || strings.Contains(line, "connect_urls") {
		t.Errorf("read %s", line)
	}
	b.expect("INFO ")
	if c, err := net.Dial("tcp", addr); err == nil {
		_ = c.Close()
		t.Error("still accepts connections")
	}
	a.say("PUB x 0\r\n\r\n") // work goes on
	b.expect("MSG x 1 0", "\r\n")
	for _, c := range []*peer{old, a, b} {
		if text := c.ended(); text != "" {
			t.Errorf("read %q at the end", text)
		}
	}
	<-done
	if err := stop(); err != nil {
		t.Error(err)
	}
	for cid := range uint64(3) {
		if why := reason(t, s, cid+1); why != "Server Shutdown" {
			t.Errorf("%d ended with %q", cid+1, why)
		}
	}
}

func TestLameDuckWithoutClients(t *testing.T) {
	t.Parallel()
	s, stop := launch(t, options(t, ""))
	s.LameDuck()
	s.LameDuck() // has no effect
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// A stop does not wait for lame duck mode.
func TestStopDuringLameDuck(t *testing.T) {
	t.Parallel()
	s, stop := launch(t, options(t, ""))
	c := enter(t, s, "")
	done := make(chan struct{})
	go func() { s.LameDuck(); close(done) }()
	c.expect("INFO ")
	start := time.Now()
	if err := stop(); err != nil {
		t.Error(err)
	}
	<-done
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %v", d)
	}
}

func TestMaxConnections(t *testing.T) {
	t.Parallel()
	s, _ := launch(t, options(t, "max_connections: 2"))
	a, _ := enter(t, s, ""), enter(t, s, "")
	c := dial(t, s)
	c.expect("INFO ")
	if text := c.ended(); text != "-ERR 'maximum connections exceeded'\r\n" {
		t.Errorf("read %q", text)
	}
	if why := reason(t, s, 3); why != "Maximum Connections Exceeded" {
		t.Errorf("ended with %q", why)
	}
	_ = a.Close()
	reason(t, s, 1)
	enter(t, s, "")
}

func TestAccountsAreIsolated(t *testing.T) {
	t.Parallel()
	s, _ := launch(t, options(t, `
		accounts { A { users: [{user: a, password: p}] }, B { users: [{user: b, password: p}] }, SYS { users: [{user: s, password: p}] } }
		system_account: SYS`))
	all := []*peer{enter(t, s, "a"), enter(t, s, "b"), enter(t, s, "s")}
	for _, c := range all {
		c.say("SUB > 1\r\nSUB > q 2\r\nPING\r\n")
		c.expect("PONG")
	}
	for i, c := range all {
		c.say(fmt.Sprintf("PUB x%d 0\r\n\r\nPING\r\n", i))
		for range 2 {
			c.expect(fmt.Sprintf("MSG x%d ", i), "\r\n")
		}
		c.expect("PONG")
	}
	for _, c := range all {
		c.say("PING\r\n")
		c.expect("PONG") // and nothing of the others
	}
	all[0].say("PUB $SYS.REQ.USER.INFO in 0\r\n\r\n")
	answer := ""
	for range 2 * 3 {
		line, err := all[0].in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		answer += line
	}
	if !strings.Contains(answer, `"account":"A"`) {
		t.Error(answer)
	}
}

// TestMonitoringDoesNotDisturb asks for all of 10,000 connections again and again while messages go
// through, as far as the limits of the machine let that many in.
func TestMonitoringDoesNotDisturb(t *testing.T) {
	t.Parallel()
	crowd := 10_000
	if racing {
		crowd = 1000
	}
	if limit := maxDescriptors(); limit > 0 {
		crowd = min(crowd, (limit-1000)/2)
	}
	s, _ := launch(t, options(t, "http: \"127.0.0.1:-1\""))
	idle := make([]net.Conn, 0, crowd)
	defer func() {
		for _, c := range idle {
			_ = c.Close()
		}
	}()
	for range crowd {
		c, err := net.Dial("tcp", s.ClientAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		idle = append(idle, c)
		if _, err := c.Write([]byte("CONNECT {\"verbose\":false}\r\nSUB idle.> 1\r\n")); err != nil {
			t.Fatal(err)
		}
	}
	a, b := enter(t, s, ""), enter(t, s, "")
	b.say("SUB x 1\r\nPING\r\n")
	b.expect("PONG")
	for deadline := time.Now().Add(20 * time.Second); s.conns.Len() < crowd+2; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d clients are in", s.conns.Len(), crowd+2)
		}
	}

	asked := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { asked <- askForAll(ctx, s, crowd) }()
	var slowest time.Duration
	n := 0
	for err := error(nil); ; n++ {
		start := time.Now()
		a.say("PUB x 5\r\nhello\r\n")
		b.expect("MSG x 1 5", "hello")
		slowest = max(slowest, time.Since(start))
		select {
		case err = <-asked:
			if err != nil {
				t.Fatal(err)
			}
		default:
			continue
		}
		break
	}
	t.Logf("%d messages during 3 requests for %d connections, the slowest took %v", n, crowd, slowest)
	if slowest > 2*time.Second {
		t.Errorf("a message took %v", slowest)
	}
}

// askForAll gets connz three times and counts the connections.
func askForAll(ctx context.Context, s *Server, want int) error {
	web := &http.Client{Transport: &http.Transport{}}
	defer web.CloseIdleConnections()
	for range 3 {
		url := fmt.Sprintf("http://%s/connz?subs=1&limit=%d", s.MonitorAddr(), 2*want)
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		res, err := web.Do(req)
		if err != nil {
			return err
		}
		var page struct {
			Connections []struct{ CID uint64 }
		}
		err = json.NewDecoder(res.Body).Decode(&page)
		_ = res.Body.Close()
		if err != nil {
			return err
		}
		if len(page.Connections) < want {
			return fmt.Errorf("%d connections, want at least %d", len(page.Connections), want)
		}
	}
	return nil
}

// A reload that moves the sockets while the server stops, or drains, must not keep it from stopping,
// nor let clients in again.
func TestStopDuringReload(t *testing.T) {
	t.Parallel()
	for i := range 20 {
		dir := t.TempDir()
		path := filepath.Join(dir, "natsd.conf")
		write := func(port int) {
			text := fmt.Sprintf("host: 127.0.0.1\nport: %d\nlog_file: %s\n", port, filepath.Join(dir, "natsd.log"))
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write(-1)
		src := config.Source{Path: path, Environ: map[string]string{}}
		o, report := config.Load(src)
		if err := report.Err(); err != nil {
			t.Fatal(err)
		}
		s, stop := launch(t, o, WithSource(src))
		next := free(t)
		write(next)
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = s.Reload(context.Background(), "test") // may be refused
		}()
		time.Sleep(time.Duration(i) * 300 * time.Microsecond)
		if i%2 == 0 {
			s.LameDuck()
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		<-done
		if c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(next))); err == nil {
			_ = c.Close()
			t.Fatalf("round %d: the port of the reload is open", i)
		}
	}
}
