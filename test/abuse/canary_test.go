package abuse

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/nats-io/nkeys"

	"natsd/test/harness"
)

// canary begins every secret of these tests. Each has its own end, so that a finding names its
// source.
const canary = "CANARY0secret"

// endpoints are all paths of the monitoring port with everything switched on.
var endpoints = []string{
	"/", "/varz", "/connz?auth=1&subs=detail&state=all&limit=1000", "/routez?subs=1", "/gatewayz?accs=1", "/leafz?subs=1",
	"/subsz?subs=1", "/accountz", "/accountz?acc=A", "/accstatz?unused=1", "/jsz?config=1&accounts=1", "/healthz",
	"/debug/vars", "/stacksz", "/ipqueuesz", "/raftz", "/expvarz", "/metrics", "/metrics?detailed=1",
}

// TestCanary puts a known secret into every place that takes one and looks for it in the log with
// tracing, in every monitoring endpoint, in what clients are told, and in the files that natsd
// writes.
func TestCanary(t *testing.T) {
	t.Parallel()
	natsdOnly(t, "2.9.10 traces tokens")
	for name, c := range map[string]struct {
		conf  string
		args  []string
		env   []string
		login []string // CONNECT objects; the first must succeed
	}{
		"user": {
			conf:  `authorization { user: u, password: "` + canary + `1" }`,
			login: []string{`{"user":"u","pass":"` + canary + `1"}`, `{"user":"u","pass":"` + canary + `2"}`, `{"auth_token":"` + canary + `3"}`},
		},
		"token": {
			conf:  `authorization { token: "` + canary + `1" }`,
			login: []string{`{"auth_token":"` + canary + `1"}`, `{"auth_token":"` + canary + `2"}`, `{"user":"x","pass":"` + canary + `3"}`},
		},
		"accounts": {
			conf: `accounts { A { users: [ {user: a, password: "` + canary + `1"} ] }, SYS { users: [ {user: s, password: "` + canary + `2"} ] } }
system_account: SYS`,
			login: []string{`{"user":"a","pass":"` + canary + `1"}`, `{"user":"a","pass":"` + canary + `3","jwt":"` + canary + `4","sig":"` + canary + `5","proxy_sig":"` + canary + `6"}`},
		},
		"variables": {
			conf:  "SECRET = \"" + canary + "1\"\nauthorization { user: u, password: $SECRET }",
			login: []string{`{"user":"u","pass":"` + canary + `1"}`},
		},
		"environment": {
			conf:  "authorization { user: u, password: $NATSD_TEST_SECRET }",
			env:   []string{"NATSD_TEST_SECRET=" + canary + "1"},
			login: []string{`{"user":"u","pass":"` + canary + `1"}`},
		},
		"flags": {
			args:  []string{"--user", "u", "--pass", canary + "1"},
			login: []string{`{"user":"u","pass":"` + canary + `1"}`},
		},
		"token flag": {
			args:  []string{"--auth", canary + "1"},
			login: []string{`{"auth_token":"` + canary + `1"}`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			conf := fmt.Sprintf("debug: true\ntrace: true\npid_file: %q\nports_file_dir: %q\n%s", filepath.Join(dir, "pid"), dir, c.conf)
			s := start(t, conf, harness.WithArgs(c.args...), harness.WithEnv(c.env...))
			for i, login := range c.login {
				said := talk(t, s, login, i == 0)
				search(t, "what a client is told", said)
			}
			for _, path := range endpoints {
				_, body, err := s.Get(path)
				if err != nil {
					t.Errorf("%s: %v", path, err)
				}
				search(t, path, string(body))
			}
			searchFiles(t, dir)
			if _, err := s.Stop(); err != nil {
				t.Error(err)
			}
			if !strings.Contains(s.Log.String(), "[TRC]") {
				t.Error("the log was not traced: this test would see nothing")
			}
			search(t, "the log", s.Log.String())
		})
	}
}

// talk logs in and returns everything that the server said.
func talk(t *testing.T, s *harness.Server, connect string, good bool) string {
	t.Helper()
	connect = `{"verbose":false,` + connect[1:]
	c := harness.Dial(t, s.Addr)
	said := c.Expect(t, "INFO").Line
	// A second CONNECT and lines that are wrong give the server further chances to quote.
	c.MustSend(t, "CONNECT "+connect+"\r\nPING\r\n")
	if good {
		c.Expect(t, "PONG")
		c.MustSend(t, "SUB foo 1\r\nPING\r\nCONNECT "+connect+"x\r\n")
	}
	for _, f := range c.ExpectEOF(t, patience) {
		said += "\n" + f.Line
	}
	broken := harness.Dial(t, s.Addr)
	said += broken.Expect(t, "INFO").Line
	broken.MustSend(t, "CONNECT "+connect[:len(connect)-1]+"\r\n")
	for _, f := range broken.ExpectEOF(t, patience) {
		said += "\n" + f.Line
	}
	return said
}

func search(t *testing.T, where, text string) {
	t.Helper()
	for line := range strings.SplitSeq(text, "\n") {
		if at := strings.Index(line, canary); at >= 0 {
			t.Errorf("%s shows a secret: …%.200s", where, line[max(0, at-80):])
		}
	}
}

func searchFiles(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		search(t, "file "+e.Name(), string(text))
	}
}

// TestCanaryInErrors looks for secrets in what natsd says about configurations that are wrong near
// a secret: the report quotes source lines.
func TestCanaryInErrors(t *testing.T) {
	t.Parallel()
	natsdOnly(t, "no source lines are quoted")
	q := `"` + canary + `1"`
	for _, conf := range []string{
		`authorization { user: u, password: ` + q + `, nonsense: 1 }`,
		`authorization { user: u, token: ` + q + `, password: ` + q + ` }`,
		`authorization { users: [ {user: u, password: ` + q + `}, {user: u, password: ` + q + `} ] }`,
		`authorization { users: [ {nkey: ` + seed(t) + `} ] }`,
		`authorization { user: u, password: [` + q + `] }`,
		`authorization { user: u, password: ` + q + ` } }`,
		`authorization { user: u, password: ` + q,
		`authorization { user: u, pasword: ` + q + ` }`,
		`authorization { user: u, password: ` + canary + `1, timeout: x }`,
		`accounts { A { users: [ {user: u, password: ` + q + `, permissions: {publish: "a..b"}} ] } }`,
		`cluster { port: 0, routes: ["nats://u:` + canary + `1@host:bad"] }`,
		`cluster { port: 6222, authorization { user: r, password: ` + q + `, foo: 1 } }`,
		`leafnodes { remotes: [ {url: "nats://u:` + canary + `1@host:x y"} ] }`,
		"secret = " + q + "\nauthorization { user: u, password: $secrat }",
		`authorization { user: u, password: ` + q + `, permissions: 3 }`,
		`mqtt { port: 1883, authorization { username: u, password: ` + q + ` }, x: 1 }`,
		`websocket { port: 8080, authorization { token: ` + q + ` }, x: 1 }`,
		`authorization { user: u, password: "` + canary + "1\nx",
	} {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			out, _ := testConfig(t, conf)
			search(t, "-t of "+conf, out)
			if s := seedForm.FindString(out); s != "" {
				t.Errorf("-t of %s shows a seed: %s", conf, out)
			}
		})
	}
	t.Run("flags", func(t *testing.T) {
		t.Parallel()
		for _, args := range [][]string{
			{"--user", "u", "--pass", canary + "1", "--nonsense"},
			{"--auth", canary + "1", "--port", "x"},
			{"--routes", "nats://u:" + canary + "1@host:x y", "-t"},
			{"--cluster", "nats://u:" + canary + "1@host:x y"},
			{"--user", "u", "--auth", canary + "1", "--pass", canary + "2", "-p", "-7"},
		} {
			cmd := exec.Command(harness.Binary(t, harness.Natsd), args...) //nolint:gosec // the binary under test
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Errorf("%v was accepted", args)
			}
			search(t, fmt.Sprint(args), string(out))
		}
	})
}

var seedForm = regexp.MustCompile(`SU[A-Z2-7]{50,}`)

// seed returns the secret half of a user key.
func seed(t *testing.T) string {
	t.Helper()
	kp, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	s, err := kp.Seed()
	if err != nil {
		t.Fatal(err)
	}
	return string(s)
}

// TestLogInjection: text of a client cannot pretend to be a line of the log.
func TestLogInjection(t *testing.T) {
	t.Parallel()
	natsdOnly(t, "control characters pass in 2.9.10")
	for _, form := range []string{"", "log_format: json", "log_format: logfmt"} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			conf := "debug: true\ntrace: true\nauthorization { user: u, password: p }\n" + form
			var opts []harness.Option
			if form != "" {
				opts = append(opts, harness.WithLogElsewhere())
			}
			s := start(t, conf, opts...)
			evil := `x\n[1] 2026/01/01 00:00:00.000000 [INF] FORGED\r\u001b[31mRED\u0000\u009b`
			for _, connect := range []string{
				`{"verbose":false,"user":"u","pass":"p","name":"` + evil + `","lang":"` + evil + `","version":"` + evil + `"}`,
				`{"verbose":false,"user":"` + evil + `","pass":"p"}`,
			} {
				c := harness.Dial(t, s.Addr)
				c.Expect(t, "INFO")
				c.MustSend(t, "CONNECT "+connect+"\r\nPING\r\n")
				_, _ = c.Next(patience)
				_ = c.Send("SUB a\x1b[31m 1\r\nPUB \x07\x1b]0;x\x07 0\r\n\r\nNOTAVERB \x1b[2J\r\n")
				c.ExpectEOF(t, patience)
			}
			if _, err := s.Stop(); err != nil {
				t.Fatal(err)
			}
			for line := range strings.SplitSeq(s.Log.String(), "\n") {
				if strings.HasPrefix(line, "[1] 2026/01/01") {
					t.Errorf("a forged line stands in the log: %q", line)
				}
				if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f || r == 0x9b }) {
					t.Errorf("a control character stands in the log: %q", line)
				}
			}
		})
	}
}
