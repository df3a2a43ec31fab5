package reload

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"natsd/test/harness"
)

// TestLogMoves: from stderr to a file, to another one and back; each line is somewhere.
func TestLogMoves(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	one, two := filepath.Join(s.scope.Dir(), "one.log"), filepath.Join(s.scope.Dir(), "two.log")
	s.logs = []string{one, two}
	read := func(path string) string {
		text, _ := os.ReadFile(path) //nolint:errcheck // it may not be there
		return string(text)
	}
	c, _ := s.enter("")
	s.reload("log_file: '<dir>/one.log'")
	if text := read(one); !strings.Contains(text, "Reloaded: log_file = ") {
		t.Errorf("the first file says %q", text)
	}
	if !s.Log.WaitFor("Trapped", 1, patience) { // what comes through the pipe may be late
		t.Fatal("the signal is not in the log")
	}
	lines := strings.Count(s.Log.String(), "\n")
	s.reload("log_file: '<dir>/two.log'\nserver_name: x")
	if text := read(two); !strings.Contains(text, "Reloaded: server_name = x") {
		t.Errorf("the second file says %q", text)
	}
	s.reload("log_file: '<dir>/two.log'\nserver_name: x\nlog_format: json")
	all := strings.Split(strings.TrimSpace(read(two)), "\n")
	if last := all[len(all)-1]; !json.Valid([]byte(last)) || !strings.Contains(last, reloaded) {
		t.Errorf("the last line is %q", last)
	}
	s.reload("log_file: '<dir>/two.log'\nserver_name: x\nlog_format: logfmt")
	if text := read(two); !strings.Contains(text, `msg="Reloaded: log_format = logfmt"`) {
		t.Errorf("the second file says %q", text)
	}
	if now := strings.Count(s.Log.String(), "\n"); now != lines {
		t.Errorf("%d lines on stderr while the log is elsewhere:\n%s", now-lines, s.Log.String())
	}
	s.reload("log_size_limit: 0\nlog_max_num: 3")
	if !strings.Contains(s.Log.String(), "Reloaded: log_file removed") {
		t.Errorf("stderr says %s", s.Log.String())
	}
	served(t, c)
}

// TestLogLevelsFollow: debug, trace and levels of modules, at once.
func TestLogLevelsFollow(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	c, _ := s.enter("")
	// The lines come through a pipe: one that is awaited may take a moment, one that is not gets one.
	says := func(what string, want bool) bool {
		t.Helper()
		before := s.Log.Count(what)
		c.MustSend(t, "SUB x 1\r\nUNSUB 1\r\n")
		served(t, c)
		s.enter("")
		patience := 5 * time.Second
		if !want {
			patience = 100 * time.Millisecond
		}
		return harness.Eventually(patience, func() bool { return s.Log.Count(what) > before })
	}
	for _, tt := range []struct {
		text         string
		debug, trace bool
	}{
		{"debug: true", true, false},
		{"debug: true\ntrace: true", true, true},
		{"trace: true", false, true},
		{"log_levels { client: debug }", true, false},
		{"log_levels { client: trace }", true, true},
		{"debug: true\ntrace: true\nlog_levels { client: info }", false, false},
		{"", false, false},
	} {
		s.reload(tt.text)
		if debug := says("Client connection created", tt.debug); debug != tt.debug {
			t.Errorf("%q: debug lines %v", tt.text, debug)
		}
		if trace := says("<<- [SUB x 1]", tt.trace); trace != tt.trace {
			t.Errorf("%q: trace lines %v", tt.text, trace)
		}
	}
}

// TestLogThatCannotBeOpened is refused before anything has changed.
func TestLogThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	const users = "authorization { users: [ {user: a, password: p} ] }\n"
	s := start(t, users)
	c, _ := s.enter(user("a", "p"))
	for _, text := range []string{
		"log_file: '<dir>/missing/x.log'",
		"log_file: '<dir>'",
		"remote_syslog: 'tcp://127.0.0.1:<dead_port>'",
	} {
		err := s.try("authorization { users: [ {user: b, password: p} ] }\nserver_name: half\nmax_payload: 100\nprof_port: <prof_port>\npid_file: '<dir>/x.pid'\n" + text)
		if err == nil {
			t.Errorf("%s is accepted", text)
		}
		served(t, c)
		if name := s.varz("server_name"); name == "half" {
			t.Error("half of a refused configuration is in force")
		}
		if get(s.scope.Addr("prof_port"), "/debug/pprof/") != 0 {
			t.Error("the profile port is open")
		}
		if _, err := os.Stat(filepath.Join(s.scope.Dir(), "x.pid")); err == nil {
			t.Error("the pid file is there")
		}
		s.enter(user("a", "p"))
	}
	s.logs = []string{filepath.Join(s.scope.Dir(), "x.log")}
	s.reload(users + "log_file: '<dir>/x.log'\nserver_name: whole")
}
