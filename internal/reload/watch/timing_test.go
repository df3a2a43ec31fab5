package watch

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"natsd/internal/task"
)

var (
	mainFile = File{Path: "/etc/nats/nats.conf"}
	certFile = File{Path: "/etc/nats/cert.pem", Kind: Certificates}
	keyFile  = File{Path: "/etc/nats/key.pem", Kind: Certificates}
	userGlob = File{Path: "/etc/nats/users/*.conf", Glob: true}
	standard = Settings{Enabled: true, Quiet: 150 * time.Millisecond, Poll: 5 * time.Second}
	errTest  = errors.New("line 1: that is wrong")
	allFiles = []File{mainFile, certFile, keyFile, userGlob}
)

// bench is a watcher of files in memory, in a bubble where time is fake.
type bench struct {
	*memory
	w     *Watcher
	tasks *task.Group
	start time.Time
	calls []string // "2.2s nats.conf:configuration = text"
	// load decides about a change. It runs on the watcher's goroutine.
	load func(ctx context.Context, c Change) error
}

// inTime runs a test in a bubble, with all files there.
func inTime(t *testing.T, test func(t *testing.T, b *bench)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{memory: newMemory()}
		b.files[mainFile.Path], b.files[certFile.Path], b.files[keyFile.Path] = "a", "cert a", "key a"
		b.w = New(Config{Files: func() []File { return allFiles }, Changed: b.changed, Settings: standard, Since: time.Now()})
		b.w.sys = b.memory
		b.note = b.w.inbox.note
		b.tasks = task.New(context.Background(), nil)
		time.Sleep(time.Hour) // the files are older than the watcher
		b.start = time.Now()
		b.w.Start(b.tasks)
		synctest.Wait()
		test(t, b)
		b.tasks.Stop()
		b.tasks.Wait()
	})
}

func (b *bench) changed(ctx context.Context, c Change) error {
	b.calls = append(b.calls, fmt.Sprintf("%s %s = %s", time.Since(b.start).Round(time.Millisecond), brief(c.Files), b.text(c.Files[0].Path)))
	if b.load != nil {
		return b.load(ctx, c)
	}
	return nil
}

// want sleeps for a while and compares the calls made since the last want.
func (b *bench) want(t *testing.T, sleep time.Duration, want ...string) {
	t.Helper()
	time.Sleep(sleep)
	synctest.Wait()
	if !slices.Equal(b.calls, want) {
		t.Errorf("calls:\n%s\nwant:\n%s", strings.Join(b.calls, "\n"), strings.Join(want, "\n"))
	}
	b.calls = nil
}

func TestOneWriteOneCall(t *testing.T) {
	inTime(t, func(t *testing.T, b *bench) {
		b.write(mainFile.Path, "b")
		if s := b.w.State(); !s.Settling || s.Mode != Events || s.LastEvent.IsZero() {
			t.Errorf("state while settling: %+v", s)
		}
		b.want(t, 10*time.Second, "200ms nats.conf:configuration = b")
		s := b.w.State()
		if s.Changes != 1 || s.Refused != 0 || s.Settling || len(s.Pending) != 0 || !s.LastChange.Equal(b.start.Add(200*time.Millisecond)) {
			t.Errorf("state: %+v", s)
		}
		if len(s.Files) != 4 || s.Files[3].File != userGlob {
			t.Errorf("files: %+v", s.Files)
		}
	})
}

func TestQuietTimeBeginsAgainWithEachEvent(t *testing.T) {
	inTime(t, func(t *testing.T, b *bench) {
		for i := range 10 {
			b.write(mainFile.Path, fmt.Sprint(i))
			time.Sleep(100 * time.Millisecond)
		}
		b.want(t, 10*time.Second, "1.1s nats.conf:configuration = 9")
	})
}

// 1,000 writes in a second, and then as many in five.
func TestWritesAreCoalesced(t *testing.T) {
	inTime(t, func(t *testing.T, b *bench) {
		for i := range 1000 {
			b.write(mainFile.Path, fmt.Sprint(i))
			time.Sleep(time.Millisecond)
		}
		b.want(t, time.Minute, "1.199s nats.conf:configuration = 999")
		for i := range 1000 {
			b.write(mainFile.Path, fmt.Sprint("second ", i))
			time.Sleep(5 * time.Millisecond)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := len(b.calls); n > 4 || !strings.HasSuffix(b.calls[n-1], "= second 999") {
			t.Errorf("calls: %q", b.calls)
		}
	})
}

// A writer in small steps is waited for while the patience lasts, and no longer.
func TestSlowWriter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		step  time.Duration
		steps int
		want  []string
	}{
		{10 * time.Millisecond, 100, []string{"1.19s nats.conf:configuration = 100"}},
		{140 * time.Millisecond, 12, []string{"1.74s nats.conf:configuration = 12"}},
		{90 * time.Millisecond, 44, []string{"2.05s nats.conf:configuration = 23", "4.07s nats.conf:configuration = 44"}},
	} {
		t.Run(c.step.String(), func(t *testing.T) {
			inTime(t, func(t *testing.T, b *bench) {
				for i := range c.steps {
					b.write(mainFile.Path, fmt.Sprint(i+1))
					time.Sleep(c.step)
				}
				b.want(t, time.Minute, c.want...)
			})
		})
	}
}

// A change between the two readings, without an event, starts the wait again.
func TestReadingsMustAgree(t *testing.T) {
	inTime(t, func(t *testing.T, b *bench) {
		b.write(mainFile.Path, "b")
		time.Sleep(175 * time.Millisecond)
		b.mu.Lock()
		b.files[mainFile.Path] = "c"
		b.mu.Unlock()
		b.want(t, 10*time.Second, "400ms nats.conf:configuration = c")
	})
}

func TestEqualContentsCallNobody(t *testing.T) {
	inTime(t, func(t *testing.T, b *bench) {
		b.write(mainFile.Path, "a")
		b.want(t, time.Second)
		b.write(mainFile.Path, "b")
		time.Sleep(100 * time.Millisecond)
		b.write(mainFile.Path, "a")
		b.want(t, time.Second)
		if s := b.w.State(); s.Suppressed != 2 || s.Changes != 0 {
			t.Errorf("state: %+v", s)
		}
	})
}

func TestRefusedContentsAreNotTriedAgain(t *testing.T) {
	inTime(t, func(t *testing.T, b *bench) {
		b.load = func(context.Context, Change) error {
			if b.text(mainFile.Path) == "bad" {
				return errTest
			}
			return nil
		}
		b.write(mainFile.Path, "bad")
		b.want(t, time.Second, "200ms nats.conf:configuration = bad")
		s := b.w.State()
		if s.Refused != 1 || s.LastError != errTest.Error() || brief(s.Pending) != "nats.conf:configuration" {
			t.Errorf("state: %+v", s)
		}
		b.write(mainFile.Path, "bad") // touched
		b.want(t, 10*time.Minute)     // nor at the slow looks
		b.write(mainFile.Path, "a")   // as it is running
		b.want(t, time.Minute)
		if s := b.w.State(); s.LastError != "" || len(s.Pending) != 0 {
			t.Errorf("state after going back: %+v", s)
		}
		b.start = time.Now()
		b.write(mainFile.Path, "bad") // somebody has tried again
		b.want(t, time.Second, "200ms nats.conf:configuration = bad")
		b.start = time.Now()
		b.write(mainFile.Path, "good")
		b.want(t, time.Second, "200ms nats.conf:configuration = good")
		if s := b.w.State(); s.LastError != "" || len(s.Pending) != 0 {
			t.Errorf("state after the good one: %+v", s)
		}
	})
}

// The pair does not fit while only one half is there; the change then names both.
func TestPairInTwoSteps(t *testing.T) {
	inTime(t, func(t *testing.T, b *bench) {
		b.load = func(_ context.Context, c Change) error {
			if !c.Has(Certificates) || c.Has(Configuration) || c.Has(Secrets) {
				t.Errorf("kinds of %v", c.Files)
			}
			if strings.TrimPrefix(b.text(certFile.Path), "cert ") != strings.TrimPrefix(b.text(keyFile.Path), "key ") {
				return errTest
			}
			return nil
		}
		b.write(certFile.Path, "cert b")
		time.Sleep(time.Second)
		b.write(keyFile.Path, "key b")
		b.want(t, time.Second, "200ms cert.pem:certificates = cert b", "1.2s cert.pem:certificates key.pem:certificates = cert b")
		b.start = time.Now()
		b.write(certFile.Path, "cert c")
		time.Sleep(100 * time.Millisecond)
		b.write(keyFile.Path, "key c")
		b.want(t, time.Second, "300ms cert.pem:certificates key.pem:certificates = cert c")
	})
}

// What changes during a call leads to one more call, with what stands there then.
func TestOneCallAtATimeLatestWins(t *testing.T) {
	inTime(t, func(t *testing.T, b *bench) {
		b.load = func(context.Context, Change) error { time.Sleep(10 * time.Second); return nil }
		b.write(mainFile.Path, "b")
		for i := range 9 {
			time.Sleep(time.Second)
			b.write(mainFile.Path, fmt.Sprint(i))
		}
		b.want(t, time.Minute, "200ms nats.conf:configuration = b", "10.25s nats.conf:configuration = 8")
	})
}

func TestRemovedAndBack(t *testing.T) {
	inTime(t, func(t *testing.T, b *bench) {
		b.load = func(context.Context, Change) error {
			if b.text(mainFile.Path) == "" {
				return errTest
			}
			return nil
		}
		b.remove(mainFile.Path)
		time.Sleep(100 * time.Millisecond)
		b.write(mainFile.Path, "a") // as an editor does
		b.want(t, time.Second)
		b.start = time.Now()
		b.remove(mainFile.Path)
		b.want(t, 10*time.Minute, "200ms nats.conf:configuration = ")
		b.write(mainFile.Path, "a")
		b.want(t, 10*time.Minute)
		b.start = time.Now()
		b.write("/etc/nats/users/one.conf", "x")
		b.want(t, time.Second, "200ms one.conf:configuration = x")
		b.start = time.Now()
		b.remove("/etc/nats/users/one.conf")
		b.want(t, time.Second, "200ms one.conf:configuration = ")
	})
}

func TestPolling(t *testing.T) {
	inTime(t, func(t *testing.T, b *bench) {
		b.setBlind("nfs")
		b.w.Set(Settings{Enabled: true, Quiet: 150 * time.Millisecond, Poll: 5*time.Second + 1})
		synctest.Wait()
		if s := b.w.State(); s.Mode != Polling || s.Reason != "nfs" {
			t.Errorf("state: %+v", s)
		}
		time.Sleep(time.Second)
		b.write(mainFile.Path, "b")
		b.want(t, time.Minute, "5.2s nats.conf:configuration = b")
		// One that is still being written when the look comes is let come to rest.
		b.start = time.Now()
		for i := range 60 {
			b.write(mainFile.Path, fmt.Sprint(i+1))
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(b.calls) > 2 || !strings.HasSuffix(b.calls[len(b.calls)-1], "= 60") {
			t.Errorf("calls: %q", b.calls)
		}
		b.calls = nil
		looks := b.count()
		time.Sleep(10 * time.Minute)
		if n := b.count() - looks; n < 110 || n > 125 {
			t.Errorf("%d looks in ten minutes", n)
		}
		b.setBlind("")
		time.Sleep(10 * time.Second)
		looks = b.count()
		time.Sleep(10 * time.Minute)
		if n := b.count() - looks; n < 9 || n > 11 {
			t.Errorf("%d looks in ten minutes with events", n)
		}
		if s := b.w.State(); s.Mode != Events || s.Reason != "" {
			t.Errorf("state: %+v", s)
		}
	})
}

// Where events are lost without a trace, the slow look finds the change.
func TestSlowLook(t *testing.T) {
	inTime(t, func(t *testing.T, b *bench) {
		b.mu.Lock()
		b.files[mainFile.Path] = "b"
		b.mu.Unlock()
		b.want(t, 2*time.Minute, "1m0.2s nats.conf:configuration = b")
		b.w.Set(Settings{Enabled: true, Quiet: 150 * time.Millisecond}) // never
		b.mu.Lock()
		b.files[mainFile.Path] = "c"
		b.mu.Unlock()
		b.want(t, 24*time.Hour)
	})
}

func TestLostEventsMakeItLook(t *testing.T) {
	inTime(t, func(t *testing.T, b *bench) {
		b.mu.Lock()
		b.files[mainFile.Path] = "b"
		b.mu.Unlock()
		b.note(true)
		b.want(t, time.Second, "200ms nats.conf:configuration = b")
	})
}

func TestSettings(t *testing.T) {
	inTime(t, func(t *testing.T, b *bench) {
		b.write(mainFile.Path, "b")
		b.w.Set(Settings{})
		synctest.Wait()
		if s := b.w.State(); s.Mode != Off || s.Enabled || s.Settling {
			t.Errorf("state while off: %+v", s)
		}
		b.want(t, time.Hour)
		b.write(mainFile.Path, "c")
		b.start = time.Now()
		b.w.Set(Settings{Enabled: true, Quiet: time.Second, Poll: time.Second})
		b.want(t, time.Minute, "1.05s nats.conf:configuration = c")
		b.start = time.Now()
		b.write(mainFile.Path, "d")
		b.want(t, time.Minute, "1.05s nats.conf:configuration = d")
		b.w.Set(Settings{Enabled: true})
		synctest.Wait()
		b.start = time.Now()
		b.write(mainFile.Path, "e")
		b.want(t, time.Minute, "50ms nats.conf:configuration = e")
	})
}

// A load by somebody else is taken note of: neither what it loaded nor what it refused is offered.
func TestLoadsOfOthers(t *testing.T) {
	inTime(t, func(t *testing.T, b *bench) {
		b.write(mainFile.Path, "b")
		time.Sleep(50 * time.Millisecond)
		b.w.Loaded(time.Now(), nil)
		b.want(t, time.Minute)
		b.write(mainFile.Path, "bad")
		time.Sleep(50 * time.Millisecond)
		b.w.Loaded(time.Now(), errTest)
		b.want(t, time.Minute)
		if s := b.w.State(); s.LastError != errTest.Error() || len(s.Pending) != 1 {
			t.Errorf("state: %+v", s)
		}
		b.write(mainFile.Path, "b")
		b.want(t, time.Minute)
		// It may have read the file before or after the change.
		began := time.Now()
		b.start = began
		time.Sleep(10 * time.Millisecond)
		b.write(mainFile.Path, "c")
		b.w.Loaded(began, nil)
		b.want(t, time.Minute, "210ms nats.conf:configuration = c")
	})
}

// What the caller says of its own load during a call does not count twice.
func TestLoadedDuringACall(t *testing.T) {
	inTime(t, func(t *testing.T, b *bench) {
		b.load = func(context.Context, Change) error {
			began := time.Now()
			b.mu.Lock()
			b.memory.changed[mainFile.Path] = time.Now()
			b.mu.Unlock()
			time.Sleep(time.Millisecond)
			b.w.Loaded(began, nil)
			return nil
		}
		b.write(mainFile.Path, "b")
		b.want(t, time.Minute, "200ms nats.conf:configuration = b")
	})
}

// A change between the load at the start and the watcher's own start is found, and not what was written
// just before the load.
func TestChangedBeforeTheStart(t *testing.T) {
	t.Parallel()
	for read, calls := range map[string][]string{"": {"nats.conf:configuration"}, "a": {"nats.conf:configuration"}, "b": nil} {
		t.Run(read, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { changedBeforeTheStart(t, read, calls) })
		})
	}
}

func changedBeforeTheStart(t *testing.T, read string, want []string) {
	t.Helper()
	m := newMemory()
	since := time.Now()
	m.write(mainFile.Path, "b")
	var calls []string
	w := New(Config{Since: since, Settings: standard, Files: func() []File { return []File{mainFile} }, Changed: func(_ context.Context, c Change) error {
		calls = append(calls, brief(c.Files))
		return nil
	}, Sum: func(string) ([sha256.Size]byte, bool) { return sha256.Sum256([]byte(read)), read != "" }})
	w.sys, m.note = m, w.inbox.note
	tasks := task.New(context.Background(), nil)
	w.Start(tasks)
	time.Sleep(time.Minute)
	tasks.Stop()
	tasks.Wait()
	if !slices.Equal(calls, want) {
		t.Errorf("calls: %q, want %q", calls, want)
	}
}

// The set of files follows the load, and a mistake in a new include can be mended there.
func TestFilesAreAskedAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		include := File{Path: "/etc/nats/more.conf"}
		m.files[mainFile.Path] = "plain"
		var calls []string
		w := New(Config{Settings: standard, Files: func() []File {
			if strings.Contains(m.text(mainFile.Path), "include") {
				return []File{mainFile, include}
			}
			return []File{mainFile}
		}, Changed: func(_ context.Context, c Change) error {
			calls = append(calls, brief(c.Files))
			if strings.Contains(m.text(mainFile.Path), "include") && m.text(include.Path) != "good" {
				return errTest
			}
			return nil
		}})
		w.sys, m.note = m, w.inbox.note
		tasks := task.New(context.Background(), nil)
		w.Start(tasks)
		steps := []struct {
			path, text string
			calls      int
		}{
			{include.Path, "nobody listens", 0},
			{mainFile.Path, "include", 1},
			{include.Path, "still bad", 1},
			{include.Path, "still bad", 0},
			{mainFile.Path, "plain", 0},
			{mainFile.Path, "include", 1},
			{include.Path, "good", 1},
			{mainFile.Path, "plain again", 1},
			{include.Path, "nobody listens", 0},
		}
		for i, s := range steps {
			time.Sleep(time.Hour)
			calls = nil
			m.write(s.path, s.text)
			time.Sleep(time.Second)
			synctest.Wait()
			if len(calls) != s.calls {
				t.Errorf("step %d, %s = %s: calls %q", i, s.path, s.text, calls)
			}
		}
		tasks.Stop()
		tasks.Wait()
	})
}

// The end of the group ends a settling burst and a call.
func TestStop(t *testing.T) {
	inTime(t, func(t *testing.T, b *bench) {
		b.load = func(ctx context.Context, _ Change) error { <-ctx.Done(); return ctx.Err() }
		b.write(mainFile.Path, "b")
		time.Sleep(time.Second)
	})
	t.Run("settling", func(t *testing.T) {
		inTime(t, func(t *testing.T, b *bench) {
			b.write(mainFile.Path, "b")
			time.Sleep(175 * time.Millisecond)
		})
	})
}
