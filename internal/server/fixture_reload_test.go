package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"natsd/internal/config"
	"natsd/internal/reload"
)

// live is a running server whose configuration file a test rewrites.
type live struct {
	*Server

	dir, path string
	cancel    context.CancelFunc
	ended     chan error
}

// begin serves the file natsd.conf in dir, which holds text. In all texts "<dir>" stands for dir, and
// "<net>" and "<port>" for the first three bytes of addresses and a port that nobody else has.
// Nobody watches the file.
func begin(dir, text string, opts ...Option) (*live, error) {
	l := &live{dir: dir, path: filepath.Join(dir, "natsd.conf"), ended: make(chan error, 1)}
	if err := l.write(text); err != nil {
		return nil, err
	}
	src := config.Source{Path: l.path, Environ: map[string]string{
		"NATSD_WATCH_ENABLED": "false", "NATSD_ADMIN_UNIX": filepath.Join(dir, "a.sock"),
	}}
	o, report := config.Load(src)
	if o == nil {
		return nil, report.Err()
	}
	s, err := New(o, append(opts, WithSource(src))...)
	if err != nil {
		return nil, err
	}
	l.Server = s
	var ctx context.Context
	ctx, l.cancel = context.WithCancel(context.Background())
	go func() { l.ended <- s.Run(ctx) }()
	select {
	case <-s.Ready():
		return l, nil
	case err := <-l.ended:
		l.cancel()
		return nil, errors.Join(errors.New("ended at its start"), err)
	}
}

// end stops the server and waits for it.
func (l *live) end() error {
	l.cancel()
	select {
	case err := <-l.ended:
		l.ended <- err
		return err
	case <-time.After(patience):
		return errors.New("does not stop")
	}
}

func (l *live) write(text string) error {
	return os.WriteFile(l.path, []byte(strings.NewReplacer("<dir>", l.dir, "<net>", ownNet, "<port>", ownPort).Replace(text)), 0o600)
}

// Addresses and a port that no other test process uses at the same time, so that texts can name ports.
var (
	ownNet  = fmt.Sprintf("127.%d.%d", 70+os.Getpid()/250%150, os.Getpid()%250)
	ownPort = strconv.Itoa(20000 + os.Getpid()%10000)
)

// try rewrites the file and reloads it.
func (l *live) try(text string) (*reload.Report, error) {
	if err := l.write(text); err != nil {
		return nil, err
	}
	return l.ReloadReport(context.Background(), reload.Request{Who: "test"})
}

// onLoopback is what most configurations begin with.
const onLoopback = "host: 127.0.0.1\nport: -1\nlog_file: '<dir>/natsd.log'\n"

// serve runs a server on a free port until the test ends.
func serve(t *testing.T, text string) *live {
	t.Helper()
	l, err := begin(t.TempDir(), onLoopback+text)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.end(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// reloadTo puts another text into force.
func (l *live) reloadTo(t *testing.T, text string) *reload.Report {
	t.Helper()
	r, err := l.try(onLoopback + text)
	if err != nil {
		t.Fatalf("reload: %v\n%s", err, text)
	}
	return r
}
