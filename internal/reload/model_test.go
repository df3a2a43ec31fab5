package reload_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"natsd/internal/config"
	"natsd/internal/reload"
)

// machine plays random reloads against a manager and a model of three lines: what is in force is the
// last configuration that nothing stood in the way of.
type machine struct {
	t  *testing.T
	m  *reload.Manager
	fs []*fake

	// The model.
	current    *config.Options
	base       []*config.Options // of each component
	generation uint64
	kept       int // attempts in the history
}

// texts are the configurations that the machine moves between: with and without authentication, equal
// in meaning, and open ones that the guard stands before.
func texts() []string {
	var out []string
	for _, port := range []int{5000, 5001} {
		for _, tag := range []string{"a", "b"} {
			for _, auth := range []string{"", "authorization { user: u, password: x }\n", "authorization { user: u, password: y }\n"} {
				for _, allow := range []string{"", "allow_auth_removal: true\n"} {
					out = append(out, fmt.Sprintf("port: %d\nserver_tags: %s\n%s%s", port, tag, auth, allow))
				}
			}
		}
	}
	return out
}

func TestModel(t *testing.T) {
	t.Parallel()
	var snapshots []*config.Options // drawn by index: a failure prints what was drawn
	for _, text := range texts() {
		snapshots = append(snapshots, load(t, text), load(t, "# again\n"+text))
	}
	rapid.Check(t, func(rt *rapid.T) {
		draw := func(rt *rapid.T) *config.Options {
			return snapshots[rapid.IntRange(0, len(snapshots)-1).Draw(rt, "configuration")]
		}
		start := draw(rt)
		fs := fakes(start)
		s := &machine{
			t: t, m: reload.New(start, reload.Setup{Components: components(fs), Keep: 8}), fs: fs,
			current: start, base: []*config.Options{start, start, start}, generation: 1, kept: 1,
		}
		rt.Repeat(map[string]func(*rapid.T){
			"reload": func(rt *rapid.T) { s.reload(rt, draw(rt)) },
			"":       s.check,
		})
	})
}

func (s *machine) reload(rt *rapid.T, next *config.Options) {
	req := reload.Request{Who: "model", DryRun: rapid.Bool().Draw(rt, "dry"), Quiet: rapid.Bool().Draw(rt, "quiet"), AllowAuthRemoval: rapid.Bool().Draw(rt, "allow")}
	if rapid.Bool().Draw(rt, "partial") {
		req.Mode = reload.Partial
	}
	for _, f := range s.fs {
		f.events, f.fault, f.planErr = nil, fault{}, nil
	}
	victim := rapid.IntRange(0, 2).Draw(rt, "victim")
	how := rapid.SampledFrom([]string{"", "", "plan", "prepare", "restart", "cancel", "settle"}).Draw(rt, "fault")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	f := s.fs[victim]
	switch how {
	case "plan", "prepare", "settle":
		f.fault = fault{how, rapid.Bool().Draw(rt, "panic")}
	case "restart":
		f.planErr = &reload.KeyError{Path: f.keys[0], Verdict: reload.Restart, Reason: "model"}
	case "cancel":
		cancel()
	}

	// What ought to come of it.
	concerned := func(i int) bool { return s.fs[i].of(s.base[i]) != s.fs[i].of(next) }
	differs := len(reload.Diff(s.current, next)) > 0
	held := how == "restart" && concerned(victim)
	works := 0
	for i := range s.fs {
		if concerned(i) && (i != victim || !held) {
			works++
		}
	}
	removal := s.current.Authorization.User != "" && next.Authorization.User == ""
	want := reload.Applied
	switch {
	case how == "cancel":
		want = reload.Failed
	case how == "plan", removal && !s.current.AllowAuthRemoval && !req.AllowAuthRemoval, held && req.Mode == reload.Strict:
		want = reload.Refused
	case !differs && works == 0:
		want = reload.NoChange
	case how == "prepare" && concerned(victim):
		want = reload.Refused
	}

	report, err := s.m.Apply(ctx, next, req)

	if report.Result != want || (err == nil) != (want == reload.Applied || want == reload.NoChange) {
		rt.Fatalf("%s: %v %v, want %v; %+v", how, report.Result, err, want, report.Changes)
	}
	silent := req.DryRun || req.Quiet && want == reload.NoChange
	if how == "cancel" {
		silent = req.DryRun
	}
	if !silent {
		s.kept = min(8, s.kept+1)
	}
	if err == nil && !silent {
		s.current = next
		if want == reload.Applied {
			s.generation++
		}
		for i := range s.base {
			if i != victim || !held {
				s.base[i] = next
			}
		}
	}
	if req.DryRun != !slices.ContainsFunc(s.fs, func(f *fake) bool { return slices.Contains(f.events, "commit") }) && want == reload.Applied && works > 0 {
		rt.Fatal("a dry run committed, or a run did not")
	}
}

// check compares the manager and its components with the model.
func (s *machine) check(rt *rapid.T) {
	if s.m.Current() != s.current || s.m.Generation() != s.generation || len(s.m.History()) != s.kept {
		rt.Fatalf("generation %d, want %d; history %d, want %d", s.m.Generation(), s.generation, len(s.m.History()), s.kept)
	}
	for i, f := range s.fs {
		live, open := f.state()
		if want := f.of(s.base[i]); live != want || open != 0 {
			rt.Fatalf("%s: %q, want %q; %d open", f.name, live, want, open)
		}
	}
	last := 0
	for _, r := range s.m.History() {
		if r.Revision <= last {
			rt.Fatalf("revision %d after %d", r.Revision, last)
		}
		last = r.Revision
	}
}

// TestDiffModel makes pairs of configurations at random: there is a difference exactly when a value
// differs, whichever words are used.
func TestDiffModel(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	type user struct{ Name, Password, Publish string }
	rapid.Check(t, func(rt *rapid.T) {
		users := rapid.SliceOfNDistinct(rapid.Custom(func(rt *rapid.T) user {
			return user{
				rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(rt, "name"), rapid.SampledFrom([]string{"x", "y"}).Draw(rt, "password"),
				rapid.SampledFrom([]string{"", "p", "q"}).Draw(rt, "publish"),
			}
		}), 0, 4, func(u user) string { return u.Name })
		render := func(list []user, style int) string {
			list = rapid.Permutation(list).Draw(rt, "order")
			out := "authorization { users: [\n"
			for _, u := range list {
				form := []string{"{user: %s, password: %s", "{ pass: %[2]s, username: %[1]s"}[style]
				out += fmt.Sprintf(form, u.Name, u.Password)
				if u.Publish != "" {
					out += []string{", permissions { publish: %s }", ", permission = { pub { allow: [%s] } }"}[style]
					out = fmt.Sprintf(out, u.Publish)
				}
				out += "}\n"
			}
			return out + "] }\n"
		}
		one, two := users.Draw(rt, "one"), users.Draw(rt, "two")
		a, b := loadIn(t, dir, render(one, 0)), loadIn(t, dir, render(one, 1))
		if got := describe(reload.Diff(a, b)); got != nil {
			rt.Fatalf("the same in other words: %s", got)
		}
		want := map[string]bool{}
		byName := func(list []user, name string) (user, bool) {
			i := slices.IndexFunc(list, func(u user) bool { return u.Name == name })
			if i < 0 {
				return user{}, false
			}
			return list[i], true
		}
		for _, name := range []string{"a", "b", "c", "d"} {
			u, was := byName(one, name)
			v, is := byName(two, name)
			path := "authorization.users." + name
			switch {
			case was != is:
				want[path] = true
			default:
				if u.Password != v.Password {
					want[path+".password"] = true
				}
				if u.Publish != v.Publish {
					want[path+".permissions"] = true
				}
			}
		}
		fields := reload.Diff(a, loadIn(t, dir, render(two, 1)))
		for _, f := range fields {
			if !want[f.Path] {
				rt.Fatalf("%s is not different", f.Path)
			}
		}
		if len(fields) != len(want) {
			rt.Fatalf("%v, want %v", describe(fields), want)
		}
	})
}
