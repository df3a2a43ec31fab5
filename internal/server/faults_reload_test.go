package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nkeys"

	"natsd/internal/config"
	"natsd/internal/event"
	"natsd/internal/reload"
)

var errInjected = errors.New("injected fault")

// sabotage is what goes wrong: one component fails in one phase, before it has done its work there or
// after.
type sabotage struct {
	component, phase, how string
	late                  bool
	cancel                context.CancelFunc
	done                  atomic.Bool // it happens once
}

func (f *sabotage) String() string {
	when := "before"
	if f.late {
		when = "after"
	}
	return strings.Join([]string{f.component, f.how, when, f.phase}, " ")
}

// saboteur is a component of a server that does what the sabotage says.
type saboteur struct {
	reload.Component
	now *atomic.Pointer[sabotage]
}

func (s saboteur) Keys() []string {
	if o, ok := s.Component.(reload.Owner); ok {
		return o.Keys()
	}
	return nil
}

// at does the work of a phase, and what shall go wrong there.
func (s saboteur) at(phase string, work func() error) error {
	var f *sabotage
	if s.now != nil {
		f = s.now.Load()
	}
	if f == nil || f.component != s.Name() || f.phase != phase || f.done.Swap(true) {
		return work()
	}
	if f.late {
		if err := work(); err != nil {
			return err
		}
	}
	switch f.how {
	case "panic":
		panic("injected panic")
	case "cancel":
		f.cancel()
		if f.late {
			return nil
		}
		return work()
	}
	return errInjected
}

func (s saboteur) Plan(old, next *config.Options) (change reload.Change, err error) {
	err = s.at("plan", func() (err error) { change, err = s.Component.Plan(old, next); return err })
	if err != nil || change == nil {
		return nil, err
	}
	return sabotaged{change, s}, nil
}

// sabotaged is the change of such a component.
type sabotaged struct {
	reload.Change
	by saboteur
}

func (c sabotaged) Prepare(ctx context.Context) error {
	return c.by.at("prepare", func() error { return c.Change.Prepare(ctx) })
}

func (c sabotaged) Predict(ctx context.Context) (out []reload.Effect) {
	if p, ok := c.Change.(reload.Predictor); ok {
		_ = c.by.at("predict", func() error { out = p.Predict(ctx); return nil })
	}
	return out
}

func (c sabotaged) Commit() { _ = c.by.at("commit", func() error { c.Change.Commit(); return nil }) }

func (c sabotaged) Settle(ctx context.Context) (out []reload.Effect, err error) {
	err = c.by.at("settle", func() (err error) { out, err = c.Change.Settle(ctx); return err })
	return out, err
}

// Two configurations that differ for every component.
const (
	faultsFrom = `auth_failure_delay { free: 1000000 }
host: <net>.5
port: 14601
http: '<net>.5:14602'
log_file: '<dir>/natsd.log'
pid_file: '<dir>/a.pid'
ports_file_dir: '<dir>/a'
watch { quiet: 99ms }
cluster { name: c, listen: '<net>.5:14605' }
admin { listen: '<net>.5:14603', history { dir: '<dir>/history/a', keep: 4 } }
accounts { A { users: [ {user: alice, password: one} ], limits { max_payload: 1KB } }, B { users: [ {user: bob, password: one} ] } }
`
	faultsTo = `auth_failure_delay { free: 1000000 }
host: <net>.6
port: 14601
http: '<net>.6:14602'
prof_port: 14604
log_file: '<dir>/other.log'
log_format: json
pid_file: '<dir>/b.pid'
ports_file_dir: '<dir>/b'
watch { quiet: 88ms }
cluster { name: c, listen: '<net>.6:14605' }
admin { listen: '<net>.6:14603', history { dir: '<dir>/history/b', keep: 5 } }
accounts { A { users: [ {user: alice, password: two} ], limits { max_payload: 2KB } }, C { users: [ {user: bob, password: one} ] } }
`
)

// sabotageable runs a server whose components fail when they are told to.
func sabotageable(t *testing.T, text string) (*live, *atomic.Pointer[sabotage]) {
	t.Helper()
	dir := t.TempDir()
	for _, sub := range []string{"a", "b"} {
		must(0, os.Mkdir(filepath.Join(dir, sub), 0o700))
	}
	var now atomic.Pointer[sabotage]
	l, err := begin(dir, text, func(s *Server) {
		s.wrap = func(c reload.Component) reload.Component { return saboteur{c, &now} }
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(0, l.end()) })
	return l, &now
}

// give puts a text into force that is to be written to the configuration file.
func (l *live) give(ctx context.Context, text string, req reload.Request) (*reload.Report, error) {
	text = strings.NewReplacer("<dir>", l.dir, "<net>", ownNet).Replace(text)
	load := func() (*config.Options, *config.Report) {
		next, report := config.LoadText(l.origin(), text)
		l.writing = next
		return next, report
	}
	return l.reload.ApplyLoaded(ctx, load, req)
}

// TestEveryFaultLeavesAllAsItWas makes every component of a server fail in every phase before the commit,
// and looks for anything that has changed: what the server is, its files, its clients, its descriptors.
//
// It counts descriptors, so nothing runs beside it.
func TestEveryFaultLeavesAllAsItWas(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs addresses of the net 127/8")
	}
	key := must(nkeys.CreateUser())
	l, now := sabotageable(t, faultsFrom)
	was, file := portrait(t, l, key), l.file(t)
	for _, c := range l.busy(t, faultsTo) {
		for _, phase := range []string{"plan", "prepare"} {
			for _, how := range []string{"error", "panic", "cancel"} {
				for _, late := range []bool{false, true} {
					ctx, cancel := context.WithCancel(t.Context())
					f := &sabotage{component: c.Name(), phase: phase, how: how, late: late, cancel: cancel}
					guests := gather(t, l, key)
					open := descriptors(t)
					now.Store(f)
					r, err := l.give(ctx, faultsTo, reload.Request{Who: "test"})
					now.Store(nil)
					cancel()
					if err == nil || r.Moved() {
						t.Errorf("%s: %v %v", f, r.Result, err)
					}
					eventually(t, fmt.Sprintf("%s: there are no more descriptors than before", f), func() bool { return descriptors(t) <= open })
					guests.check(t, l, 0)
					if _, err := os.Stat(filepath.Join(l.dir, "history/b")); !errors.Is(err, os.ErrNotExist) {
						t.Errorf("%s: a folder was left behind: %v", f, err)
					}
					if text := l.file(t); text != file {
						t.Errorf("%s: the configuration file was written", f)
					}
					if diff := cmp.Diff(was, portrait(t, l, key)); diff != "" {
						t.Errorf("%s changed something (-before +after):\n%s", f, diff)
					}
					if t.Failed() {
						return
					}
				}
			}
		}
	}
	// The server is none the worse: what was refused so often works.
	r, err := l.give(t.Context(), faultsTo, reload.Request{Who: "test"})
	if err != nil || len(r.Warnings) > 0 || !strings.Contains(l.file(t), "<net>.6") && !strings.Contains(l.file(t), ownNet+".6") {
		t.Errorf("%v %v\n%s", err, r.Warnings, l.file(t))
	}
}

// busy are the components that have something to do for a text. All should.
func (l *live) busy(t *testing.T, text string) (out []reload.Component) {
	t.Helper()
	next, report := config.LoadText(l.origin(), strings.NewReplacer("<dir>", l.dir, "<net>", ownNet).Replace(text))
	if next == nil {
		t.Fatal(report.Err())
	}
	for _, c := range l.components() {
		if change, err := c.Plan(l.Options(), next); err == nil && change == nil && c.Name() != "file" {
			t.Logf("nothing changes for %s: let the two configurations differ there", c.Name())
			continue
		}
		out = append(out, c)
	}
	return out
}

// TestFaultsBeyondTheCommit: what fails later is told, the others go on, and a commit that breaks is
// taken back.
func TestFaultsBeyondTheCommit(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("needs addresses of the net 127/8")
	}
	key := must(nkeys.CreateUser())
	text := func(s string) string { return "allow_auth_removal: true\n" + strings.ReplaceAll(s, ":146", ":147") }
	from, to := strings.ReplaceAll(text(faultsFrom), "port: 146", "port: 147"), strings.ReplaceAll(text(faultsTo), "port: 146", "port: 147")
	l, now := sabotageable(t, from)
	heard := &eavesdropper{Subscription: l.Events().Subscribe(1000, event.ReloadRolledBack)}
	was := portrait(t, l, key)
	back := func(what string) {
		t.Helper()
		if diff := cmp.Diff(was, portrait(t, l, key)); diff != "" {
			t.Fatalf("%s (-before +after):\n%s", what, diff)
		}
	}
	for _, c := range l.busy(t, to) {
		if c.Name() == "file" {
			continue // it has nothing to do here
		}
		for _, f := range []*sabotage{
			{component: c.Name(), phase: "predict", how: "panic"},
			{component: c.Name(), phase: "settle", how: "error", late: true},
			{component: c.Name(), phase: "settle", how: "panic", late: true},
		} {
			now.Store(f)
			must(0, l.write(to))
			r, err := l.ReloadReport(t.Context(), reload.Request{Who: "test", RollbackOn: reload.RollbackNever})
			now.Store(nil)
			told := slices.ContainsFunc(r.Warnings, func(p reload.Problem) bool { return p.Component == f.component })
			if err != nil || r.Result != reload.Applied || told != (f.phase == "settle" || f.component == "clients") {
				t.Errorf("%s: %v %v %v", f, r.Result, err, r.Warnings)
			}
			must(0, l.write(from))
			if r, err := l.ReloadReport(t.Context(), reload.Request{Who: "test", RollbackOn: reload.RollbackNever}); err != nil || len(r.Warnings) > 1 {
				t.Errorf("%s: and back: %v %v", f, err, r.Warnings)
			}
			back(f.String())
		}
		for _, late := range []bool{false, true} {
			f := &sabotage{component: c.Name(), phase: "commit", how: "panic", late: late}
			now.Store(f)
			must(0, l.write(to))
			r, err := l.ReloadReport(t.Context(), reload.Request{Who: "test", RollbackOn: reload.RollbackError})
			now.Store(nil)
			if err == nil || r.Result != reload.Failed || !r.Moved() {
				t.Errorf("%s: %v %v", f, r.Result, err)
			}
			undone := heard.await(t, event.ReloadRolledBack).Data.(*reload.Report)
			if undone.Request.RollsBack != r.Revision || undone.Result != reload.Applied {
				t.Errorf("%s: %+v %v", f, undone.Request, undone.Err())
			}
			must(0, l.write(from))
			eventually(t, fmt.Sprintf("%s: nothing is left to do", f), func() bool {
				r, err := l.ReloadReport(context.Background(), reload.Request{Who: "test"})
				return err == nil && r.Result == reload.NoChange
			})
			back(f.String())
		}
	}
}

// descriptors counts the open descriptors of the process.
func descriptors(t *testing.T) int {
	t.Helper()
	return len(must(os.ReadDir("/proc/self/fd")))
}
