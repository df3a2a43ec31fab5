package watch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"

	"natsd/internal/task"
)

// scarce is a source of events that refuses to give them.
type scarce struct {
	mu     sync.Mutex
	open   error            // answer to opening
	refuse map[string]error // answers to adding, by directory; "*" is for all
	alias  string           // a directory that is known under another path
	dirs   map[string]bool
	opened int
	events chan fsnotify.Event
	errs   chan error
}

func (s *scarce) set(f func(*scarce)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
}

func (s *scarce) start() (notifier, <-chan fsnotify.Event, <-chan error, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open != nil {
		return nil, nil, nil, s.open
	}
	s.opened++
	s.dirs = make(map[string]bool)
	s.events, s.errs = make(chan fsnotify.Event), make(chan error)
	return s, s.events, s.errs, nil
}

func (s *scarce) Add(dir string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range []string{"*", dir} {
		if err := s.refuse[d]; err != nil {
			return fmt.Errorf("add: %w", err)
		}
	}
	if dir != s.alias {
		s.dirs[dir] = true
	}
	return nil
}

func (s *scarce) Remove(dir string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.dirs, dir)
	return nil
}

func (s *scarce) WatchList() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.dirs))
}

func (s *scarce) Close() error {
	close(s.events)
	close(s.errs)
	return nil
}

// watchScarce starts a watcher of two files in two directories that gets its events from s.
func watchScarce(t *testing.T, s *scarce) (*scene, string) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	must(t, os.Mkdir(filepath.Join(dir, "tls"), 0o755))
	put(t, filepath.Join(dir, "nats.conf"), "a")
	sc := &scene{t: t, dir: dir, calls: make(chan string, 100)}
	sc.files = func() []File {
		return []File{{Path: filepath.Join(dir, "nats.conf")}, {Path: filepath.Join(dir, "tls/cert.pem"), Kind: Certificates}}
	}
	sc.w = New(Config{Files: func() []File { return sc.files() }, Changed: sc.changed, Settings: Settings{Enabled: true, Quiet: time.Millisecond, Poll: minPoll}})
	tasks := task.New(context.Background(), nil)
	sc.w.sys = &disk{camera: newCamera(), listener: &listener{tasks: tasks, note: sc.w.inbox.note, open: s.start}}
	sc.w.Start(tasks)
	t.Cleanup(func() { tasks.Stop(); tasks.Wait() })
	sc.until("started", func(st State) bool { return st.Mode != Off })
	return sc, dir
}

func TestNoEventsToBeHad(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, reason string
		set          func(s *scarce, dir string)
	}{
		{"watch limit", "/tls: the limit of watches is reached (fs.inotify.max_user_watches)", func(s *scarce, dir string) { s.refuse = map[string]error{dir + "/tls": syscall.ENOSPC} }},
		{"watch limit from the start", ": the limit of watches is reached (fs.inotify.max_user_watches)", func(s *scarce, _ string) { s.refuse = map[string]error{"*": syscall.ENOSPC} }},
		{"instance limit", "the limit of watchers is reached (fs.inotify.max_user_instances, or open files)", func(s *scarce, _ string) { s.open = syscall.EMFILE }},
		{"permission", "/tls: permission denied", func(s *scarce, dir string) {
			s.refuse = map[string]error{dir + "/tls": &os.PathError{Op: "open", Path: dir, Err: syscall.EACCES}}
		}},
		{"bind mount", "/tls: known under another path", func(s *scarce, dir string) { s.alias = dir + "/tls" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			source := &scarce{}
			s, dir := watchScarce(t, source)
			// A new source is opened on the way, with the trouble in it.
			source.set(func(s *scarce) { c.set(s, dir) })
			s.w.inbox.note(true)
			s.until("polling", func(st State) bool { return st.Mode == Polling && strings.HasSuffix(st.Reason, c.reason) })
			s.write("nats.conf", "b")
			s.want("nats.conf | b")
			s.write("tls/cert.pem", "c")
			s.want("tls/cert.pem | b")
			source.set(func(s *scarce) { s.open, s.refuse, s.alias = nil, nil, "" })
			if sharedFS(dir) == "" {
				s.until("on events again", func(st State) bool { return st.Mode == Events && st.Reason == "" })
			}
		})
	}
}

func TestPollingSwitchedOff(t *testing.T) {
	t.Parallel()
	source := &scarce{open: syscall.EMFILE}
	s, _ := watchScarce(t, source)
	s.w.Set(Settings{Enabled: true})
	s.until("blind", func(st State) bool { return st.Mode == Events && st.Reason != "" })
	s.write("nats.conf", "b")
	s.silence()
}

// After an overflow nothing is known any more: everything is looked at, with a new source of events.
func TestOverflow(t *testing.T) {
	t.Parallel()
	source := &scarce{}
	s, dir := watchScarce(t, source)
	s.w.Set(Settings{Enabled: true, Quiet: time.Millisecond})
	s.until("not polling", func(st State) bool { return st.Poll == 0 })
	s.write("nats.conf", "b")
	source.errs <- fsnotify.ErrEventOverflow
	s.want("nats.conf | b")
	source.set(func(s *scarce) {
		if s.opened != 2 || !s.dirs[dir] || !s.dirs[dir+"/tls"] {
			t.Errorf("opened %d times, listening to %v", s.opened, s.dirs)
		}
	})
}

func TestWhichEventsMatter(t *testing.T) {
	t.Parallel()
	i := make(interest)
	i.at("/etc/nats").exact["nats.conf"] = true
	i.at("/etc/nats").exact["..data"] = true
	i.at("/etc/nats/users").patterns = []string{"*.conf"}
	i.at("/etc/hidden").patterns = []string{".*"}
	i.at("/").exact["etc"] = true
	l := &listener{}
	l.names.Store(&i)
	for _, c := range []struct {
		path string
		op   fsnotify.Op
		want bool
	}{
		{"/etc/nats/nats.conf", fsnotify.Write, true},
		{"/etc/nats/nats.conf", fsnotify.Chmod, false},
		{"/etc/nats/nats.conf", fsnotify.Chmod | fsnotify.Write, true},
		{"/etc/nats/..data", fsnotify.Create, true},
		{"/etc/nats/nats.log", fsnotify.Write, false},
		{"/etc/nats/users/a.conf", fsnotify.Create, true},
		{"/etc/nats/users/.a.conf", fsnotify.Create, false},
		{"/etc/nats/users/a.conf~", fsnotify.Create, false},
		{"/etc/nats/users", fsnotify.Remove, true},
		{"/etc/hidden/.x", fsnotify.Write, true},
		{"/etc/hidden/x", fsnotify.Write, false},
		{"/etc", fsnotify.Rename, true},
		{"/var", fsnotify.Rename, false},
		{"/", fsnotify.Remove, true},
	} {
		if got := l.matters(fsnotify.Event{Name: c.path, Op: c.op}); got != c.want {
			t.Errorf("%s %s: %t, want %t", c.op, c.path, got, c.want)
		}
	}
	l.modes.Store(true)
	if !l.matters(fsnotify.Event{Name: "/etc/nats/nats.conf", Op: fsnotify.Chmod}) {
		t.Error("a change of mode does not matter although a file cannot be read")
	}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	wrapped := &os.PathError{Op: "open", Path: "/secret/place", Err: syscall.EACCES}
	if got := reasonFor(wrapped); got != "permission denied" {
		t.Errorf("reason %q", got)
	}
	if got := reasonFor(errors.New("else")); got != "else" {
		t.Errorf("reason %q", got)
	}
}
