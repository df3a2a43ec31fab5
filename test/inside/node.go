package inside

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"natsd/internal/config"
	"natsd/internal/server"
)

// Patience is how long a test waits for what has to come.
const Patience = 20 * time.Second

// Node is a running server with an admin socket in its folder.
type Node struct {
	*server.Server

	TB     testing.TB
	Dir    string // of the test alone
	Conf   string // path of the configuration file
	Socket string // of the admin API
	Log    string // path of the log file
	Stop   func() // ends the server and waits for that; the end of the test does too
}

// Start serves a configuration; "<dir>" in it stands for the folder. The server listens for clients on a free
// port, and environ says what else is as if it stood in the environment.
func Start(tb testing.TB, text string, environ map[string]string) *Node {
	tb.Helper()
	return StartWith(tb, text, environ, func(string) {})
}

// StartWith is Start for a server that finds something in its folder.
func StartWith(tb testing.TB, text string, environ map[string]string, prepare func(dir string)) *Node {
	tb.Helper()
	dir, err := os.MkdirTemp("", "natsd") // short enough for the name of a socket
	if err != nil {
		tb.Fatal(err)
	}
	n := &Node{
		TB: tb, Dir: dir, Conf: filepath.Join(dir, "natsd.conf"), Socket: filepath.Join(dir, "a.sock"), Log: filepath.Join(dir, "log"),
		Stop: func() {},
	}
	tb.Cleanup(func() {
		n.Stop()
		_ = os.RemoveAll(dir)
	})
	n.Write(text)
	prepare(dir)
	src := config.Source{Path: n.Conf, Environ: map[string]string{
		"NATSD_HOST": "127.0.0.1", "NATSD_PORT": "-1", "NATSD_ADMIN_UNIX": n.Socket, "NATSD_LOG_FILE": n.Log,
	}}
	maps.Copy(src.Environ, environ)
	o, report := config.Load(src)
	if o == nil {
		tb.Fatal(report.Err())
	}
	if n.Server, err = server.New(o, server.WithSource(src)); err != nil {
		tb.Fatal(err)
	}
	n.run()
	return n
}

// run returns when the server is ready.
func (n *Node) run() {
	n.TB.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	n.Stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			n.TB.Error(err)
		}
	})
	select {
	case <-n.Ready():
	case err := <-ended:
		ended <- err
		n.TB.Fatal("ended at its start")
	}
}

// Write replaces the configuration file.
func (n *Node) Write(text string) {
	n.TB.Helper()
	if err := os.WriteFile(n.Conf, []byte(strings.ReplaceAll(text, "<dir>", n.Dir)), 0o600); err != nil {
		n.TB.Fatal(err)
	}
}

// Until waits until something is so.
func Until(tb testing.TB, what string, is func() bool) {
	tb.Helper()
	for end := time.Now().Add(Patience); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			tb.Fatal("not so: " + what)
		}
	}
}
