package watch

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestWaysToWriteAFile(t *testing.T) {
	t.Parallel()
	ways := []struct {
		name string
		save func(s *scene, text string)
	}{
		{"in place", func(s *scene, text string) { s.write("nats.conf", text) }},
		{"rename over", func(s *scene, text string) {
			s.write(".nats.conf.swp", "draft")
			s.write("4913", "")
			s.remove("4913")
			s.write("nats.conf~", text)
			s.rename("nats.conf~", "nats.conf")
			s.remove(".nats.conf.swp")
		}},
		{"move away and write anew", func(s *scene, text string) {
			s.rename("nats.conf", "nats.conf.bak")
			s.write("nats.conf", text)
		}},
		{"delete and create", func(s *scene, text string) {
			s.remove("nats.conf")
			time.Sleep(time.Millisecond)
			s.write("nats.conf", text)
		}},
		{"hard link over", func(s *scene, text string) {
			s.write("other", text)
			must(s.t, os.Link(s.path("other"), s.path("linked")))
			s.rename("linked", "nats.conf")
			s.remove("other")
		}},
		{"same size, old times", func(s *scene, text string) {
			s.write("new", text)
			old := time.Now().Add(-time.Hour)
			must(s.t, os.Chtimes(s.path("new"), old, old))
			s.rename("new", "nats.conf")
		}},
	}
	for _, way := range ways {
		for _, mode := range modes {
			t.Run(way.name+" "+mode.name, func(t *testing.T) {
				t.Parallel()
				s := watchFiles(t, withMain(t), onlyMain, mode.options...)
				for i := range 2 { // more than once: a watch of the file itself would have ended
					text := fmt.Sprint(i)
					way.save(s, text)
					s.want("nats.conf | " + text)
				}
				way.save(s, "1") // equal
				s.silence()
			})
		}
	}
}

func TestModeOfWatching(t *testing.T) {
	t.Parallel()
	s := watchFiles(t, withMain(t), onlyMain)
	want := State{Mode: Events}
	if fs := sharedFS(s.dir); fs != "" {
		want = State{Mode: Polling, Reason: s.dir + " is on " + fs}
	}
	if st := s.w.State(); st.Mode != want.Mode || st.Reason != want.Reason {
		t.Errorf("mode %s (%s), want %s (%s)", st.Mode, st.Reason, want.Mode, want.Reason)
	}
}

// configMap lays out files as Kubernetes does for a mounted ConfigMap.
func configMap(t *testing.T, dir, version, text string) {
	t.Helper()
	data := filepath.Join(dir, "..2026_"+version)
	must(t, os.MkdirAll(data, 0o755))
	put(t, filepath.Join(data, "nats.conf"), text)
	must(t, os.Symlink(filepath.Base(data), filepath.Join(dir, "..data_tmp")))
	must(t, os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
}

func TestConfigMapSwap(t *testing.T) {
	t.Parallel()
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			t.Parallel()
			s := watchFiles(t, func(dir string) {
				configMap(t, dir, "0", "a")
				must(t, os.Symlink(filepath.Join("..data", "nats.conf"), filepath.Join(dir, "nats.conf")))
			}, onlyMain, mode.options...)
			for i := 1; i < 5; i++ {
				configMap(t, s.dir, fmt.Sprint(i), fmt.Sprint(i))
				s.remove("..2026_" + fmt.Sprint(i-1))
				s.want(fmt.Sprintf("nats.conf | %d", i))
			}
			configMap(t, s.dir, "5", "4") // equal
			s.remove("..2026_4")
			s.silence()
		})
	}
}

// The directory itself is a link that gets another target, and the target changes too.
func TestLinkedDirectory(t *testing.T) {
	t.Parallel()
	s := watchFiles(t, func(dir string) {
		for _, v := range []string{"v1", "v2"} {
			must(t, os.MkdirAll(filepath.Join(dir, "releases", v), 0o755))
			put(t, filepath.Join(dir, "releases", v, "nats.conf"), v)
		}
		must(t, os.Symlink("releases/v1", filepath.Join(dir, "current")))
		must(t, os.Symlink(filepath.Join(dir, "current"), filepath.Join(dir, "etc")))
	}, []string{"etc/nats.conf"})
	s.symlink("releases/v2", "next")
	s.rename("next", "current")
	s.want("etc/nats.conf | v2")
	s.write("releases/v2/nats.conf", "v2b")
	s.want("etc/nats.conf | v2b")
	s.write("releases/v1/nats.conf", "v1b") // nobody's any more
	s.silence()
}

func TestSlowWriterIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := watchFiles(t, withMain(t), onlyMain, patient)
	text := strings.Repeat("port: 4222 # ", 8)
	f, err := os.OpenFile(s.path("nats.conf"), os.O_WRONLY|os.O_TRUNC, 0)
	must(t, err)
	defer f.Close()
	for i := range len(text) {
		_, err := f.WriteString(text[i : i+1])
		must(t, err)
		time.Sleep(5 * time.Millisecond)
	}
	s.want("nats.conf | " + text)
	s.silence()
}

// Half a file that stays so past the patience is told of; it is refused, and the rest tried again.
func TestVerySlowWriter(t *testing.T) {
	t.Parallel()
	s := watchFiles(t, withMain(t), onlyMain, judging(func(text string) error {
		if !strings.HasSuffix(text, ".") {
			return errTest
		}
		return nil
	}))
	text := strings.Repeat("x", 30) + "."
	f, err := os.OpenFile(s.path("nats.conf"), os.O_WRONLY|os.O_TRUNC, 0)
	must(t, err)
	defer f.Close()
	for i := range len(text) {
		_, err := f.WriteString(text[i : i+1])
		must(t, err)
		time.Sleep(100 * time.Millisecond)
	}
	s.until("accepted", func(st State) bool { return st.Changes > 0 && st.Changes > st.Refused })
	st := s.w.State()
	if st.Changes > 3 || st.LastError != "" || len(st.Pending) != 0 {
		t.Errorf("state: %+v", st)
	}
	var last string
	for range st.Changes {
		last = <-s.calls
	}
	if last != "nats.conf | "+text {
		t.Errorf("last call %q", last)
	}
}

func TestChangesOfModeAndTimeAreIgnored(t *testing.T) {
	t.Parallel()
	s := watchFiles(t, withMain(t), onlyMain)
	for i := range 2000 {
		must(t, os.Chmod(s.path("nats.conf"), os.FileMode(0o600+i%2*0o44)))
		now := time.Now().Add(time.Duration(i) * time.Second)
		must(t, os.Chtimes(s.path("nats.conf"), now, now))
	}
	s.silence()
	if st := s.w.State(); !st.LastEvent.IsZero() || st.Suppressed != 0 {
		t.Errorf("state: %+v", st)
	}
	s.write("nats.conf", "b")
	s.want("nats.conf | b")
}

func TestThousandWrites(t *testing.T) {
	t.Parallel()
	s := watchFiles(t, withMain(t), onlyMain)
	before := runtime.NumGoroutine()
	for i := range 1000 {
		s.write("nats.conf", fmt.Sprint(i))
		time.Sleep(time.Millisecond)
	}
	s.until("at rest", func(st State) bool { return !st.Settling && len(st.Pending) == 0 && st.Changes > 0 })
	st := s.w.State()
	if st.Changes > 5 {
		t.Errorf("%d calls", st.Changes)
	}
	var last string
	for range st.Changes {
		last = <-s.calls
	}
	if last != "nats.conf | 999" {
		t.Errorf("last call %q", last)
	}
	if n := runtime.NumGoroutine(); n > before+200 { // other tests run beside
		t.Errorf("%d goroutines, %d before", n, before)
	}
}

// Names in the same directory that nobody asked about do not even make it look.
func TestNeighboursAreIgnored(t *testing.T) {
	t.Parallel()
	s := watchFiles(t, withMain(t), onlyMain)
	for i := range 500 {
		s.write("nats.log", strings.Repeat("line\n", i))
	}
	s.silence()
	if st := s.w.State(); !st.LastEvent.IsZero() {
		t.Errorf("state: %+v", st)
	}
}

func TestGlobDirectory(t *testing.T) {
	t.Parallel()
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			t.Parallel()
			s := watchFiles(t, func(dir string) {
				withMain(t)(dir)
				must(t, os.Mkdir(filepath.Join(dir, "users"), 0o755))
			}, []string{"nats.conf", "users/*.conf"}, mode.options...)
			s.write("users/a.conf", "x")
			s.want("users/a.conf | a")
			s.write("users/.b.conf.swp", "x")
			s.write("users/.c.conf", "x")
			s.write("users/README", "x")
			s.silence()
			s.write("users/a.conf", "y")
			s.want("users/a.conf | a")
			s.rename("users/a.conf", "users/b.conf")
			s.want("users/a.conf users/b.conf | a")
			s.remove("users/b.conf")
			s.want("users/b.conf | a")
			s.remove("users")
			s.mkdir("users")
			s.write("users/c.conf", "x")
			s.want("users/c.conf | a")
		})
	}
}

func TestFileRemovedAndBack(t *testing.T) {
	t.Parallel()
	s := watchFiles(t, withMain(t), onlyMain, judging(func(text string) error {
		if text == "" {
			return errTest
		}
		return nil
	}))
	s.remove("nats.conf")
	s.want("nats.conf | ")
	s.until("refused", func(st State) bool { return st.Refused == 1 })
	if st := s.w.State(); st.Files[0].Fault == "" || len(st.Pending) != 1 {
		t.Errorf("state: %+v", st)
	}
	s.silence() // told once
	s.write("nats.conf", "a")
	s.silence()
	if st := s.w.State(); st.Files[0].Fault != "" || len(st.Pending) != 0 || st.LastError != "" {
		t.Errorf("state: %+v", st)
	}
	s.remove("nats.conf")
	s.want("nats.conf | ")
	s.write("nats.conf", "b")
	s.want("nats.conf | b")
}

func TestDirectoryRemovedAndBack(t *testing.T) {
	t.Parallel()
	prepare := func(dir string) {
		must(t, os.MkdirAll(filepath.Join(dir, "etc/nats"), 0o755))
		put(t, filepath.Join(dir, "etc/nats/nats.conf"), "a")
	}
	for _, c := range []struct {
		name  string
		leave func(s *scene)
	}{
		{"removed", func(s *scene) { s.remove("etc/nats") }},
		{"removed with its parent", func(s *scene) { s.remove("etc") }},
		{"renamed", func(s *scene) { s.rename("etc/nats", "old") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := watchFiles(t, prepare, []string{"etc/nats/nats.conf"})
			for i := range 2 {
				c.leave(s)
				s.want("etc/nats/nats.conf | ")
				s.until("polling", func(st State) bool { return st.Mode == Polling && strings.Contains(st.Reason, "does not exist") })
				text := fmt.Sprint(i)
				s.mkdir("etc/nats")
				s.write("etc/nats/nats.conf", text)
				s.want("etc/nats/nats.conf | " + text)
				if sharedFS(s.dir) == "" {
					s.until("on events again", func(st State) bool { return st.Mode == Events && st.Reason == "" })
				}
				s.write("etc/nats/nats.conf", text+"+")
				s.want("etc/nats/nats.conf | " + text + "+")
				_ = os.RemoveAll(s.path("old"))
			}
		})
	}
	// The path of the directory never goes away.
	t.Run("exchanged", func(t *testing.T) {
		t.Parallel()
		s := watchFiles(t, prepare, []string{"etc/nats/nats.conf"})
		s.mkdir("etc/next")
		s.write("etc/next/nats.conf", "b")
		s.rename("etc/nats", "etc/last")
		s.rename("etc/next", "etc/nats")
		s.want("etc/nats/nats.conf | b")
		s.write("etc/last/nats.conf", "nobody's")
		s.silence()
		s.write("etc/nats/nats.conf", "c")
		s.want("etc/nats/nats.conf | c")
	})
}

func TestWhatIsNoFile(t *testing.T) {
	t.Parallel()
	s := watchFiles(t, withMain(t), []string{"nats.conf", "loop", "pipe", "folder", "dangling", "under/a/file"})
	cases := []struct {
		name, fault string
		do          func()
	}{
		{"loop", "too many levels of symbolic links", func() { s.symlink("loop2", "loop2"); s.symlink("loop2", "loop") }},
		{"pipe", "not a regular file", func() { makePipe(t, s.path("pipe")) }},
		{"folder", "not a regular file", func() { s.mkdir("folder") }},
		{"dangling", "no such file", func() { s.symlink("nowhere/at/all", "dangling") }},
		{"under/a/file", "not a directory", func() { s.write("under", "") }},
	}
	for _, c := range cases {
		c.do()
		s.until(c.name+": "+c.fault, func(st State) bool {
			i := slices.IndexFunc(st.Files, func(f FileState) bool { return f.Path == s.path(c.name) })
			return st.Files[i].Fault == c.fault && !st.Settling
		})
	}
	s.until("at rest", func(st State) bool { return !st.Settling && len(st.Pending) == 0 })
	for len(s.calls) > 0 {
		<-s.calls
	}
	s.write("nats.conf", "b")
	s.want("nats.conf | b")
}

// A file that becomes readable makes no other event than the change of its mode.
func TestReadableAgain(t *testing.T) {
	t.Parallel()
	if os.Getuid() == 0 {
		t.Skip("root reads everything")
	}
	s := watchFiles(t, withMain(t), onlyMain)
	must(t, os.WriteFile(s.path("new"), []byte("b"), 0))
	s.rename("new", "nats.conf")
	s.want("nats.conf | ")
	must(t, os.Chmod(s.path("nats.conf"), 0o600))
	s.want("nats.conf | b")
}

// A directory that becomes searchable, a parent that is renamed: no event tells of it, a look does.
func TestParentRenamed(t *testing.T) {
	t.Parallel()
	s := watchFiles(t, func(dir string) {
		for _, v := range []string{"v1", "v2"} {
			must(t, os.MkdirAll(filepath.Join(dir, v, "deep/etc"), 0o755))
			put(t, filepath.Join(dir, v, "deep/etc/nats.conf"), v)
		}
	}, []string{"v1/deep/etc/nats.conf"})
	s.rename("v1", "old")
	s.rename("v2", "v1")
	s.silence()
	s.w.inbox.note(false) // stands for the look of every minute
	s.want("v1/deep/etc/nats.conf | v2")
	s.write("v1/deep/etc/nats.conf", "b")
	s.want("v1/deep/etc/nats.conf | b")
}

func TestOffAndOn(t *testing.T) {
	t.Parallel()
	s := watchFiles(t, withMain(t), onlyMain)
	s.w.Set(Settings{})
	s.until("off", func(st State) bool { return st.Mode == Off })
	s.write("nats.conf", "b")
	s.silence()
	s.w.Set(standard)
	s.want("nats.conf | b")
	s.write("nats.conf", "c")
	s.want("nats.conf | c")
}

// Set, State and Loaded at the same time as everything else.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	s := watchFiles(t, withMain(t), onlyMain)
	var users sync.WaitGroup
	for i := range 4 {
		users.Go(func() {
			for j := range 50 {
				switch i {
				case 0:
					s.w.Set(Settings{Enabled: j%3 != 0, Quiet: time.Duration(j) * time.Millisecond, Poll: time.Second})
				case 1:
					_ = s.w.State()
				case 2:
					s.w.Loaded(time.Now(), nil)
				case 3:
					s.write("nats.conf", fmt.Sprint(j))
				}
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	users.Wait()
	s.w.Set(standard)
	s.until("at rest", func(st State) bool { return st.Mode != Off && !st.Settling && len(st.Pending) == 0 })
	for len(s.calls) > 0 {
		<-s.calls
	}
	s.write("nats.conf", "end")
	s.want("nats.conf | end")
}

// The time from a change to the call. Most of it is the quiet time and the gap between the readings.
func TestLatency(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("measures for seconds")
	}
	s := watchFiles(t, withMain(t), onlyMain)
	var took []time.Duration
	for i := range 20 {
		text := fmt.Sprint("text ", i)
		s.write("new", text)
		began := time.Now()
		s.rename("new", "nats.conf")
		s.want("nats.conf | " + text)
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	t.Logf("change to call: median %s, p99 %s, worst %s", took[len(took)/2], took[len(took)*99/100], took[len(took)-1])
	if took[len(took)/2] > 2*time.Second {
		t.Error("it takes seconds")
	}
}
