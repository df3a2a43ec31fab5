package reload_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"natsd/internal/config"
	"natsd/internal/reload"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// load reads a configuration from text; files beside it are given by name.
func load(t testing.TB, text string, files ...string) *config.Options {
	t.Helper()
	return loadIn(t, t.TempDir(), text, files...)
}

func loadIn(t testing.TB, dir, text string, files ...string) *config.Options {
	t.Helper()
	for i := 0; i < len(files); i += 2 {
		write(t, filepath.Join(dir, files[i]), files[i+1])
	}
	path := filepath.Join(dir, "natsd.conf")
	write(t, path, text)
	o, report := config.Load(config.Source{Path: path, WorkDir: dir})
	if o == nil {
		t.Fatalf("%v\n%s", report.Err(), text)
	}
	return o
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// fault is what a fake component does wrong: an error or a panic in a phase.
type fault struct {
	phase string
	panic bool
}

// fake is a component that keeps one value of the configuration live, and counts what it prepared and
// did not let go of.
type fake struct {
	name string
	keys []string
	of   func(*config.Options) string

	mu     sync.Mutex
	live   string
	open   int
	events []string
	fault  fault
	hook   func(ctx context.Context, phase string) // called in every phase
	// effects that are predicted and had.
	predicted, had []reload.Effect
	planErr        error
}

func port(o *config.Options) string { return fmt.Sprint(o.Port) }
func tags(o *config.Options) string { return strings.Join(o.Tags, " ") }
func user(o *config.Options) string {
	return o.Authorization.User + "/" + o.Authorization.Password.Reveal()
}

// fakes returns components for three keys.
func fakes(o *config.Options) []*fake {
	return []*fake{
		{name: "listeners", keys: []string{"host", "port"}, of: port, live: port(o)},
		{name: "identity", keys: []string{"server_tags"}, of: tags, live: tags(o)},
		{name: "auth", keys: []string{"authorization"}, of: user, live: user(o)},
	}
}

func components(fs []*fake) []reload.Component {
	out := make([]reload.Component, 0, len(fs))
	for _, f := range fs {
		out = append(out, f)
	}
	return out
}

func (f *fake) Name() string   { return f.name }
func (f *fake) Keys() []string { return f.keys }

func (f *fake) in(ctx context.Context, phase string) error {
	f.mu.Lock()
	f.events = append(f.events, phase)
	wrong, hook := f.fault, f.hook
	f.mu.Unlock()
	if hook != nil {
		hook(ctx, phase)
	}
	switch {
	case wrong.phase != phase:
		return nil
	case wrong.panic:
		panic("canary panic of " + f.name)
	}
	return errors.New(f.name + " fails in " + phase)
}

func (f *fake) Plan(old, next *config.Options) (reload.Change, error) {
	if err := f.in(context.Background(), "plan"); err != nil {
		return nil, err
	}
	if f.planErr != nil && f.of(old) != f.of(next) {
		return nil, f.planErr
	}
	if f.of(old) == f.of(next) {
		return nil, nil
	}
	return &fakeChange{f: f, next: f.of(next)}, nil
}

func (f *fake) state() (live string, open int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.live, f.open
}

type fakeChange struct {
	reload.Base
	f    *fake
	next string
}

func (c *fakeChange) Prepare(ctx context.Context) error {
	c.f.mu.Lock()
	c.f.open++
	c.f.mu.Unlock()
	if err := c.f.in(ctx, "prepare"); err != nil {
		return err
	}
	return ctx.Err()
}

func (c *fakeChange) Predict(ctx context.Context) []reload.Effect {
	_ = c.f.in(ctx, "predict")
	return c.f.predicted
}

func (c *fakeChange) Commit() {
	_ = c.f.in(context.Background(), "commit")
	c.f.mu.Lock()
	defer c.f.mu.Unlock()
	c.f.live = c.next
}

func (c *fakeChange) Abort() {
	c.f.mu.Lock()
	c.f.open--
	c.f.mu.Unlock()
	_ = c.f.in(context.Background(), "abort")
}

func (c *fakeChange) Settle(ctx context.Context) ([]reload.Effect, error) {
	c.f.mu.Lock()
	c.f.open--
	c.f.mu.Unlock()
	return c.f.had, c.f.in(ctx, "settle")
}

// tryLoad returns nil when the file is not valid.
func tryLoad(path, dir string) *config.Options {
	o, _ := config.Load(config.Source{Path: path, WorkDir: dir})
	return o
}
