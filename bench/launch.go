package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// launch is how long a server takes from its start to its first greeting.
type launch struct{ users int }

func (w launch) work(name, about string, limit float64) work {
	return work{name: name, about: about, unit: "start", kind: single, limit: limit, bare: true, run: w.run}
}

func (w launch) run(s *stage) (sample, error) {
	begin := time.Now()
	srv, err := s.start(manyUsers(w.users/s.scale, 0))
	if err != nil {
		return sample{}, err
	}
	defer srv.stop()
	if err := srv.greets(s.ctx); err != nil {
		return sample{}, err
	}
	took := time.Since(begin)
	if err := newCrowd(s.ctx, srv.addr, login{}).pause(s.warm); err != nil {
		return sample{}, err
	}
	now, err := srv.usage()
	if err != nil {
		return sample{}, err
	}
	binary, err := os.Stat(s.rival.path)
	if err != nil {
		return sample{}, err
	}
	return sample{
		Figure: took.Seconds() * 1e3,
		RSS:    float64(now.rss) / (1 << 20),
		Also: map[string]float64{
			"CPU ms": now.cpu.Seconds() * 1e3, "RSS MB": float64(now.rss) / (1 << 20), "binary MB": float64(binary.Size()) / (1 << 20),
		},
	}, nil
}

// greets returns when a new connection gets INFO.
func (s *server) greets(ctx context.Context) error {
	c := newCrowd(ctx, s.addr, login{})
	sock, _, err := c.open()
	if err != nil {
		return err
	}
	defer func() { _ = sock.Close() }()
	_, err = readInfo(sock)
	return err
}

// manyUsers has n users with passwords. All are the same in every generation but the last one.
func manyUsers(n, generation int) conf {
	if n == 0 {
		return conf{}
	}
	var text strings.Builder
	text.WriteString("authorization { users: [\n")
	for i := range n - 1 {
		fmt.Fprintf(&text, "  {user: \"user-%d\", password: \"secret-%d\", permissions: {publish: [\"orders.%d.>\", \"_INBOX.>\"], subscribe: \"orders.%d.>\"}}\n", i, i, i, i)
	}
	fmt.Fprintf(&text, "  {user: %q, password: \"generation-%d\"}\n] }\n", benchUser, generation)
	return conf{text: text.String(), login: login{user: benchUser, pass: fmt.Sprintf("generation-%d", generation)}}
}

// reloads is what the change of one user costs among many.
type reloads struct{ users int }

func (w reloads) work(name, about string, limit float64) work {
	return work{name: name, about: about, unit: "reload", kind: single, limit: limit, bare: true, run: w.run}
}

// reloadsMeasured is how many are made: the figure is for one.
const reloadsMeasured = 5

func (w reloads) run(s *stage) (sample, error) {
	n := w.users / s.scale
	srv, err := s.start(manyUsers(n, 0))
	if err != nil {
		return sample{}, err
	}
	defer srv.stop()
	idle := newCrowd(s.ctx, srv.addr, login{})
	if err := idle.pause(s.warm); err != nil {
		return sample{}, err
	}
	before, err := srv.usage()
	if err != nil {
		return sample{}, err
	}
	begin := time.Now()
	for i := range reloadsMeasured {
		if err := srv.reload(s.ctx, manyUsers(n, i+1)); err != nil {
			return sample{}, err
		}
	}
	wall := time.Since(begin) / reloadsMeasured
	if err := idle.pause(s.rest); err != nil {
		return sample{}, err
	}
	after, err := srv.usage()
	return sample{
		Figure: (after.cpu - before.cpu).Seconds() * 1e3 / reloadsMeasured,
		RSS:    float64(after.rss) / (1 << 20),
		Also: map[string]float64{
			"until it holds, ms": wall.Seconds() * 1e3, "RSS more, MB": float64(after.rss-before.rss) / (1 << 20),
		},
	}, err
}

// reload replaces the configuration and returns when the user that it changes gets in.
func (s *server) reload(ctx context.Context, c conf) error {
	if err := os.WriteFile(s.conf+".next", []byte(c.text), 0o600); err != nil {
		return err
	}
	if err := os.Rename(s.conf+".next", s.conf); err != nil {
		return err
	}
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		return err
	}
	crowd, buf := newCrowd(ctx, s.addr, c.login), make([]byte, 8<<10)
	for {
		err := visit(crowd, buf)
		if !errors.Is(err, errNotLetIn) {
			return err
		}
		if err := crowd.pause(10 * time.Millisecond); err != nil {
			return err
		}
	}
}
