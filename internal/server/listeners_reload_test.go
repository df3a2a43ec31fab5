package server

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"natsd/internal/reload"
)

// page returns the status of a page, 0 with an error.
func page(url string) (int, error) {
	c := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Get(url)
	if err != nil {
		return 0, err
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, resp.Body.Close()
}

// TestMonitoringMovesQuietly: idle and busy connections of the old listener do not hold up anything,
// nothing is left of it, and nobody calls that an error.
func TestMonitoringMovesQuietly(t *testing.T) {
	t.Parallel()
	conf := "http: '127.0.0.1:%d'\nprof_port: %d\n"
	l := serve(t, fmt.Sprintf(conf, -1, -1))
	for range 10 {
		old := l.MonitorAddr().String()
		idle := &http.Client{Transport: &http.Transport{}}
		resp, err := idle.Get("http://" + old + "/varz")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close() // and the connection is kept
		l.reloadTo(t, fmt.Sprintf(conf, free(t), free(t)))
		if c, err := net.Dial("tcp", old); err == nil {
			_ = c.Close()
			t.Error("the old listener is there still")
		}
		if code, err := page("http://" + l.MonitorAddr().String() + "/varz"); code != http.StatusOK {
			t.Error(code, err)
		}
		idle.CloseIdleConnections()
	}
	for until := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if n := l.tasks.Counts(); n["monitor"] == 1 && n["profile"] == 1 {
			break
		}
		if time.Now().After(until) {
			t.Fatalf("listeners of the past: %v", l.tasks.Counts())
		}
	}
	if text := string(must(os.ReadFile(l.dir + "/natsd.log"))); strings.Contains(text, "[ERR]") {
		t.Errorf("errors in the log:\n%s", text)
	}
}

// TestSocketsTradePlaces moves sockets to ports that others of the same server leave in the same reload,
// and back again.
func TestSocketsTradePlaces(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skip("ports cannot be shared")
	}
	one, two, three := free(t), free(t), free(t)
	conf := func(client, web, prof int) string {
		return fmt.Sprintf("host: 127.0.0.1\nport: %d\nhttp: '127.0.0.1:%d'\nprof_port: %d\nlog_file: '<dir>/natsd.log'\n", client, web, prof)
	}
	l, err := begin(t.TempDir(), conf(one, two, three))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.end() }()
	for _, p := range [][3]int{{two, one, three}, {two, three, one}, {one, two, three}, {one, two, three}} {
		if _, err := l.try(conf(p[0], p[1], p[2])); err != nil {
			t.Fatal(err)
		}
		c := must(net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", p[0])))
		if line, err := bufio.NewReader(c).ReadString('\n'); !strings.HasPrefix(line, "INFO ") {
			t.Errorf("client port: %q, %v", line, err)
		}
		_ = c.Close()
		for port, path := range map[int]string{p[1]: "varz", p[2]: "debug/pprof/"} {
			if code, err := page(fmt.Sprintf("http://127.0.0.1:%d/%s", port, path)); code != http.StatusOK {
				t.Errorf("%s: %d, %v", path, code, err)
			}
		}
		for _, port := range p {
			if ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
				_ = ln.Close()
				t.Errorf("port %d can be had by others", port)
			}
		}
	}
}

// TestRefusedMoveLeavesSocketsAlone: one socket finds its place, the next does not.
func TestRefusedMoveLeavesSocketsAlone(t *testing.T) {
	t.Parallel()
	taken := must(net.Listen("tcp", "127.0.0.1:0"))
	defer func() { _ = taken.Close() }()
	busy := taken.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it is TCP
	l := serve(t, "http: '127.0.0.1:-1'")
	client, web, wanted := l.ClientAddr().String(), l.MonitorAddr().String(), free(t)
	report, err := l.try(fmt.Sprintf("host: 127.0.0.1\nport: %d\nlog_file: '<dir>/other.log'\nhttp: '127.0.0.1:%d'\n", wanted, busy))
	if err == nil || !strings.Contains(err.Error(), "address already in use") || report.Result != reload.Refused {
		t.Fatalf("%v, %v", report.Result, err)
	}
	if l.ClientAddr().String() != client || l.MonitorAddr().String() != web {
		t.Error("a socket has moved")
	}
	if ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", wanted)); err != nil {
		t.Error("the port that was wanted is held:", err)
	} else {
		_ = ln.Close()
	}
	if _, err := os.Stat(l.dir + "/other.log"); err == nil {
		t.Error("the log file that was wanted is there")
	}
	must(net.Dial("tcp", client)).Close()
}

// TestHTTPSGoes: those who come to the https port while TLS is taken away are turned away in order.
func TestHTTPSGoes(t *testing.T) {
	t.Parallel()
	secure := "allow_auth_removal: true\ntls {\n" + tlsBlock(t) + "}\nhttps: '127.0.0.1:-1'\n"
	l := serve(t, secure)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			if a := l.MonitorAddr(); a != nil {
				if c, err := tls.Dial("tcp", a.String(), &tls.Config{InsecureSkipVerify: true}); err == nil { //nolint:gosec // who answers does not matter here
					_ = c.Close()
				}
			}
		}
	}()
	for range 10 {
		l.reloadTo(t, "allow_auth_removal: true\nhttp: '127.0.0.1:-1'\n")
		l.reloadTo(t, secure)
	}
	cancel()
	<-done
	if text := string(must(os.ReadFile(l.dir + "/natsd.log"))); strings.Contains(text, "panic") {
		t.Errorf("a panic:\n%s", text)
	}
}
