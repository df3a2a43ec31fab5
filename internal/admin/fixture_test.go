package admin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"natsd/internal/admin/api"
	"natsd/test/inside"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what has to come.
const patience = inside.Patience

// node is a running server with an admin socket.
type node struct {
	*inside.Node
	unix     *http.Client
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
	n := &node{Node: inside.StartWith(t, text, map[string]string{"NATSD_WATCH_ENABLED": "false"}, prepare)}
	n.unix = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", n.Socket)
	}}}
	n.stop = func() { n.unix.CloseIdleConnections(); n.Stop() }
	t.Cleanup(n.stop)
	var err error
	if n.contract, err = newContract(n.ask(http.MethodGet, "/openapi.json", nil).body); err != nil {
		t.Fatal(err)
	}
	return n
}

// log is what the server has written to its log.
func (n *node) log() string {
	n.TB.Helper()
	text, err := os.ReadFile(n.Log)
	if err != nil {
		n.TB.Fatal(err)
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
	n.TB.Helper()
	return n.askAt(n.unix, "http://natsd/api/v1", method, path, body, headers...)
}

func (n *node) askAt(client *http.Client, base, method, path string, body any, headers ...string) answer {
	n.TB.Helper()
	var r io.Reader
	text, isText := body.(string)
	switch {
	case isText:
		r = strings.NewReader(text)
	case body != nil:
		data, err := json.Marshal(body)
		if err != nil {
			n.TB.Fatal(err)
		}
		r = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(n.TB.Context(), method, base+path, r)
	if err != nil {
		n.TB.Fatal(err)
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
		n.TB.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		n.TB.Fatal(err)
	}
	a := answer{resp, data}
	if n.contract != nil {
		if err := n.contract.check(method, strings.SplitN(path, "?", 2)[0], a); err != nil {
			n.TB.Errorf("%s %s: %v\n%s", method, path, err, data)
		}
	}
	return a
}

// want checks the status and decodes the answer into v, if there is one.
func (n *node) want(a answer, status int, v any) {
	n.TB.Helper()
	if a.StatusCode != status {
		n.TB.Fatalf("%s %s: status %d, want %d: %s", a.Request.Method, a.Request.URL.Path, a.StatusCode, status, a.body)
	}
	if v == nil {
		return
	}
	reflect.ValueOf(v).Elem().SetZero()
	if err := json.Unmarshal(a.body, v); err != nil {
		n.TB.Fatalf("%s %s: %v: %s", a.Request.Method, a.Request.URL.Path, err, a.body)
	}
}

// problem checks that a request was refused with that code.
func (n *node) problem(a answer, code api.Code) *api.Problem {
	n.TB.Helper()
	p := &api.Problem{}
	n.want(a, code.Status(), p)
	if p.Code != code || a.Header.Get("Content-Type") != api.ProblemType || p.RequestID == "" || p.Instance != a.Request.URL.Path {
		n.TB.Errorf("%s %s: want code %s: %s", a.Request.Method, a.Request.URL.Path, code, a.body)
	}
	return p
}
