package monitor

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"natsd/internal/task"
)

// serve runs h on ln until the test ends or the returned function is called, which gives the outcome.
func serve(t *testing.T, h http.Handler, ln net.Listener) (stop func() error) {
	t.Helper()
	group := task.New(t.Context(), nil)
	srv := NewServer(h, slog.New(slog.DiscardHandler))
	outcome := make(chan error, 1)
	group.Go("monitor", func(ctx context.Context) { outcome <- srv.Serve(ctx, ln) })
	stop = func() error {
		group.Stop()
		group.Wait()
		return <-outcome
	}
	return stop
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

func fetch(t *testing.T, client *http.Client, url string) string {
	t.Helper()
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestServeAndStop(t *testing.T) {
	t.Parallel()
	ln := listen(t)
	stop := serve(t, Handler(newCollector(newFake()), ""), ln)
	url := "http://" + ln.Addr().String()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	if body := fetch(t, client, url+"//healthz"); body != `{"status":"ok"}` {
		t.Errorf("body %q", body)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if _, err := client.Get(url); err == nil {
		t.Error("still answers")
	}
}

// TestStopWaitsForRequests sees that an answer under way is finished.
func TestStopWaitsForRequests(t *testing.T) {
	t.Parallel()
	ln := listen(t)
	started, release := make(chan struct{}), make(chan struct{})
	stop := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(started)
		<-release
		_, _ = io.WriteString(w, "done")
	}), ln)
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	group := task.New(t.Context(), nil)
	body := make(chan string, 1)
	group.Go("get", func(context.Context) { body <- fetch(t, client, "http://"+ln.Addr().String()) })
	<-started
	stopped := make(chan error, 1)
	group.Go("stop", func(context.Context) { stopped <- stop() })
	select {
	case <-stopped:
		t.Error("stopped before the request was done")
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	if got := <-body; got != "done" {
		t.Errorf("body %q", got)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	group.Wait()
}

func TestServeReportsListenerFailure(t *testing.T) {
	t.Parallel()
	ln := listen(t)
	_ = ln.Close()
	srv := NewServer(http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	if err := srv.Serve(t.Context(), ln); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestServeAfterEnd(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ln := listen(t)
	if err := NewServer(http.NotFoundHandler(), slog.New(slog.DiscardHandler)).Serve(ctx, ln); err != nil {
		t.Error(err)
	}
	if conn, err := net.Dial("tcp", ln.Addr().String()); err == nil {
		_ = conn.Close()
		t.Error("the listener is still open")
	}
}

// TestHTTPS uses a client listener's configuration that demands certificates, and its reload.
func TestHTTPS(t *testing.T) {
	t.Parallel()
	first, second := certificate(t, "first"), certificate(t, "second")
	var handshakes int
	current := func() *tls.Config {
		handshakes++
		cert := first
		if handshakes > 1 {
			cert = second
		}
		return &tls.Config{
			Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequireAndVerifyClientCert,
			VerifyConnection: func(tls.ConnectionState) error { return errors.New("no certificate") },
		}
	}
	ln := listen(t)
	stop := serve(t, Handler(newCollector(newFake()), ""), tls.NewListener(ln, HTTPSConfig(current)))
	for _, want := range []string{"first", "second"} {
		transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
		resp, err := (&http.Client{Transport: transport}).Get("https://" + ln.Addr().String() + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		if got := resp.TLS.PeerCertificates[0].Subject.CommonName; got != want || resp.StatusCode != 200 {
			t.Errorf("certificate of %s, status %d", got, resp.StatusCode)
		}
		_ = resp.Body.Close()
		transport.CloseIdleConnections()
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func certificate(t *testing.T, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	template.Subject.CommonName = name
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestProfileHandler(t *testing.T) {
	t.Parallel()
	h := ProfileHandler()
	for path, want := range map[string]string{
		"/debug/pprof/":                  "goroutine",
		"/debug/pprof/goroutine?debug=1": "goroutine profile:",
		"/debug/pprof/heap?debug=1":      "heap profile:",
		"/debug/pprof/cmdline":           "monitor",
	} {
		if w := get(t, h, "GET", path); w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: status %d", path, w.Code)
		}
	}
	if w := get(t, h, "GET", "/varz"); w.Code != 404 {
		t.Errorf("/varz: status %d", w.Code)
	}
}

func TestErrorsAreLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	srv := NewServer(http.NotFoundHandler(), slog.New(slog.NewTextHandler(&log, nil)))
	srv.http.ErrorLog.Print("http: trouble")
	if !strings.Contains(log.String(), "http: trouble") {
		t.Error(log.String())
	}
}
