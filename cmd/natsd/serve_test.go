package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"natsd/internal/process"
	"natsd/internal/task"
)

// recorder is a server that writes down what it is asked for.
type recorder struct {
	mu        sync.Mutex
	calls     []string
	reloadErr error
	log       bytes.Buffer
}

func (r *recorder) note(call string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, call)
}

func (r *recorder) Run(ctx context.Context) error { <-ctx.Done(); return nil }
func (r *recorder) Ready() <-chan struct{}        { return nil }
func (r *recorder) LameDuck()                     { r.note("lame duck") }
func (r *recorder) ReopenLogs()                   { r.note("reopen") }
func (r *recorder) Logger() *slog.Logger          { return slog.New(slog.NewTextHandler(&r.log, nil)) }

func (r *recorder) Reload(_ context.Context, who string) error {
	r.note("reload by " + who)
	return r.reloadErr
}

func TestDesk(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		wishes  []action
		calls   string
		stopped bool
		last    verdict
	}{
		{"terminate", []action{terminate}, "", true, wait},
		{"interrupt", []action{interrupt}, "", true, wait},
		{"interrupt twice gives up waiting", []action{interrupt, interrupt}, "", true, abandon},
		{"terminate twice waits", []action{terminate, terminate}, "", true, wait},
		{"lame duck ignores terminate", []action{lameDuck, terminate}, "lame duck", false, wait},
		{"lame duck obeys interrupt", []action{lameDuck, interrupt}, "lame duck", true, wait},
		{"lame duck once", []action{lameDuck, lameDuck}, "lame duck", false, wait},
		{"reopen", []action{reopen, reopen}, "reopen reopen", false, wait},
		{"reload", []action{reload}, "reload by signal", false, wait},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			srv := &recorder{}
			tasks := task.New(t.Context(), nil)
			stopped := false
			d := &desk{srv: srv, notify: process.Notifier{}, tasks: tasks, stop: func() { stopped = true }}
			var last verdict
			for _, w := range tc.wishes {
				last = d.do(w)
			}
			tasks.Wait()
			if got := strings.Join(srv.calls, " "); got != tc.calls {
				t.Errorf("calls %q, want %q", got, tc.calls)
			}
			if stopped != tc.stopped || last != tc.last {
				t.Errorf("stopped %v, verdict %v", stopped, last)
			}
		})
	}
}

func TestRefusedReloadIsLogged(t *testing.T) {
	t.Parallel()
	srv := &recorder{reloadErr: errors.New("no file")}
	d := &desk{srv: srv}
	d.reload(t.Context())
	if want := "Failed to reload server configuration: no file"; !strings.Contains(srv.log.String(), want) {
		t.Errorf("log: %s", srv.log.String())
	}
}

func TestRunServerEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := runServer(ctx, &recorder{}, process.Notifier{}); err != nil {
		t.Error(err)
	}
}
