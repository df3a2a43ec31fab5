package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"natsd/internal/admin/api"
	"natsd/internal/ctl/client"
)

// dial makes a client of an address.
func dial(t *testing.T, address string, o client.Options) *client.Client {
	t.Helper()
	target, err := client.ParseTarget(address)
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(target, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// serve runs a server on a unix socket and returns its path.
func serve(t *testing.T, dir, name string, h http.HandlerFunc) string {
	t.Helper()
	path := filepath.Join(dir, name)
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(h)
	s.Listener = ln
	s.Start()
	t.Cleanup(s.Close)
	return path
}

func TestParseTarget(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"/run/natsd/admin.sock":        "unix:///run/natsd/admin.sock",
		"unix:/run/x.sock":             "unix:///run/x.sock",
		"./admin.sock":                 "unix://./admin.sock",
		"unix:///run/natsd/admin.sock": "unix:///run/natsd/admin.sock",
		"127.0.0.1:8223":               "http://127.0.0.1:8223",
		"http://h:1/":                  "http://h:1",
		"https://[::1]:8223/nats/?x=1": "https://[::1]:8223/nats",
		"":                             "",
		"unix://":                      "",
		"nats://h:4222":                "",
		"http://":                      "",
		"http://u:secret@h":            "",
		"http://%zz":                   "",
	} {
		target, err := client.ParseTarget(text)
		if got := target.String(); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v, want %q", text, got, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error tells the password: %v", text, err)
		}
	}
}

func TestRequestOverSocket(t *testing.T) {
	t.Parallel()
	path := serve(t, t.TempDir(), "admin.sock", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_ = json.NewEncoder(w).Encode(map[string]string{
			"request": r.Method + " " + r.URL.String(), "host": r.Host, "token": r.Header.Get("Authorization"),
			"type": r.Header.Get("Content-Type"), "body": string(body),
		})
	})
	c := dial(t, path, client.Options{Token: "ndt_x"})
	var got map[string]string
	err := c.JSON(context.Background(), client.Request{
		Method: http.MethodPost, Path: "/connections/kick", Query: url.Values{"a": {"b c"}}, Body: map[string]int{"cid": 7},
	}, &got)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"request": "POST /api/v1/connections/kick?a=b+c", "host": "localhost", "token": "Bearer ndt_x",
		"type": "application/json", "body": `{"cid":7}`,
	}
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s: %q, want %q", k, got[k], v)
		}
	}
}

func TestProblem(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/v1/typed":
			w.Header().Set("Content-Type", api.ProblemType+"; charset=utf-8")
			w.WriteHeader(http.StatusConflict)
			_ = json.NewEncoder(w).Encode(api.Problemf(api.ReloadInProgress, "busy"))
		case "/api/v1/text":
			http.Error(w, "out of paper", http.StatusBadGateway)
		default:
			http.NotFound(w, r)
		}
	}))
	defer s.Close()
	c := dial(t, s.URL, client.Options{})
	r, err := c.Do(context.Background(), client.Request{Path: "/typed"})
	if p, ok := client.AsProblem(err); !ok || p.Code != api.ReloadInProgress || p.Error() != "busy" || r == nil || r.Status != http.StatusConflict {
		t.Errorf("typed: %v, %v", r, err)
	}
	_, err = c.Do(context.Background(), client.Request{Path: "/text"})
	if p, ok := client.AsProblem(err); !ok || p.Status != http.StatusBadGateway || p.Error() != "out of paper" {
		t.Errorf("text: %v", err)
	}
	var none *client.NoAPIError
	if _, err = c.Do(context.Background(), client.Request{Path: "/other"}); !errors.As(err, &none) {
		t.Errorf("other: %v", err)
	}
	if _, err = c.Open(context.Background(), client.Request{Path: "/typed"}); err == nil {
		t.Error("a stream that was refused is open")
	}
}

// A token is a password: it goes nowhere where others can read it.
func TestTokenStaysPrivate(t *testing.T) {
	t.Parallel()
	target, err := client.ParseTarget("http://192.0.2.1:8223")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.New(target, client.Options{Token: "canary"}); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("a token in clear: %v", err)
	}
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	defer other.Close()
	s := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer s.Close()
	if _, err := dial(t, s.URL, client.Options{Token: "canary"}).Do(context.Background(), client.Request{Path: "/x"}); err == nil {
		t.Error("no error for a redirect to another server")
	}
}

func TestNoAnswer(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer s.Close()
	defer close(release)
	var connect *client.ConnectError
	_, err := dial(t, s.URL, client.Options{Timeout: 50 * time.Millisecond}).Do(context.Background(), client.Request{Path: "/x"})
	if !errors.As(err, &connect) || !strings.Contains(err.Error(), "in time") {
		t.Errorf("silence: %v", err)
	}
	_, err = dial(t, "unix://"+filepath.Join(t.TempDir(), "none.sock"), client.Options{}).Do(context.Background(), client.Request{Path: "/x"})
	if !errors.As(err, &connect) {
		t.Errorf("no socket: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err = dial(t, s.URL, client.Options{}).Do(ctx, client.Request{Path: "/x"}); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
}

func TestMonitoringPortIsReadOnly(t *testing.T) {
	t.Parallel()
	var path string
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { path = r.URL.Path }))
	defer s.Close()
	target, err := client.ParseTarget(s.URL + "/base")
	if err != nil {
		t.Fatal(err)
	}
	target.Monitor = true
	c, err := client.New(target, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Do(context.Background(), client.Request{Path: "/kick"}); !errors.Is(err, client.ErrReadOnly) {
		t.Errorf("kick: %v", err)
	}
	if _, err := c.Do(context.Background(), client.Request{Path: "/varz", Monitor: true}); err != nil || path != "/base/varz" {
		t.Errorf("varz: %q, %v", path, err)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	ok := func(http.ResponseWriter, *http.Request) {}
	first, second := t.TempDir(), t.TempDir()
	none := client.Places{Folders: []string{first, second}, API: "http://127.0.0.1:1", Monitor: "http://127.0.0.1:1"}
	var connect *client.ConnectError
	if _, err := client.Find(context.Background(), none); !errors.As(err, &connect) {
		t.Errorf("nothing: %v", err)
	}

	web := httptest.NewServer(http.HandlerFunc(ok))
	defer web.Close()
	monitor := none
	monitor.Monitor = web.URL
	if got, err := client.Find(context.Background(), monitor); err != nil || !got.Monitor || got.String() != web.URL {
		t.Errorf("monitoring port: %v, %v", got, err)
	}
	tcp := monitor
	tcp.API = web.URL
	if got, err := client.Find(context.Background(), tcp); err != nil || got.Monitor {
		t.Errorf("admin port: %v, %v", got, err)
	}

	// A socket that nobody listens at any more is none.
	dead, err := net.Listen("unix", filepath.Join(first, "admin.sock"))
	if err != nil {
		t.Fatal(err)
	}
	dead.(*net.UnixListener).SetUnlinkOnClose(false)
	_ = dead.Close()
	path := serve(t, second, "admin.sock", ok)
	if got, err := client.Find(context.Background(), tcp); err != nil || got.String() != "unix://"+path {
		t.Errorf("socket: %v, %v", got, err)
	}
	serve(t, second, "admin-4333.sock", ok)
	var several *client.SeveralError
	if _, err := client.Find(context.Background(), tcp); !errors.As(err, &several) || len(several.Found) != 2 ||
		!strings.Contains(err.Error(), "--server unix://"+path) {
		t.Errorf("two sockets: %v", err)
	}
}
