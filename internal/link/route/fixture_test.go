package route

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"natsd/internal/auth"
	"natsd/internal/broker"
	"natsd/internal/config"
	"natsd/internal/conn"
	"natsd/internal/task"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long something may take that should take no time.
const patience = 10 * time.Second

type quiet struct{}

func (quiet) DebugOn() bool { return false }
func (quiet) TraceOn() bool { return false }

// host is a link with all that it works with, and no listener.
type host struct {
	*Link

	account *broker.Account
	clients *conn.Registry
}

// newHost makes a link of a configuration; the cluster block is in conf.
func newHost(tb testing.TB, conf string) *host {
	tb.Helper()
	b := broker.New()
	clients := conn.NewRegistry(10, nil)
	tasks := task.New(context.Background(), nil)
	h := &host{account: b.Open("$G"), clients: clients}
	b.Open("$SYS")
	b.Open("ACC")
	h.Link = New(Setup{
		Broker: b, Registry: clients.Beside(10, nil), Clients: clients, Tasks: tasks,
		Log: slog.New(slog.DiscardHandler), Tracer: quiet{}, ID: "NOWN", Auth: servers(tb), Told: func() {},
	})
	h.reload(tb, conf)
	tb.Cleanup(func() {
		h.Stop()
		tasks.Stop()
		tasks.Wait()
	})
	return h
}

// servers decides about other servers.
func servers(tb testing.TB) *auth.Servers {
	tb.Helper()
	a, err := auth.New(&config.Options{}, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return a.Servers()
}

// reload puts a configuration in force.
func (h *host) reload(tb testing.TB, conf string) {
	tb.Helper()
	h.Follow(context.Background(), h.Apply(settings(tb, conf)))
}

// settings are those of a configuration.
func settings(tb testing.TB, conf string) *Settings {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "natsd.conf")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		tb.Fatal(err)
	}
	o, report := config.Load(config.Source{Path: file})
	if o == nil {
		tb.Fatal(report.Err())
	}
	set, err := NewSettings(o, &Identity{ID: "NOWN", Name: "own", Version: "1", Go: "go", ConnectURLs: []string{"127.0.0.1:4222"}}, 6222)
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

// far is the other end of a route.
type far struct {
	net.Conn

	tb testing.TB
	r  *bufio.Reader
}

// accept gives the link a connection and returns the other end of it.
func (h *host) accept(tb testing.TB) *far {
	tb.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		tb.Fatal(err)
	}
	sock, err := ln.Accept()
	if err != nil {
		tb.Fatal(err)
	}
	h.Tasks.Go("route", func(ctx context.Context) { h.Serve(ctx, sock, func() {}) })
	tb.Cleanup(func() { _ = c.Close() })
	return &far{Conn: c, tb: tb, r: bufio.NewReader(c)}
}

// say sends lines.
func (w *far) say(lines ...string) {
	w.tb.Helper()
	_ = w.SetWriteDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(w, strings.Join(lines, "\r\n")+"\r\n"); err != nil {
		w.tb.Fatal(err)
	}
}

// hear returns the next line.
func (w *far) hear() (string, error) {
	_ = w.SetReadDeadline(time.Now().Add(patience))
	line, err := w.r.ReadString('\n')
	return strings.TrimRight(line, " \r\n"), err
}

// want fails the test unless the next line, but for PINGs, begins with text.
func (w *far) want(text string) string {
	w.tb.Helper()
	for {
		line, err := w.hear()
		if line == "PING" && text != "PING" {
			w.say("PONG")
			continue
		}
		if err != nil || !strings.HasPrefix(line, text) {
			w.tb.Fatalf("got %q, %v, want %q", line, err, text)
		}
		return line
	}
}

const (
	connectLine = `CONNECT {"verbose":false,"headers":true,"name":"NPEER","cluster":"C1","lnoc":true}`
	infoLine    = `INFO {"server_id":"NPEER","server_name":"peer","proto":1,"host":"127.0.0.1","port":1,"headers":true,"cluster":"C1","lnoc":true,"lnocu":true%s}`
)

// join makes a route; more are further fields of INFO.
func (w *far) join(more string) {
	w.tb.Helper()
	w.want("INFO ")
	w.say(connectLine, fmt.Sprintf(infoLine, more), "PING")
	w.want("PONG")
}
