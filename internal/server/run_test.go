package server

import (
	"bufio"
	"context"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"natsd/internal/config"
)

// running is a server that a test talks to.
type running struct {
	*Server
	t   *testing.T
	log string // path of its log
}

// run serves text, a configuration, until the test ends. The port is a free one.
func run(t *testing.T, text string) *running {
	t.Helper()
	dir := t.TempDir()
	r := &running{t: t, log: filepath.Join(dir, "natsd.log")}
	path := filepath.Join(dir, "natsd.conf")
	text = "host: 127.0.0.1\nport: -1\nlog_file: " + r.log + "\n" + text
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	none := map[string]string{}
	o, report := config.Load(config.Source{Path: path, Environ: none})
	if err := report.Err(); err != nil {
		t.Fatal(err)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.Server = s
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case <-s.Ready():
	case <-time.After(5 * time.Second):
		t.Fatal("not ready")
	}
	return r
}

// dial connects a client and reads INFO.
func (r *running) dial() (net.Conn, *bufio.Reader) {
	r.t.Helper()
	c, err := net.Dial("tcp", r.ClientAddr().String())
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	in := bufio.NewReader(c)
	if line, err := in.ReadString('\n'); err != nil || !strings.HasPrefix(line, "INFO ") {
		r.t.Fatalf("INFO: %q, %v", line, err)
	}
	return c, in
}

// say sends text on a new connection.
func (r *running) say(text string) (net.Conn, *bufio.Reader) {
	r.t.Helper()
	c, in := r.dial()
	if _, err := c.Write([]byte(text)); err != nil {
		r.t.Fatal(err)
	}
	return c, in
}

// logged waits for a line that matches want and returns the log.
func (r *running) logged(want string) string {
	r.t.Helper()
	re := regexp.MustCompile("(?m)" + want)
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		text, err := os.ReadFile(r.log)
		if err != nil {
			r.t.Fatal(err)
		}
		if re.Match(text) {
			return string(text)
		}
		if time.Now().After(end) {
			r.t.Fatalf("no line with %s in\n%s", want, text)
		}
	}
}
