package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// rival is one of the programs that are compared.
type rival struct {
	name  string
	path  string
	args  []string // before those that tell what to do
	relay bool     // only moves bytes: see relay.go
}

// rivalsOf finds the programs, and builds natsd if none was named.
func rivalsOf(ctx context.Context, o *options, dir string) ([]rival, error) {
	peer := rival{name: "peer"}
	if o.peer != "none" {
		var err error
		if peer.path, err = exec.LookPath(o.peer); err != nil {
			return nil, fmt.Errorf("the peer is missing: %w; install it, name one with -peer, or say -peer none", err)
		}
	}
	natsd := rival{name: "natsd", path: o.natsd}
	if natsd.path == "" {
		natsd.path = filepath.Join(dir, "natsd")
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", natsd.path, "natsd/cmd/natsd")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build natsd: %w\n%s", err, out)
		}
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	relay := rival{name: "relay", path: self, args: []string{relayCommand}, relay: true}
	if peer.path == "" {
		return []rival{natsd, relay}, nil
	}
	return []rival{natsd, peer, relay}, nil
}

// server is a running process of a rival.
type server struct {
	addr    string // of clients
	profile string // of the profiler
	conf    string // the file; empty is none

	cmd   *exec.Cmd
	log   lockedBuffer
	owner errgroup.Group // waits for the process
	done  chan struct{}  // closed when it has ended
}

const (
	startLimit = 10 * time.Second
	stopLimit  = 5 * time.Second
	lookPeriod = 500 * time.Microsecond
)

// start runs r on a port of its own and returns when it takes connections.
func (r rival) start(ctx context.Context, dir string, cpus placement, c conf) (*server, error) {
	own, err := os.MkdirTemp(dir, r.name)
	if err != nil {
		return nil, err
	}
	s := &server{done: make(chan struct{})}
	args := append(slices.Clone(r.args), "-a", "127.0.0.1", "-p", "-1", "--profile", "-1", "--ports_file_dir", own)
	if c.text != "" {
		if s.conf, err = c.write(own); err != nil {
			return nil, err
		}
		args = append(args, "-c", s.conf)
	}
	s.cmd = exec.Command(r.path, args...) //nolint:gosec // the program under test
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	if err := cpus.startPinned(s.cmd); err != nil {
		return nil, fmt.Errorf("start %s: %w", r.name, err)
	}
	s.owner.Go(func() error {
		defer close(s.done)
		return s.cmd.Wait()
	})
	if err := s.waitReady(ctx, own); err != nil {
		s.stop()
		return nil, fmt.Errorf("start %s: %w\n%s", r.name, err, s.log.String())
	}
	return s, nil
}

// waitReady waits for the file in which the server tells its ports.
func (s *server) waitReady(ctx context.Context, dir string) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	look := time.NewTicker(lookPeriod)
	defer look.Stop()
	for {
		if s.readPorts(dir) {
			return nil
		}
		select {
		case <-look.C:
		case <-s.done:
			return errors.New("it has ended")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *server) readPorts(dir string) bool {
	files, err := filepath.Glob(filepath.Join(dir, "*.ports"))
	if err != nil || len(files) == 0 {
		return false
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		return false
	}
	var told struct{ Nats, Profile []string }
	if json.Unmarshal(text, &told) != nil || len(told.Nats) == 0 || len(told.Profile) == 0 {
		return false // not written to its end yet
	}
	u, err := url.Parse(told.Nats[0])
	if err != nil {
		return false
	}
	s.addr, s.profile = u.Host, told.Profile[0]
	return true
}

// stop ends the process, by force if it does not go.
func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	force := time.AfterFunc(stopLimit, func() { _ = s.cmd.Process.Kill() })
	defer force.Stop()
	_ = s.owner.Wait() // nobody asks how it ended
}

// usage is what a process has used so far and holds now.
type usage struct {
	cpu  time.Duration
	rss  int // bytes
	peak int // bytes of rss at most since the start
}

func (s *server) usage() (usage, error) { return usageOf(s.cmd.Process.Pid) }

// lockedBuffer collects what a process writes.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
