package reload_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"natsd/internal/reload"
)

const (
	confA = "port: 4333\nserver_tags: [a]\nauthorization { user: u, password: canary-a }\n"
	confB = "port: 4444\nserver_tags: [b]\nauthorization { user: u, password: canary-b }\n"
)

// TestFaults makes every component fail in every phase before the commit, by an error, by a panic and
// by the end of the context, and looks for anything that changed.
func TestFaults(t *testing.T) {
	t.Parallel()
	for i := range 3 {
		for _, phase := range []string{"plan", "prepare"} {
			for _, how := range []string{"error", "panic", "cancel"} {
				t.Run(fmt.Sprintf("%d %s %s", i, phase, how), func(t *testing.T) {
					t.Parallel()
					old, next := load(t, confA), load(t, confB)
					fs := fakes(old)
					var panics atomic.Int32
					m := reload.New(old, reload.Setup{Components: components(fs), OnPanic: func(string, string, any, []byte) { panics.Add(1) }})
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					result := reload.Refused
					if how == "cancel" {
						result = reload.Failed
						fs[i].hook = func(_ context.Context, at string) {
							if at == phase {
								cancel()
							}
						}
					} else {
						fs[i].fault = fault{phase, how == "panic"}
					}

					report, err := m.Apply(ctx, next, reload.Request{Who: "test"})

					if err == nil || report.Result != result || len(report.Problems) == 0 {
						t.Fatalf("%v %v", report.Result, err)
					}
					if strings.Contains(err.Error(), "canary") {
						t.Error("what a component panicked with is shown")
					}
					if (panics.Load() == 1) != (how == "panic") {
						t.Errorf("%d panics were told of", panics.Load())
					}
					unchanged(t, m, old, fs)
					aborted(t, fs)

					// The server is none the worse: the same works without the fault.
					for _, f := range fs {
						f.fault, f.hook = fault{}, nil
					}
					if report, err := m.Apply(t.Context(), next, reload.Request{}); err != nil || report.Generation != 2 || m.Current() != next {
						t.Errorf("%v %v", report.Result, err)
					}
					for _, f := range fs {
						if live, open := f.state(); live != f.of(next) || open != 0 {
							t.Errorf("%s: %q, %d open", f.name, live, open)
						}
					}
				})
			}
		}
	}
}

// unchanged looks at everything that a reload changes.
func unchanged(t *testing.T, m *reload.Manager, old any, fs []*fake) {
	t.Helper()
	if any(m.Current()) != old || m.Generation() != 1 {
		t.Errorf("generation %d is in force", m.Generation())
	}
	for i, f := range fs {
		live, open := f.state()
		if want := f.of(m.Current()); live != want || open != 0 {
			t.Errorf("component %d: %q, want %q; %d open", i, live, want, open)
		}
		if slices.Contains(f.events, "commit") || slices.Contains(f.events, "settle") {
			t.Errorf("component %d: %v", i, f.events)
		}
	}
}

// aborted checks that exactly what began to prepare was aborted.
func aborted(t *testing.T, fs []*fake) {
	t.Helper()
	for _, f := range fs {
		if slices.Contains(f.events, "prepare") != slices.Contains(f.events, "abort") {
			t.Errorf("%s: %v", f.name, f.events)
		}
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault fault
		dry   bool
		want  string
	}{
		"all is well": {want: "plan0 plan1 plan2 prepare0 prepare1 prepare2 predict0 predict1 predict2 commit0 commit1 commit2 settle0 settle1 settle2"},
		"dry run":     {dry: true, want: "plan0 plan1 plan2 prepare0 prepare1 prepare2 predict0 predict1 predict2 abort2 abort1 abort0"},
		"refused":     {fault: fault{phase: "prepare"}, want: "plan0 plan1 plan2 prepare0 prepare1 abort1 abort0"},
		"plan":        {fault: fault{phase: "plan"}, want: "plan0 plan1 plan2"},
		"commit":      {fault: fault{"commit", true}, want: "plan0 plan1 plan2 prepare0 prepare1 prepare2 predict0 predict1 predict2 commit0 commit1 commit2 settle0 settle1 settle2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			old, next := load(t, confA), load(t, confB)
			fs := fakes(old)
			var order []string
			for i, f := range fs {
				f.hook = func(_ context.Context, phase string) { order = append(order, fmt.Sprint(phase, i)) }
			}
			fs[1].fault = c.fault
			m := reload.New(old, reload.Setup{Components: components(fs)})
			_, _ = m.Apply(t.Context(), next, reload.Request{DryRun: c.dry})
			if got := strings.Join(order, " "); got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
		})
	}
}

// TestPhasesBeyondTheCommit: what goes wrong there is told, and the others are finished.
func TestPhasesBeyondTheCommit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault  fault
		result reload.Result
	}{
		"commit panics":  {fault{"commit", true}, reload.Failed},
		"settle fails":   {fault{"settle", false}, reload.Applied},
		"settle panics":  {fault{"settle", true}, reload.Applied},
		"predict panics": {fault{"predict", true}, reload.Applied},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			old, next := load(t, confA), load(t, confB)
			fs := fakes(old)
			fs[1].fault = c.fault
			m := reload.New(old, reload.Setup{Components: components(fs)})
			report, err := m.Apply(t.Context(), next, reload.Request{})
			if report.Result != c.result || (err != nil) != (c.result == reload.Failed) || len(report.Warnings)+len(report.Problems) == 0 {
				t.Errorf("%v %v %v", report.Result, err, report.Warnings)
			}
			if m.Current() != next || report.Generation != 2 {
				t.Error("the configuration is not in force")
			}
			for i, f := range fs {
				if live, _ := f.state(); (live == f.of(next)) != (i != 1 || c.fault.phase != "commit") {
					t.Errorf("%d: %q", i, live)
				}
			}
		})
	}
}

// TestAbortPanics: the others are aborted all the same.
func TestAbortPanics(t *testing.T) {
	t.Parallel()
	old, next := load(t, confA), load(t, confB)
	fs := fakes(old)
	fs[1].fault = fault{"abort", true}
	fs[2].fault = fault{phase: "prepare"}
	m := reload.New(old, reload.Setup{Components: components(fs)})
	report, err := m.Apply(t.Context(), next, reload.Request{})
	if err == nil || len(report.Warnings) != 1 {
		t.Errorf("%v %v", err, report.Warnings)
	}
	unchanged(t, m, old, fs)
	aborted(t, fs)
}

// TestAllRefusalsAtOnce: an operator wants to see every reason.
func TestAllRefusalsAtOnce(t *testing.T) {
	t.Parallel()
	old := load(t, confA)
	next := load(t, "port: 4444\nserver_tags: [b]\nwebsocket { port: -1, no_tls: true }\n")
	fs := fakes(old)
	fs[0].planErr = &reload.KeyError{Path: "port", Verdict: reload.Rejected, Reason: "not this one"}
	fs[1].fault = fault{phase: "plan"}
	m := reload.New(old, reload.Setup{Components: components(fs)})
	report, _ := m.Apply(t.Context(), next, reload.Request{})
	var got []string
	for _, p := range report.Problems {
		got = append(got, p.Code+" "+p.Component+" "+p.Key)
	}
	want := []string{"feature_disabled  websocket", "auth_removal  authorization", "reload_rejected listeners port", "reload_rejected identity "}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	if report.Problems[2].Pos.Line != 1 {
		t.Errorf("%v", report.Problems[2])
	}
	if report.Verdict != reload.Rejected || !reflect.DeepEqual(report.Summary, map[reload.Verdict]int{reload.Rejected: 6, reload.Live: 1}) {
		t.Errorf("%v %v", report.Verdict, report.Summary)
	}
}
