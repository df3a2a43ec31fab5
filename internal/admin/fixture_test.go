package admin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"natsd/internal/admin/api"
	"natsd/internal/config"
	"natsd/internal/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what has to come.
const patience = 20 * time.Second

// node is a running server with an admin socket.
type node struct {
	*server.Server
	t    testing.TB
	dir  string
	conf string // path of the configuration file
	unix *http.Client

	contract *contract
	stop     func() // and wait for the end; once at most
}

// start serves a configuration; "<dir>" in it stands for a folder of the test. The server listens on
// free ports, and its file is not watched, unless the text says otherwise.
func start(t testing.TB, text string) *node {
	t.Helper()
	return startWith(t, text, func(string) {})
}

// uid is the user of the test.
func uid() string { return strconv.Itoa(os.Getuid()) }

// startWith is start for a server that finds something in its folder.
func startWith(t testing.TB, text string, prepare func(dir string)) *node {
	t.Helper()
	dir, err := os.MkdirTemp("", "natsd") // short enough for the name of a socket
	if err != nil {
		t.Fatal(err)
	}
	n := &node{t: t, dir: dir, conf: filepath.Join(dir, "natsd.conf")}
	n.write(text)
	prepare(dir)
	socket := filepath.Join(dir, "a.sock")
	src := config.Source{Path: n.conf, Environ: map[string]string{
		"NATSD_WATCH_ENABLED": "false", "NATSD_HOST": "127.0.0.1", "NATSD_PORT": "-1", "NATSD_ADMIN_UNIX": socket,
		"NATSD_LOG_FILE": filepath.Join(dir, "log"),
	}}
	o, report := config.Load(src)
	if o == nil {
		t.Fatal(report.Err())
	}
	if n.Server, err = server.New(o, server.WithSource(src)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	n.unix = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	n.stop = sync.OnceFunc(func() {
		n.unix.CloseIdleConnections()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		n.stop()
		_ = os.RemoveAll(dir)
	})
	select {
	case <-n.Ready():
	case err := <-ended:
		ended <- err
		t.Fatal("ended at its start")
	}
	if n.contract, err = newContract(n.ask(http.MethodGet, "/openapi.json", nil).body); err != nil {
		t.Fatal(err)
	}
	return n
}

// write replaces the configuration file.
func (n *node) write(text string) {
	n.t.Helper()
	if err := os.WriteFile(n.conf, []byte(strings.ReplaceAll(text, "<dir>", n.dir)), 0o600); err != nil {
		n.t.Fatal(err)
	}
}

// log is what the server has written to its log.
func (n *node) log() string {
	n.t.Helper()
	text, err := os.ReadFile(filepath.Join(n.dir, "log"))
	if err != nil {
		n.t.Fatal(err)
	}
	return string(text)
}

// answer is what came back.
type answer struct {
	*http.Response
	body []byte
}

// ask sends a request over the unix socket. Body is sent as JSON, unless it is text: then with the
// Content-Type among the headers, which are pairs of name and value.
func (n *node) ask(method, path string, body any, headers ...string) answer {
	n.t.Helper()
	return n.askAt(n.unix, "http://natsd/api/v1", method, path, body, headers...)
}

func (n *node) askAt(client *http.Client, base, method, path string, body any, headers ...string) answer {
	n.t.Helper()
	var r io.Reader
	text, isText := body.(string)
	switch {
	case isText:
		r = strings.NewReader(text)
	case body != nil:
		data, err := json.Marshal(body)
		if err != nil {
			n.t.Fatal(err)
		}
		r = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(n.t.Context(), method, base+path, r)
	if err != nil {
		n.t.Fatal(err)
	}
	if body != nil && !isText {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
	}
	resp, err := client.Do(req)
	if err != nil {
		n.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		n.t.Fatal(err)
	}
	a := answer{resp, data}
	if n.contract != nil {
		if err := n.contract.check(method, strings.SplitN(path, "?", 2)[0], a); err != nil {
			n.t.Errorf("%s %s: %v\n%s", method, path, err, data)
		}
	}
	return a
}

// want checks the status and decodes the answer into v, if there is one.
func (n *node) want(a answer, status int, v any) {
	n.t.Helper()
	if a.StatusCode != status {
		n.t.Fatalf("%s %s: status %d, want %d: %s", a.Request.Method, a.Request.URL.Path, a.StatusCode, status, a.body)
	}
	if v == nil {
		return
	}
	reflect.ValueOf(v).Elem().SetZero()
	if err := json.Unmarshal(a.body, v); err != nil {
		n.t.Fatalf("%s %s: %v: %s", a.Request.Method, a.Request.URL.Path, err, a.body)
	}
}

// problem checks that a request was refused with that code.
func (n *node) problem(a answer, code api.Code) *api.Problem {
	n.t.Helper()
	p := &api.Problem{}
	n.want(a, code.Status(), p)
	if p.Code != code || a.Header.Get("Content-Type") != api.ProblemType || p.RequestID == "" || p.Instance != a.Request.URL.Path {
		n.t.Errorf("%s %s: want code %s: %s", a.Request.Method, a.Request.URL.Path, code, a.body)
	}
	return p
}
