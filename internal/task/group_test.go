package task_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"natsd/internal/task"
)

// crashEnv makes the test binary start a task that panics, see TestPanicEndsTheProcess.
const crashEnv = "NATSD_TASK_CRASH"

func TestMain(m *testing.M) {
	if os.Getenv(crashEnv) != "" {
		g := task.New(context.Background(), func(p task.Panic) {
			fmt.Fprintf(os.Stderr, "hook: task=%s value=%v stack=%t\n", p.Task, p.Value, bytes.Contains(p.Stack, []byte("explode")))
		})
		g.Go("fragile", func(context.Context) { explode() })
		g.Wait()
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func explode() { panic("boom") }

func TestWaitReturnsWhenAllTasksHave(t *testing.T) {
	t.Parallel()
	g := task.New(context.Background(), nil)
	var mu sync.Mutex
	done := 0
	for range 100 {
		g.Go("worker", func(ctx context.Context) {
			<-ctx.Done()
			mu.Lock()
			defer mu.Unlock()
			done++
		})
	}
	g.Go("other", func(ctx context.Context) { <-ctx.Done() })
	if diff := cmp.Diff(map[string]int{"worker": 100, "other": 1}, g.Counts()); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if n := g.Running(); n != 101 {
		t.Errorf("running = %d, want 101", n)
	}
	g.Stop()
	g.Wait()
	if done != 100 || g.Running() != 0 || len(g.Counts()) != 0 {
		t.Errorf("after Wait: done %d, running %d, counts %v", done, g.Running(), g.Counts())
	}
}

func TestWaitCoversTasksStartedByTasks(t *testing.T) {
	t.Parallel()
	g := task.New(context.Background(), nil)
	finished := make(chan string, 2)
	g.Go("outer", func(context.Context) {
		g.Go("inner", func(context.Context) { finished <- "inner" })
		finished <- "outer"
	})
	g.Wait()
	if len(finished) != 2 {
		t.Errorf("Wait returned after %d of 2 tasks", len(finished))
	}
	g.Wait() // an idle group does not block
}

func TestParentEndsTasks(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	g := task.New(ctx, nil)
	g.Go("worker", func(ctx context.Context) { <-ctx.Done() })
	cancel()
	g.Wait()
}

func TestWaitForNamesWhoStillRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := task.New(context.Background(), nil)
		stop := make(chan struct{})
		for _, name := range []string{"client", "accept", "client"} {
			g.Go(name, func(context.Context) { <-stop })
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		err := g.WaitFor(ctx)
		if want := "tasks still running: accept (1), client (2): context deadline exceeded"; err == nil || err.Error() != want {
			t.Errorf("WaitFor = %v, want %s", err, want)
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("WaitFor error is not a deadline: %v", err)
		}
		close(stop)
		if err := g.WaitFor(context.Background()); err != nil {
			t.Errorf("WaitFor after the end = %v", err)
		}
	})
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	g := task.New(context.Background(), nil)
	var starters sync.WaitGroup
	for range 8 {
		starters.Go(func() {
			for range 200 {
				g.Go("short", func(context.Context) {})
				g.Wait()
				_ = g.Counts()
			}
		})
	}
	starters.Wait()
	g.Wait()
}

func TestPanicEndsTheProcess(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashEnv+"=1")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 {
		t.Fatalf("exit = %v, want code 2; output:\n%s", err, out)
	}
	for _, want := range []string{"hook: task=fragile value=boom stack=true", "panic: boom", "task_test.explode"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("output lacks %q:\n%s", want, out)
		}
	}
}
