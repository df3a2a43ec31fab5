package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

// screen collects what a program draws.
type screen struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

// wait returns when a text has been drawn, and forgets everything up to it.
func (s *screen) wait(t *testing.T, want string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		s.mu.Lock()
		text := s.text.String()
		if i := strings.Index(text, want); i >= 0 {
			s.text.Reset()
			s.text.WriteString(text[i+len(want):])
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		if time.Now().After(deadline) {
			t.Fatalf("%q was not drawn; there is %q", want, text)
		}
	}
}

// terminal runs natsctl in a pseudo terminal of 80 by 24 cells.
func terminal(t *testing.T, args ...string) (*os.File, *screen, *exec.Cmd) {
	t.Helper()
	return terminalEnv(t, nil, args...)
}

func terminalEnv(t *testing.T, env []string, args ...string) (*os.File, *screen, *exec.Cmd) {
	t.Helper()
	cmd := exec.Command("natsctl", args...)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "XDG_CONFIG_HOME="+t.TempDir(), "NO_COLOR=1", "COLUMNS=")
	cmd.Env = append(cmd.Env, env...)
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Skip("no pseudo terminal: ", err)
	}
	out := &screen{}
	done := make(chan struct{})
	go func() { //nolint:forbidigo // a test
		_, _ = io.Copy(out, tty)
		close(done)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = tty.Close()
		<-done
	})
	return tty, out, cmd
}

func topServer(t *testing.T) *listener {
	t.Helper()
	return listen(t, func(w http.ResponseWriter, r *http.Request) {
		now := time.Now().UTC()
		path := strings.TrimPrefix(r.URL.Path, "/api/v1")
		var out any
		switch {
		case r.Method == http.MethodDelete:
			w.WriteHeader(http.StatusNoContent)
			return
		case path == "/varz":
			out = map[string]any{"server_id": "NID", "server_name": "pty-server", "version": "2.14.5", "now": now, "uptime": "1m0s", "connections": 2, "max_connections": 10, "in_msgs": now.Unix()}
		case path == "/connz":
			out = map[string]any{"total": 2, "connections": []map[string]any{
				{"cid": 7, "name": "quiet-one", "ip": "10.0.0.1", "port": 1}, {"cid": 8, "name": "loud-one", "ip": "10.0.0.2", "port": 2, "out_bytes": 1 << 30},
			}}
		case path == "/accstatz":
			out = map[string]any{"account_statz": []map[string]any{{"acc": "ACC_OF_PTY", "conns": 2}}}
		}
		_ = json.NewEncoder(w).Encode(out)
	})
}

// top on a terminal: it draws, takes keys, kicks after a question, follows a new size, and leaves the
// terminal as it was.
func TestTopOnATerminal(t *testing.T) {
	t.Parallel()
	l := topServer(t)
	tty, out, cmd := terminal(t, "top", "-s", l.URL, "-d", "200ms", "--sort", "bytes_to")
	out.wait(t, "\x1b[?1049h") // the other screen
	out.wait(t, "pty-server")
	out.wait(t, "loud-one")
	out.wait(t, "quiet-one")
	_, _ = io.WriteString(tty, "k")
	out.wait(t, "kick connection 8")
	_, _ = io.WriteString(tty, "y")
	out.wait(t, "was ended")
	_, _ = io.WriteString(tty, "3")
	out.wait(t, "ACC_OF_PTY")
	_, _ = io.WriteString(tty, "2")
	out.wait(t, "quiet-one")
	if err := pty.Setsize(tty, &pty.Winsize{Rows: 30, Cols: 120}); err != nil {
		t.Fatal(err)
	}
	out.wait(t, "loud-one") // everything is drawn again
	_, _ = io.WriteString(tty, "q")
	out.wait(t, "\x1b[?1049l") // the screen from before
	if err := cmd.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
	kicks := 0
	for _, r := range l.seen() {
		if strings.HasPrefix(r, "DELETE /connections/8") {
			kicks++
		}
	}
	if kicks != 1 {
		t.Errorf("%d kicks in %v", kicks, l.seen())
	}
}

// A question on a terminal: no is the answer of who says nothing.
func TestQuestionOnATerminal(t *testing.T) {
	t.Parallel()
	for answer, kicked := range map[string]bool{"\n": false, "n\n": false, "y\n": true} {
		l := listen(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"matched":3,"kicked":3}`)) })
		tty, out, cmd := terminal(t, "kick", "--account", "APP", "-s", l.URL)
		out.wait(t, "Kick 3 connections? [y/N]")
		_, _ = io.WriteString(tty, answer)
		err := cmd.Wait()
		var exit *exec.ExitError
		if errors.As(err, &exit) == kicked {
			t.Errorf("%q: %v", answer, err)
		}
		if n := len(l.seen()); (n == 2) != kicked {
			t.Errorf("%q: %d requests", answer, n)
		}
	}
}

func TestTopAsText(t *testing.T) {
	t.Parallel()
	l := topServer(t)
	got := try(t, "top", "-n", "1", "--sort", "bytes_to", "-s", l.URL)
	if got.code != exitOK || !strings.Contains(got.out, "pty-server") || strings.Index(got.out, "loud-one") > strings.Index(got.out, "quiet-one") {
		t.Errorf("%+v", got)
	}
	got = try(t, "top", "-n", "1", "--csv", "-s", l.URL)
	if got.code != exitOK || !strings.Contains(got.out, ",7,quiet-one,") {
		t.Errorf("%+v", got)
	}
	file := t.TempDir() + "/rec"
	if got = try(t, "top", "-n", "2", "-d", "100ms", "--record", file, "-s", l.URL); got.code != exitOK {
		t.Errorf("%+v", got)
	}
	if got = try(t, "top", "-n", "1", "--view", "accounts", "--replay", file); got.code != exitOK || !strings.Contains(got.out, "ACC_OF_PTY") {
		t.Errorf("%+v", got)
	}
	for args, want := range map[string]string{"top --sort reason": "unknown key", "top --view x": "no view", "top -n -1": "negative", "top -d 1ms": "at least", "top --limit 0": "at least"} {
		if got := try(t, strings.Fields(args)...); got.code != exitUsage || !strings.Contains(got.err, want) {
			t.Errorf("%s: %+v", args, got)
		}
	}
}

// String is what is left of what was drawn.
func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
