package logging

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestRepeats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out buffer
		l := open(t, Config{Stderr: &out})
		logger := l.Logger()
		for range 100 {
			logger.Warn("accept: too many open files", "fds", 64)
			logger.Warn("accept: too many open files", "fds", 65)
		}
		for i := range 20 {
			logger.Info("client connected", "cid", i)
		}
		count := func(s string) int { return strings.Count(out.String(), s) }
		if n := count("fds=64\n"); n != repeatBurst {
			t.Errorf("%d repeated lines passed, want %d", n, repeatBurst)
		}
		if n := count("client connected"); n != 20 {
			t.Errorf("%d different lines passed, want 20", n)
		}
		if c := l.Counters(); c.Suppressed != 2*(100-repeatBurst) {
			t.Errorf("counters %+v", c)
		}
		time.Sleep(repeatWindow + time.Second)
		synctest.Wait()
		for _, want := range []string{"[WRN] accept: too many open files fds=64 repeated=90\n", "fds=65 repeated=90\n"} {
			if count(want) != 1 {
				t.Errorf("%q is not told:\n%s", want, out.String())
			}
		}
		logger.Warn("accept: too many open files", "fds", 64)
		if n := count("fds=64\n"); n != repeatBurst+1 {
			t.Errorf("after the window: %d lines", n)
		}
	})
}

// A text that comes now and then is never held back.
func TestSlowRepeatsPass(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out buffer
		l := open(t, Config{Stderr: &out})
		for range 50 {
			l.Logger().Info("Reloaded server configuration")
			time.Sleep(repeatWindow / repeatBurst)
		}
		if n := strings.Count(out.String(), "\n"); n != 50 {
			t.Errorf("%d of 50 lines passed", n)
		}
	})
}

func TestRepeatsAreToldAtClose(t *testing.T) {
	t.Parallel()
	var out buffer
	l := open(t, Config{Stderr: &out})
	for range repeatBurst + 5 {
		l.Logger().Info("again")
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(out.String(), "again repeated=5\n") {
		t.Errorf("not told:\n%s", out.String())
	}
}

func TestDebugIsNotLimited(t *testing.T) {
	t.Parallel()
	var out buffer
	l := open(t, Config{Stderr: &out, Debug: true, Trace: true})
	for range 100 {
		l.Logger().Debug("again")
		l.Logger().Log(t.Context(), LevelTrace, "again")
	}
	if n := strings.Count(out.String(), "\n"); n != 200 {
		t.Errorf("%d of 200 lines", n)
	}
}

func TestWatchedTextsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRepeats()
		for round := range 3 {
			for i := range 10 * repeatTexts {
				body := fmt.Appendf(nil, "%d %d", round, i)
				if !r.pass(&entry{}, body) {
					t.Fatal("a new text was held back")
				}
			}
			if len(r.seen) > repeatTexts {
				t.Fatalf("%d texts watched", len(r.seen))
			}
			time.Sleep(repeatWindow)
		}
	})
}
