package watch

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"natsd/internal/task"
)

// scene is a watcher of real files.
type scene struct {
	t     *testing.T
	dir   string
	w     *Watcher
	calls chan string // brief of each change, " | " and the text of the first file of the set
	files func() []File
}

type option func(*Config)

// judging makes the watcher's calls end with what a function says of the text.
func judging(judge func(text string) error) option {
	return func(c *Config) {
		changed := c.Changed
		c.Changed = func(ctx context.Context, ch Change) error {
			_ = changed(ctx, ch)
			text, _ := os.ReadFile(c.Files()[0].Path)
			return judge(string(text))
		}
	}
}

// patient makes the quiet time longer than a busy machine keeps a test from going on.
func patient(c *Config) { c.Settings.Quiet = 700 * time.Millisecond }

func pollOnly(every time.Duration) option {
	return func(c *Config) { c.PollOnly, c.Settings.Poll = true, every }
}

// watchFiles starts a watcher of paths below a new directory. The first one is the file whose text
// counts; a path that ends in /* or *.conf is a pattern.
func watchFiles(t *testing.T, prepare func(dir string), paths []string, options ...option) *scene {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if prepare != nil {
		prepare(dir)
	}
	s := &scene{t: t, dir: dir, calls: make(chan string, 1000)}
	s.files = func() []File {
		var files []File
		for _, p := range paths {
			files = append(files, File{Path: filepath.Join(dir, p), Glob: strings.Contains(p, "*")})
		}
		return files
	}
	cfg := Config{Files: s.files, Changed: s.changed, Settings: standard}
	for _, o := range options {
		o(&cfg)
	}
	s.w = New(cfg)
	tasks := task.New(context.Background(), nil)
	s.w.Start(tasks)
	t.Cleanup(func() { tasks.Stop(); tasks.Wait() })
	s.until("started", func(st State) bool { return st.Mode != Off })
	return s
}

func (s *scene) changed(_ context.Context, c Change) error {
	text, _ := os.ReadFile(s.files()[0].Path)
	var names []string
	for _, f := range c.Files {
		rel, _ := filepath.Rel(s.dir, f.Path)
		names = append(names, filepath.ToSlash(rel))
	}
	s.calls <- strings.Join(names, " ") + " | " + string(text)
	return nil
}

// until waits for a state.
func (s *scene) until(what string, ok func(State) bool) {
	s.t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(s.w.State()); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("not %s: %+v", what, s.w.State())
		}
	}
}

// want waits for one call.
func (s *scene) want(call string) {
	s.t.Helper()
	select {
	case got := <-s.calls:
		if got != call {
			s.t.Errorf("call %q, want %q", got, call)
		}
	case <-time.After(20 * time.Second):
		s.t.Fatalf("no call, want %q; state %+v", call, s.w.State())
	}
}

// silence waits until the watcher has looked at everything that happened, and a while longer, and
// wants no call.
func (s *scene) silence() {
	s.t.Helper()
	time.Sleep(50 * time.Millisecond)
	s.until("settled", func(st State) bool { return !st.Settling })
	select {
	case got := <-s.calls:
		s.t.Errorf("call %q, want none", got)
	case <-time.After(250 * time.Millisecond):
	}
}

func (s *scene) path(p string) string { return filepath.Join(s.dir, p) }

func (s *scene) write(p, text string)     { put(s.t, s.path(p), text) }
func (s *scene) mkdir(p string)           { must(s.t, os.MkdirAll(s.path(p), 0o755)) }
func (s *scene) remove(p string)          { must(s.t, os.RemoveAll(s.path(p))) }
func (s *scene) rename(from, to string)   { must(s.t, os.Rename(s.path(from), s.path(to))) }
func (s *scene) symlink(target, p string) { must(s.t, os.Symlink(target, s.path(p))) }

func put(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(text), 0o644))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// modes are the two ways of watching, for tests that must hold in both.
var modes = []struct {
	name    string
	options []option
}{{"events", nil}, {"polling", []option{pollOnly(minPoll)}}}

func withMain(t *testing.T) func(dir string) {
	return func(dir string) { put(t, filepath.Join(dir, "nats.conf"), "a") }
}

var onlyMain = []string{"nats.conf"}
