package reload_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"natsd/internal/config"
	"natsd/internal/reload"
)

// onDisk is a manager of a configuration file that a test rewrites.
func onDisk(t *testing.T, text string, components ...reload.Component) (m *reload.Manager, rewrite func(text string)) {
	t.Helper()
	src := config.Source{Path: filepath.Join(t.TempDir(), "natsd.conf")}
	rewrite = func(text string) { write(t, src.Path, text) }
	rewrite(text)
	o, report := config.Load(src)
	if o == nil {
		t.Fatal(report.Err())
	}
	load := func() (*config.Options, *config.Report) { return config.Load(src) }
	return reload.New(o, reload.Setup{Components: components, Load: load}), rewrite
}

func codes(r *reload.Report) string {
	var out []string
	for _, p := range r.Problems {
		out = append(out, p.Code)
	}
	return strings.Join(out, " ")
}

func TestPlanID(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "password")
	write(t, secret, "one")
	auth := "\nauthorization { user: u, password_file: '" + secret + "' }\n"
	f := &fake{name: "port", keys: []string{"port"}, of: port, live: "5000"}
	m, rewrite := onDisk(t, "port: 5000"+auth, f)
	plan := func() string {
		r, err := m.Reload(t.Context(), reload.Request{DryRun: true})
		if err != nil || r.PlanID == "" {
			t.Fatalf("%q %v", r.PlanID, err)
		}
		return r.PlanID
	}
	try := func(id string) *reload.Report {
		r, err := m.Reload(t.Context(), reload.Request{Plan: id})
		if (err != nil) != (r.Result == reload.Refused) {
			t.Errorf("%v %v", r.Result, err)
		}
		return r
	}

	rewrite("port: 5001" + auth)
	seen := plan()
	if again := plan(); again != seen {
		t.Errorf("the same plan is %s and %s", seen, again)
	}
	for what, change := range map[string]func(){
		"another file":   func() { rewrite("port: 5002" + auth) },
		"another secret": func() { write(t, secret, "two") },
	} {
		change()
		f.events = nil
		if r := try(seen); codes(r) != reload.CodeCondition || r.PlanID == seen || len(f.events) > 0 || m.Current().Port != 5000 {
			t.Errorf("%s: %v %q, phases %q", what, r.Result, codes(r), f.events)
		}
		rewrite("port: 5001" + auth)
		write(t, secret, "one")
	}
	if r := try(seen); r.Result != reload.Applied || r.PlanID != seen || m.Current().Port != 5001 {
		t.Errorf("%v %s, port %d", r.Result, r.PlanID, m.Current().Port)
	}
	if r := try(seen); codes(r) != reload.CodeCondition {
		t.Errorf("a plan was carried out twice: %v", r.Result)
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	m, rewrite := onDisk(t, "port: 5000")
	was := m.Current().Digest
	rewrite("port: 5001")
	for what, c := range map[string]struct {
		req  reload.Request
		want string
	}{
		"digest":         {reload.Request{IfDigest: was}, ""},
		"other digest":   {reload.Request{IfDigest: "sha256:00"}, reload.CodeCondition},
		"revision":       {reload.Request{IfRevision: 1}, ""},
		"other revision": {reload.Request{IfRevision: 2}, reload.CodeCondition},
		"all wrong":      {reload.Request{IfRevision: 2, IfDigest: "x", Plan: "y"}, reload.CodeCondition + " " + reload.CodeCondition + " " + reload.CodeCondition},
	} {
		c.req.DryRun = true
		if r, _ := m.Reload(t.Context(), c.req); codes(r) != c.want {
			t.Errorf("%s: %q", what, codes(r))
		}
	}
}

// TestOwnConfigurationIsNotJoined: who brings a configuration gets that one, whoever waits beside.
func TestOwnConfigurationIsNotJoined(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	var once sync.Once
	f := &fake{name: "port", keys: []string{"port"}, of: port, live: "5000"}
	f.hook = func(_ context.Context, phase string) {
		if phase == "prepare" {
			once.Do(func() { close(entered); <-leave })
		}
	}
	m, rewrite := onDisk(t, "port: 5000", f)
	rewrite("port: 5001")
	own := load(t, "port: 7000")
	var g sync.WaitGroup
	g.Go(func() { _, _ = m.Reload(t.Context(), reload.Request{}) })
	<-entered
	for range 3 {
		g.Go(func() {
			r, err := m.Apply(t.Context(), own, reload.Request{Who: "api"})
			if err != nil || r.Request.Who != "api" || r.Joined != 0 {
				t.Errorf("%+v %v", r.Request, err)
			}
		})
		g.Go(func() {
			if r, err := m.Reload(t.Context(), reload.Request{Who: "signal"}); err != nil || r.Request.Who != "signal" {
				t.Errorf("%+v %v", r.Request, err)
			}
		})
	}
	close(leave)
	g.Wait()
}

func TestDrift(t *testing.T) {
	t.Parallel()
	m, rewrite := onDisk(t, "port: 5000")
	drift := func() *reload.Drift { return m.Status().Drift }
	reloaded := func() {
		t.Helper()
		if _, err := m.Reload(t.Context(), reload.Request{Quiet: true}); err != nil {
			t.Fatal(err)
		}
	}
	rewrite("port: 5001")
	reloaded()
	if drift() != nil {
		t.Errorf("%+v", drift())
	}
	if _, err := m.Restore(t.Context(), 1, reload.Request{Who: "api"}); err != nil {
		t.Fatal(err)
	}
	if d := drift(); d == nil || d.Changes != 1 || d.Revision != 3 || d.Who != "api" || d.Why != "restore revision 1" {
		t.Errorf("after a restore: %+v", d)
	}
	rewrite("port: 5000 # the same now")
	reloaded()
	if d := drift(); d != nil {
		t.Errorf("the file says the same: %+v", d)
	}
	rewrite("port: ")
	if _, err := m.Restore(t.Context(), 2, reload.Request{}); err != nil {
		t.Fatal(err)
	}
	if d := drift(); d == nil || d.Changes != -1 {
		t.Errorf("the file is broken: %+v", d)
	}
	if _, err := m.Reload(t.Context(), reload.Request{}); err == nil || drift() == nil {
		t.Errorf("a refused reload ended the drift")
	}
	rewrite("port: 5003")
	reloaded()
	if m.Current().Port != 5003 || drift() != nil {
		t.Errorf("the file does not win: %d %+v", m.Current().Port, drift())
	}
	if _, err := m.Restore(t.Context(), m.Status().Revision, reload.Request{}); err != nil || drift() != nil {
		t.Errorf("restoring what runs is drift: %+v %v", drift(), err)
	}
	if err := os.Remove(m.Current().ConfigFile); err != nil {
		t.Fatal(err)
	}
}
