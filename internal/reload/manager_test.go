package reload_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"natsd/internal/config"
	"natsd/internal/config/syntax"
	"natsd/internal/reload"
)

func TestNoChange(t *testing.T) {
	t.Parallel()
	old := load(t, confA)
	same := load(t, "# the same in other words\nserver_tags: a; net: 0.0.0.0\nPORT = 4333\nauthorization { username: u, pass: \"canary-a\", }\n")
	for _, quiet := range []bool{false, true} {
		fs := fakes(old)
		var published []uint64
		m := reload.New(old, reload.Setup{Components: components(fs), Publish: func(_ *config.Options, g uint64) { published = append(published, g) }})
		report, err := m.Apply(t.Context(), same, reload.Request{Quiet: quiet})
		if err != nil || report.Result != reload.NoChange || report.Verdict != reload.Noop || len(report.Changes) > 0 || m.Generation() != 1 {
			t.Fatalf("%v %v %v", report.Result, err, report.Changes)
		}
		if moved := m.Current() == same; moved == quiet || (len(published) == 1) != moved || (len(m.History()) == 2) != moved {
			t.Errorf("quiet %v: snapshot %v, published %v, history %d", quiet, moved, published, len(m.History()))
		}
	}
}

// TestLoadRefused: what the configuration says wrong is in the report, with its place, and is kept.
func TestLoadRefused(t *testing.T) {
	t.Parallel()
	old := load(t, confA)
	for name, read := range map[string]func() (*config.Options, *config.Report){
		"errors": func() (*config.Options, *config.Report) {
			return nil, &config.Report{Problems: []syntax.Problem{{Pos: syntax.Pos{File: "f", Line: 3, Col: 1}, Message: "bad"}, {Message: "hm", Warning: true}}}
		},
		"nothing": func() (*config.Options, *config.Report) { return nil, nil },
		"panic":   func() (*config.Options, *config.Report) { panic("canary") },
	} {
		m := reload.New(old, reload.Setup{Load: read})
		report, err := m.Reload(t.Context(), reload.Request{Who: "signal"})
		if err == nil || report.Result != reload.Refused || m.Current() != old || len(m.History()) != 2 || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v %v", name, report.Result, err)
		}
		if name == "errors" && (err.Error() != "f:3:1: bad" || len(report.Warnings) != 1) {
			t.Errorf("%v %v", err, report.Warnings)
		}
		if r, err := m.Revision(report.Revision); err != nil || r.Files() != nil {
			t.Error(err)
		} else if _, err := r.Options(); err == nil {
			t.Error("there are options")
		}
	}
}

func TestModes(t *testing.T) {
	t.Parallel()
	old, next := load(t, confA), load(t, confB)
	restart := &reload.KeyError{Path: "server_tags", Verdict: reload.Restart, Reason: "so it is"}
	begin := func(err error) (*reload.Manager, []*fake) {
		fs := fakes(old)
		fs[1].planErr = err
		return reload.New(old, reload.Setup{Components: components(fs)}), fs
	}

	m, fs := begin(restart)
	report, err := m.Apply(t.Context(), next, reload.Request{})
	if err == nil || report.Problems[0].Code != reload.CodeRestart || report.Verdict != reload.Restart {
		t.Errorf("strict: %v %v", err, report.Verdict)
	}
	unchanged(t, m, old, fs)

	m, fs = begin(errors.Join(restart, &reload.KeyError{Path: "server_name", Verdict: reload.Rejected, Reason: "no"}))
	report, err = m.Apply(t.Context(), next, reload.Request{Mode: reload.Partial})
	if err != nil || report.Result != reload.Applied || !slices.Equal(report.Pending, []string{"server_tags"}) || len(report.Warnings) != 1 {
		t.Fatalf("partial: %v %v %v", err, report.Pending, report.Warnings)
	}
	if live, _ := fs[1].state(); live != "a" || fs[0].live != "4444" {
		t.Errorf("%q %q", live, fs[0].live)
	}
	// It stays pending, and is seen as changed although the snapshot in force says so already.
	report, err = m.Apply(t.Context(), load(t, confB), reload.Request{Mode: reload.Partial})
	if err != nil || report.Result != reload.NoChange || len(report.Pending) != 1 || report.Generation != 2 {
		t.Errorf("again: %v %v %v", err, report.Result, report.Pending)
	}
	if i := slices.IndexFunc(report.Changes, func(f reload.Field) bool { return f.Path == "server_tags" }); i < 0 || !reflect.DeepEqual(report.Changes[i].Old, []string{"a"}) {
		t.Errorf("%v", report.Changes)
	}
	if got := m.Status().Pending; len(got) != 1 {
		t.Errorf("%v", got)
	}
	// It is over when the old value is back, or when the component can do it after all.
	fs[1].planErr = nil
	if report, err = m.Apply(t.Context(), load(t, confB), reload.Request{}); err != nil || fs[1].live != "b" || len(report.Pending) != 0 {
		t.Errorf("%v %q", err, fs[1].live)
	}

	m, fs = begin(errors.New("not a key"))
	if _, err = m.Apply(t.Context(), next, reload.Request{Mode: reload.Partial}); err == nil {
		t.Error("a partial reload goes on after an error that is not about keys")
	}
	unchanged(t, m, old, fs)
}

func TestEffects(t *testing.T) {
	t.Parallel()
	old, next := load(t, confA), load(t, confB)
	fs := fakes(old)
	m := reload.New(old, reload.Setup{Components: components(fs)})

	report, _ := m.Apply(t.Context(), next, reload.Request{DryRun: true})
	if report.Verdict != reload.Live || report.Predicted.Affected != 0 {
		t.Errorf("nobody is there: %v %v", report.Verdict, report.Predicted)
	}
	if len(m.History()) != 1 || m.Generation() != 1 {
		t.Error("a dry run left something")
	}
	fs[2].predicted = []reload.Effect{{CID: 7, Subs: 2, Path: "authorization.password"}, {CID: 5, Dropped: true, Path: "authorization.password", Reason: "Authentication Failure"}}
	fs[2].had = fs[2].predicted[1:]
	report, _ = m.Apply(t.Context(), next, reload.Request{})
	if report.Verdict != reload.Disruptive || report.Predicted.Affected != 2 || report.Predicted.List[0].CID != 5 || report.Effects.Dropped != 1 || report.Predicted.Subs != 2 {
		t.Errorf("%v %+v %+v", report.Verdict, report.Predicted, report.Effects)
	}
	for _, f := range report.Changes {
		if want := f.Path == "authorization.password"; (f.Dropped == 1) != want || (f.Verdict == reload.Disruptive) != want {
			t.Errorf("%+v", f)
		}
	}
}

// TestComponentOfAChange: the one that claims the longest key.
func TestComponentOfAChange(t *testing.T) {
	t.Parallel()
	old := load(t, "port: 1\nserver_tags: a\nauthorization { user: a, password: b }\npid_file: x\n")
	next := load(t, "port: 2\nserver_tags: b\nauthorization { user: b, password: b }\n")
	m := reload.New(old, reload.Setup{Components: components(fakes(old))})
	report, err := m.Apply(t.Context(), next, reload.Request{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range report.Changes {
		got = append(got, f.Path+" "+f.Component)
	}
	if want := []string{"authorization.user auth", "pid_file ", "port listeners", "server_tags identity"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// reading loads what a test has put on its disk.
func reading(disk *atomic.Pointer[config.Options]) func() (*config.Options, *config.Report) {
	return func() (*config.Options, *config.Report) { return disk.Load(), &config.Report{} }
}

// TestLatestWins: of those that wait while one runs, the last one is carried out for all.
func TestLatestWins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		old := load(t, confA)
		fs := fakes(old)
		gate := make(chan struct{})
		var once sync.Once
		fs[0].hook = func(_ context.Context, phase string) {
			if phase == "prepare" {
				once.Do(func() { <-gate })
			}
		}
		var disk atomic.Pointer[config.Options]
		m := reload.New(old, reload.Setup{Components: components(fs), Load: reading(&disk)})
		type answer struct {
			report *reload.Report
			err    error
		}
		answers := make([]answer, 0, 12)
		var mu sync.Mutex
		var wg sync.WaitGroup
		ask := func(ctx context.Context, text string, req reload.Request) {
			disk.Store(load(t, text))
			wg.Go(func() {
				report, err := m.Reload(ctx, req)
				mu.Lock()
				defer mu.Unlock()
				answers = append(answers, answer{report, err})
			})
			synctest.Wait()
		}
		auth := "\nauthorization { user: u, password: canary-a }\n"
		ask(t.Context(), "port: 5000"+auth, reload.Request{Who: "first"})
		if !m.Status().Running {
			t.Error("it does not run")
		}
		for range 4 {
			ask(t.Context(), "port: 5001"+auth, reload.Request{Who: "overtaken", Quiet: true})
		}
		ask(t.Context(), "port: 5002"+auth, reload.Request{Who: "last", Quiet: true})
		ask(t.Context(), "port: 5003"+auth, reload.Request{Who: "dry", DryRun: true})
		ctx, cancel := context.WithCancel(t.Context())
		ask(ctx, "port: 5004"+auth, reload.Request{Who: "gone"})
		ask(t.Context(), "port: 5005"+auth, reload.Request{Who: "partial", Mode: reload.Partial})
		cancel()
		synctest.Wait()
		close(gate)
		wg.Wait()
		got := map[string]int{}
		for _, a := range answers {
			got[a.report.Request.Who]++
			if (a.err != nil) != (a.report.Request.Who == "gone") {
				t.Errorf("%s: %v", a.report.Request.Who, a.err)
			}
			if want := map[string]int{"last": 4}[a.report.Request.Who]; a.report.Joined != want {
				t.Errorf("%s: joined %d", a.report.Request.Who, a.report.Joined)
			}
		}
		if want := map[string]int{"first": 1, "last": 5, "dry": 1, "gone": 1, "partial": 1}; !reflect.DeepEqual(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		if m.Current().Port != 5005 || m.Generation() != 3 || m.Status().Running {
			t.Errorf("%d, generation %d", m.Current().Port, m.Generation())
		}
	})
}

// TestLeaderGoesAway: those whose attempt was called off by somebody else try again.
func TestLeaderGoesAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		old, next := load(t, confA), load(t, confB)
		fs := fakes(old)
		gates := make(chan chan struct{}, 3)
		fs[0].hook = func(ctx context.Context, phase string) {
			if phase == "prepare" {
				gate := make(chan struct{})
				gates <- gate
				select {
				case <-gate:
				case <-ctx.Done():
				}
			}
		}
		var disk atomic.Pointer[config.Options]
		m := reload.New(old, reload.Setup{Components: components(fs), Load: reading(&disk)})
		var wg sync.WaitGroup
		ask := func(ctx context.Context, o *config.Options, result reload.Result, by string) {
			disk.Store(o)
			wg.Go(func() {
				if report, _ := m.Reload(ctx, reload.Request{Who: by}); report.Result != result || report.Request.Who != by {
					t.Errorf("%v by %s, want %v by %s", report.Result, report.Request.Who, result, by)
				}
			})
			synctest.Wait()
		}
		ctx, cancel := context.WithCancel(t.Context())
		ask(t.Context(), next, reload.Applied, "first")
		ask(t.Context(), old, reload.Applied, "follower")
		ask(ctx, old, reload.Failed, "leader")
		close(<-gates)
		synctest.Wait()
		cancel() // while the leader prepares for both
		synctest.Wait()
		<-gates
		close(<-gates)
		wg.Wait()
		if m.Current() != old {
			t.Error("the follower's configuration is not in force")
		}
	})
}

func TestSettleTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		old, next := load(t, confA), load(t, confB)
		fs := fakes(old)
		ctx, cancel := context.WithCancel(t.Context())
		fs[0].hook = func(inner context.Context, phase string) {
			switch phase {
			case "commit":
				cancel() // too late to call it off
			case "settle":
				<-inner.Done()
			}
		}
		m := reload.New(old, reload.Setup{Components: components(fs), SettleTimeout: 3 * time.Second})
		report, err := m.Apply(ctx, next, reload.Request{})
		if err != nil || report.Duration != 3*time.Second || m.Current() != next {
			t.Errorf("%v after %v", err, report.Duration)
		}
	})
}

// TestStorm: many callers at once end with the newest configuration, few attempts, and no race.
func TestStorm(t *testing.T) {
	t.Parallel()
	old := load(t, confA)
	texts := []*config.Options{old, load(t, confB)}
	fs := fakes(old)
	var loads atomic.Int32
	m := reload.New(old, reload.Setup{Components: components(fs), Load: func() (*config.Options, *config.Report) {
		return texts[loads.Add(1)%2], &config.Report{}
	}})
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			if _, err := m.Reload(t.Context(), reload.Request{Who: "signal", DryRun: i%10 == 0, Quiet: i%3 == 0}); err != nil {
				t.Error(err)
			}
			o, _ := m.Snapshot()
			_, _, _ = o.Port, m.Status(), m.History()
		})
	}
	wg.Wait()
	for _, f := range fs {
		if live, open := f.state(); live != f.of(m.Current()) || open != 0 {
			t.Errorf("%s: %q, %d open", f.name, live, open)
		}
	}
}

// TestAdmission plays connections that arrive during reloads: each notes the generation, is decided
// on, is registered, and looks at the generation again. None may keep a grant of an older one.
func TestAdmission(t *testing.T) {
	t.Parallel()
	old, next := load(t, confA), load(t, confB)
	var (
		grant    atomic.Pointer[string] // what the auth component has in force
		mu       sync.Mutex
		registry []*atomic.Pointer[string]
	)
	first := user(old)
	grant.Store(&first)
	fs := fakes(old)
	fs[2].hook = func(_ context.Context, phase string) {
		switch phase {
		case "commit": // the fake's own commit follows; here both configurations have one port each
			now := "other"
			if *grant.Load() == "other" {
				now = first
			}
			grant.Store(&now)
		case "settle":
			mu.Lock()
			defer mu.Unlock()
			for _, c := range registry {
				c.Store(grant.Load())
			}
		}
	}
	m := reload.New(old, reload.Setup{Components: components(fs)})
	admit := func() {
		var c atomic.Pointer[string]
		for {
			generation := m.Generation()
			c.Store(grant.Load())
			mu.Lock()
			if len(registry) == 0 || registry[len(registry)-1] != &c {
				registry = append(registry, &c)
			}
			mu.Unlock()
			if m.Generation() == generation {
				return
			}
		}
	}
	const arrivals = 20_000
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range arrivals / 4 {
				admit()
			}
		})
	}
	wg.Go(func() {
		for i := range 50 {
			if _, err := m.Apply(context.Background(), []*config.Options{next, old}[i%2], reload.Request{}); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	for _, c := range registry {
		if *c.Load() != *grant.Load() {
			t.Fatalf("a connection has %q, in force is %q", *c.Load(), *grant.Load())
		}
	}
}

// claims is a component that says which keys are its own and nothing else.
type claims []string

func (claims) Name() string                                     { return "claims" }
func (c claims) Keys() []string                                 { return c }
func (claims) Plan(_, _ *config.Options) (reload.Change, error) { return nil, nil }

func TestUnclaimed(t *testing.T) {
	t.Parallel()
	all := reload.Unclaimed(nil)
	for key, want := range map[string]bool{"port": true, "authorization.users[].password": true, "log_levels.*": true, "listen": false, "jetstream.store_dir": false, "gateway.gateways[].tls.timeout": false} {
		if slices.Contains(all, key) != want {
			t.Errorf("%s: %v", key, !want)
		}
	}
	some := reload.Unclaimed([]reload.Component{claims{"port", "authorization"}})
	if slices.ContainsFunc(some, func(k string) bool { return k == "port" || strings.HasPrefix(k, "authorization") }) || len(some) == 0 {
		t.Errorf("%v", some)
	}
}

// refining is a component that knows better than the registry.
type refining struct{ fields []reload.Field }

func (refining) Name() string { return "refining" }
func (r refining) Plan(_, _ *config.Options) (reload.Change, error) {
	return refinement{fields: r.fields}, nil
}

type refinement struct {
	reload.Base
	fields []reload.Field
}

func (r refinement) Diff() []reload.Field { return r.fields }

// TestComponentsRefineTheDiff: what they say of a path goes before what the registry says, and they
// may add what it cannot know.
func TestComponentsRefineTheDiff(t *testing.T) {
	t.Parallel()
	old := load(t, "port: 1\n")
	m := reload.New(old, reload.Setup{Components: []reload.Component{refining{[]reload.Field{
		{Path: "port", Verdict: reload.Disruptive, Reason: "known"}, {Path: "crl", Verdict: reload.Live, New: "new"},
	}}}})
	report, err := m.Apply(t.Context(), load(t, "port: 2\n"), reload.Request{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`replace crl [null,"new"] live`, `replace port [1,2] live-disruptive`}
	if got := describe(report.Changes); !slices.Equal(got, want) || report.Changes[1].Pointer != "/port" || report.Changes[1].Component != "refining" || report.Changes[1].Origin.Pos.Line != 1 {
		t.Errorf("%q %+v", got, report.Changes)
	}
	if report.Verdict != reload.Disruptive {
		t.Error(report.Verdict)
	}
}
