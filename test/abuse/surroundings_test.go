package abuse

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"natsd/test/harness"
)

// TestFileDescriptors: when connections have used up all descriptors the server lives, monitoring
// answers, the log is not flooded, and new clients are served when some have gone.
func TestFileDescriptors(t *testing.T) {
	t.Parallel()
	prlimit, err := exec.LookPath("prlimit")
	if err != nil {
		t.Skip("no prlimit on this machine")
	}
	s := start(t, "", harness.WithLauncher(prlimit, "--nofile=64:64"))
	var conns []*harness.Conn
	for range 120 {
		c, err := harness.Open(s.Addr)
		if err != nil {
			continue // the queue of the listener is full as well
		}
		t.Cleanup(func() { _ = c.Close() })
		conns = append(conns, c)
	}
	time.Sleep(time.Second)
	if s.Exited() {
		t.Fatal("the server has ended")
	}
	if harness.Target() == harness.Natsd {
		if code, _, err := s.Get("/healthz"); err != nil || code != http.StatusOK {
			t.Errorf("monitoring while descriptors are used up: %d, %v", code, err)
		}
	}
	if lines := strings.Count(s.Log.String(), "\n"); lines > 400 {
		t.Errorf("the log has %d lines", lines)
	}
	for _, c := range conns {
		_ = c.Close()
	}
	began := time.Now()
	if !harness.Eventually(10*time.Second, func() bool { return serves(s) }) {
		t.Fatal("nobody is served after the descriptors are back")
	}
	took := time.Since(began)
	bounded(t, took <= 2*time.Second, "it took %v until a client was served again", took)
}

// serves reports whether a new client gets an answer to PING.
func serves(s *harness.Server) bool {
	c, err := harness.Open(s.Addr)
	if err != nil {
		return false
	}
	defer func() { _ = c.Close() }()
	if err := c.Send("CONNECT " + hello + "\r\nPING\r\n"); err != nil {
		return false
	}
	for {
		f, err := c.Next(time.Second)
		if err != nil {
			return false
		}
		if f.Verb == "PONG" {
			return true
		}
	}
}

// TestLogDiskFull: a log that cannot be written costs no client anything, monitoring stays green,
// and stderr tells it once.
func TestLogDiskFull(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full on this machine")
	}
	full := "/dev/full"
	if dir, ok := tinyDisk(t); ok {
		full = filepath.Join(dir, "natsd.log")
	}
	s := start(t, "debug: true\ntrace: true\nlog_file: \""+full+"\"", harness.WithLogElsewhere())
	for range 5 {
		c, _ := harness.Client(t, s.Addr, hello)
		c.MustSend(t, "SUB fill 1\r\n")
		for range 200 {
			c.MustSend(t, "PUB fill 200\r\n"+strings.Repeat("x", 200)+"\r\n")
			c.Expect(t, "MSG")
		}
	}
	if code, body, err := s.Get("/healthz"); err != nil || code != http.StatusOK {
		t.Errorf("healthz: %d %s %v", code, body, err)
	}
	healthy(t, s, hello)
	if harness.Target() == harness.Natsd {
		if lines := strings.Count(s.Log.String(), "\n"); lines == 0 || lines > 30 {
			t.Errorf("stderr has %d lines about the full disk:\n%s", lines, s.Log)
		}
	}
}

// tinyDisk mounts a file system of 256 KB; it needs root.
func tinyDisk(t *testing.T) (string, bool) {
	t.Helper()
	dir := t.TempDir()
	if err := exec.Command("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", dir).Run(); err != nil {
		return "", false
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", dir).Run() })
	return dir, true
}

// TestKilled: a killed server starts again at once beside what it left behind.
func TestKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pid := filepath.Join(dir, "natsd.pid")
	conf := fmt.Sprintf("pid_file: %q\nports_file_dir: %q", pid, dir)
	scope := harness.NewScope(t)
	for range soak(8, 500) {
		s := start(t, conf, harness.WithScope(scope))
		c, _ := harness.Client(t, s.Addr, hello)
		c.MustSend(t, "SUB x 1\r\n")
		text, err := os.ReadFile(pid)
		if err != nil || string(text) != strconv.Itoa(s.Pid()) {
			t.Fatalf("pid file: %q, %v; want %d", text, err, s.Pid())
		}
		if err := s.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if _, err := s.WaitExit(5 * time.Second); err != nil {
			t.Fatal(err)
		}
	}
}

// TestStopped: a process that was stopped for a while goes on where it was.
func TestStopped(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	c, _ := harness.Client(t, s.Addr, hello)
	c.MustSend(t, "SUB x 1\r\nPING\r\n")
	c.Expect(t, "PONG")
	if err := s.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	c.MustSend(t, "PUB x 2\r\nhi\r\n")
	time.Sleep(300 * time.Millisecond)
	if err := s.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if m := c.Expect(t, "MSG"); string(m.Body) != "hi" {
		t.Errorf("got %q", m.Body)
	}
}
