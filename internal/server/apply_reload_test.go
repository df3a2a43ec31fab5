package server

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"natsd/internal/config"
	"natsd/internal/event"
	"natsd/internal/reload"
	"natsd/internal/reload/watch"
)

func (l *live) file(t *testing.T) string {
	t.Helper()
	return string(must(os.ReadFile(l.path)))
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for until := time.Now().Add(patience); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("never: %s", what)
		}
	}
}

// writable makes the configuration that runs one that lets texts be written to its file, as the key
// admin.write_config does.
func (l *live) writable(t *testing.T) {
	t.Helper()
	next := *l.Options()
	next.Admin.WriteConfig = true
	next.Tags = append(slices.Clone(next.Tags), "writable")
	next.Values = map[string]config.Value{}
	if _, err := l.reload.Apply(t.Context(), &next, reload.Request{}); err != nil || !l.Options().Admin.WriteConfig {
		t.Fatal(err)
	}
}

func TestApplyText(t *testing.T) {
	t.Parallel()
	l := serve(t, "max_payload: 1000\n")
	text := strings.ReplaceAll(onLoopback, "<dir>", l.dir)
	file := l.file(t)

	r, err := l.ApplyText(t.Context(), text+"max_payload: 2000\n", reload.Request{Who: "api", IfDigest: l.Options().Digest})
	if err != nil || r.Result != reload.Applied || l.Options().Limits.MaxPayload != 2000 {
		t.Fatalf("%v %d", err, l.Options().Limits.MaxPayload)
	}
	if l.file(t) != file || l.ReloadStatus().Drift == nil {
		t.Errorf("the file was written, or the drift is not told: %+v", l.ReloadStatus().Drift)
	}
	if r, err := l.ApplyText(t.Context(), text+"max_payload: x\n", reload.Request{Who: "api"}); err == nil || r.Problems[0].Pos.File != l.path {
		t.Errorf("%v", err)
	}
	if err := l.Reload(t.Context(), "signal"); err != nil || l.Options().Limits.MaxPayload != 1000 || l.ReloadStatus().Drift != nil {
		t.Errorf("a reload does not read the file: %v %d", err, l.Options().Limits.MaxPayload)
	}
}

func TestApplyTextWritesTheFile(t *testing.T) {
	t.Parallel()
	l := serve(t, "max_payload: 1000\n")
	real := filepath.Join(l.dir, "real.conf")
	if err := errors.Join(os.Rename(l.path, real), os.Symlink("real.conf", l.path), os.Chmod(real, 0o640)); err != nil {
		t.Fatal(err)
	}
	l.writable(t)
	was := l.file(t)
	base := strings.ReplaceAll(onLoopback, "<dir>", l.dir)
	text := base + "max_payload: 2000 # by the API\n"
	for _, req := range []reload.Request{{DryRun: true}, {IfDigest: "sha256:other"}} {
		if _, err := l.ApplyText(t.Context(), text, req); (err != nil) == req.DryRun || l.file(t) != was {
			t.Errorf("%+v: %v\n%s", req, err, l.file(t))
		}
	}
	if _, err := l.ApplyText(t.Context(), base+"port: 1\nhost: 192.0.2.1\n", reload.Request{}); err == nil || l.file(t) != was {
		t.Errorf("what was refused was written: %v", err)
	}
	if _, err := l.ApplyText(t.Context(), text, reload.Request{Who: "api", Name: "mine.conf"}); err != nil || l.file(t) != text || l.Options().Limits.MaxPayload != 2000 {
		t.Errorf("%v\n%s", err, l.file(t))
	}
	if d := l.ReloadStatus().Drift; d != nil {
		t.Errorf("%+v", d)
	}
	link, err := os.Readlink(l.path)
	if info := must(os.Stat(real)); err != nil || link != "real.conf" || info.Mode().Perm() != 0o640 {
		t.Errorf("link %q %v, mode %v", link, err, info.Mode())
	}
	entries := must(os.ReadDir(l.dir))
	for _, e := range entries {
		if !slices.Contains([]string{"real.conf", "natsd.conf", "natsd.log", "a.sock", "a.sock.lock"}, e.Name()) {
			t.Errorf("%s was left behind", e.Name())
		}
	}
}

// What somebody has edited and not reloaded yet is not written over, neither by a text nor by the way back
// from one.
func TestEditsOfTheFileAreNotLost(t *testing.T) {
	t.Parallel()
	l := serve(t, "max_payload: 1000\n")
	l.writable(t)
	text := strings.ReplaceAll(onLoopback, "<dir>", l.dir)
	edited := l.file(t) + "# an edit\nmax_pending: 70000\n"
	if err := os.WriteFile(l.path, []byte(edited), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := l.ApplyText(t.Context(), text+"max_payload: 2000\nadmin { write_config: true }\n", reload.Request{}); err == nil || !strings.Contains(err.Error(), errEdited.Error()) {
		t.Errorf("%v", err)
	}
	if l.file(t) != edited || l.Options().Limits.MaxPayload != 1000 {
		t.Errorf("%d\n%s", l.Options().Limits.MaxPayload, l.file(t))
	}
	if err := os.WriteFile(l.path, []byte(text+"max_payload: 1000\nadmin { write_config: true }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := l.Reload(t.Context(), "test"); err != nil {
		t.Fatal(err)
	}
	next := text + "max_payload: 2000\nadmin { write_config: true }\n"
	if _, err := l.ApplyText(t.Context(), next, reload.Request{}); err != nil || l.file(t) != next {
		t.Errorf("%v\n%s", err, l.file(t))
	}
}

func TestRestore(t *testing.T) {
	t.Parallel()
	l := serve(t, "max_payload: 1000\n")
	l.reloadTo(t, "max_payload: 2000\n")
	r, err := l.Restore(t.Context(), 1, reload.Request{Who: "api"})
	if err != nil || r.Revision != 3 || l.Options().Limits.MaxPayload != 1000 {
		t.Fatalf("%v %+v", err, r)
	}
	if d := l.ReloadStatus().Drift; d == nil || d.Revision != 3 || d.Changes != 1 {
		t.Errorf("%+v", d)
	}
	if _, err := l.Restore(t.Context(), 99, reload.Request{}); err == nil {
		t.Error("what is not there was restored")
	}
	l.reloadTo(t, "max_payload: 3000\n")
	if l.Options().Limits.MaxPayload != 3000 || l.ReloadStatus().Drift != nil {
		t.Errorf("the file does not win: %d", l.Options().Limits.MaxPayload)
	}
}

// TestRestoreIsWatched: the watcher leaves a restored configuration alone until the file changes again.
func TestRestoreIsWatched(t *testing.T) {
	t.Parallel()
	l := serve(t, "max_payload: 1000\nwatch { quiet: 10ms }\n")
	on := true
	if err := l.SetWatcher(&on, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the watcher watches", func() bool { return l.WatcherState().Mode != watch.Off })
	payload := func(n int) func() bool { return func() bool { return l.Options().Limits.MaxPayload == n } }
	set := func(text string) {
		t.Helper()
		if err := l.write(onLoopback + "watch { quiet: 10ms }\n" + text); err != nil {
			t.Fatal(err)
		}
	}
	set("max_payload: 2000\n")
	eventually(t, "the change is in force", payload(2000))
	if _, err := l.Restore(t.Context(), 1, reload.Request{Who: "api"}); err != nil {
		t.Fatal(err)
	}
	seen := l.WatcherState().Suppressed
	set("max_payload: 2000\n") // an event that means nothing
	time.Sleep(3 * time.Second)
	t.Logf("%+v %d", l.WatcherState(), l.Options().Limits.MaxPayload)
	eventually(t, "the watcher has looked", func() bool { return l.WatcherState().Suppressed > seen })
	if !payload(1000)() || l.ReloadStatus().Drift == nil {
		t.Errorf("the watcher undid a restore: %d", l.Options().Limits.MaxPayload)
	}
	set("max_payload: 3000\n")
	eventually(t, "the next change of the file wins", payload(3000))

	if err := l.SetWatcher(&on, new(time.Now().Add(time.Hour))); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the watcher pauses", func() bool { return l.WatcherState().Mode == watch.Off })
	if st := l.WatcherState(); st.PausedUntil.IsZero() || !st.Enabled {
		t.Errorf("%+v", st)
	}
	set("max_payload: 4000\n")
	if err := l.SetWatcher(nil, new(time.Now().Add(50*time.Millisecond))); err != nil {
		t.Fatal(err)
	}
	eventually(t, "what changed in the pause is found after it", payload(4000))
	if st := l.WatcherState(); !st.PausedUntil.IsZero() {
		t.Errorf("%+v", st)
	}
}

func TestCandidates(t *testing.T) {
	t.Parallel()
	l := serve(t, "max_payload: 1000\n")
	l.reloadTo(t, "max_payload: 2000\n")
	text := strings.ReplaceAll(onLoopback, "<dir>", l.dir)
	other := filepath.Join(l.dir, "other.conf")
	if err := errors.Join(os.WriteFile(other, []byte(text+"max_payload: 4000"), 0o600), l.write(onLoopback+"max_payload: 3000")); err != nil {
		t.Fatal(err)
	}
	for want, c := range map[int]reload.Candidate{
		1000: {Revision: 1}, 2000: {Running: true}, 3000: {}, 4000: {Path: other}, 5000: {Text: text + "max_payload: 5000"},
	} {
		o, report, _, err := l.LoadCandidate(c)
		if err != nil || report.Err() != nil || o.Limits.MaxPayload != want {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		r, err := l.Compare(reload.Candidate{Running: true}, c)
		if err != nil || (len(r.Changes) > 0) != (want != 2000) || r.From.Revision != 2 || want != 2000 && r.Changes[0].New != int64(want) {
			t.Errorf("%+v: %+v %v", c, r, err)
		}
	}
	if r, err := l.Compare(reload.Candidate{Revision: 1}, reload.Candidate{Text: "port: x\nhost: {}"}); err != nil || r.Result != reload.Refused || len(r.Problems) != 2 {
		t.Errorf("%+v %v", r, err)
	}
	if _, err := l.Compare(reload.Candidate{Revision: 9}, reload.Candidate{}); err == nil {
		t.Error("a revision that is not there was compared")
	}
	if l.Options().Limits.MaxPayload != 2000 || len(l.Reloads().History()) != 2 {
		t.Error("looking changed something")
	}
}

// heard collects the events of reloads.
func heard(l *live) *eavesdropper {
	return &eavesdropper{Subscription: l.Events().Subscribe(100, event.ReloadApplied, event.ReloadRolledBack, event.ReloadProbationPassed)}
}

func (l *live) reloadWith(t *testing.T, text string, req reload.Request) *reload.Report {
	t.Helper()
	if err := l.write(onLoopback + text); err != nil {
		t.Fatal(err)
	}
	r, err := l.ReloadReport(context.Background(), req)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestProbation(t *testing.T) {
	t.Parallel()
	l := serve(t, "max_payload: 1000\n")
	h := heard(l)
	long := reload.Request{Who: "api", Probation: time.Hour}

	l.reloadWith(t, "max_payload: 2000\n", long)
	if p, on := l.Probation(); !on || p.Revision != 2 || time.Until(p.Until) < time.Minute {
		t.Errorf("%+v %v", p, on)
	}
	if l.ConfirmProbation(3) == nil || l.ConfirmProbation(2) != nil || l.ConfirmProbation(2) == nil {
		t.Error("confirming the wrong revision, or twice")
	}
	if p := h.await(t, event.ReloadProbationPassed).Data.(reload.Passed); p.Revision != 2 {
		t.Errorf("passed %v", p)
	}

	l.reloadWith(t, "max_payload: 3000\n", long)
	if err := l.sockets.clients.live.ln.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server goes back", func() bool { return l.Options().Limits.MaxPayload == 2000 })
	last := h.await(t, event.ReloadRolledBack).Data.(*reload.Report)
	if last.Revision != 4 || last.Request.RollsBack != 3 || last.Request.Who != probationName || !strings.Contains(last.Request.Why, "does not serve: server") {
		t.Errorf("%+v", last)
	}
	if _, on := l.Probation(); on || l.ReloadStatus().Drift == nil {
		t.Errorf("%+v", l.ReloadStatus())
	}
}

// TestProbationTakesBackTheFile: what a reload has written to the file it writes back.
func TestProbationTakesBackTheFile(t *testing.T) {
	t.Parallel()
	l := serve(t, "max_payload: 1000\nadmin { write_config: true }\n")
	was := l.file(t)
	h := heard(l)
	if _, err := l.ApplyText(t.Context(), strings.Replace(was, "1000", "2000", 1), reload.Request{Probation: time.Hour}); err != nil || l.file(t) == was {
		t.Fatal(err)
	}
	must(0, l.sockets.clients.live.ln.Close())
	h.await(t, event.ReloadRolledBack)
	if d := l.ReloadStatus().Drift; l.file(t) != was || d != nil || l.Options().Limits.MaxPayload != 1000 {
		t.Errorf("drift %+v, file\n%s", d, l.file(t))
	}
}

func TestProbationPasses(t *testing.T) {
	t.Parallel()
	l := serve(t, "max_payload: 1000\n")
	h := heard(l)
	l.reloadWith(t, "max_payload: 2000\n", reload.Request{Probation: 50 * time.Millisecond})
	if p := h.await(t, event.ReloadProbationPassed).Data.(reload.Passed); p.Revision != 2 {
		t.Errorf("passed %v", p)
	}
	for _, on := range []reload.RollbackOn{reload.RollbackNever, reload.RollbackError} {
		l.reloadWith(t, "max_payload: 3000"+strings.Repeat("0", int(on))+"\n", reload.Request{Probation: time.Hour, RollbackOn: on})
		if p, is := l.Probation(); is {
			t.Errorf("%v: %+v", on, p)
		}
	}
}

func TestHistoryOnDisk(t *testing.T) {
	t.Parallel()
	l := serve(t, "max_payload: 1000\n")
	history := "admin { history { dir: '<dir>/history', keep: 3 } }\n"
	l.reloadTo(t, "max_payload: 2000\n"+history)
	l.reloadTo(t, "max_payload: 3000\n"+history)
	if _, err := l.try(onLoopback + "admin { history { dir: '<dir>/natsd.conf/x' } }\n"); err == nil {
		t.Error("a folder that cannot be was accepted")
	}
	entries := must(os.ReadDir(filepath.Join(l.dir, "history")))
	if len(entries) != 3 {
		t.Errorf("%v", entries)
	}
	if err := l.end(); err != nil {
		t.Fatal(err)
	}
	next, err := begin(l.dir, onLoopback+"max_payload: 4000\n"+history)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(0, next.end()) })
	if _, err := next.Restore(t.Context(), 3, reload.Request{Who: "api"}); err != nil || next.Options().Limits.MaxPayload != 3000 {
		t.Errorf("%v %d", err, next.Options().Limits.MaxPayload)
	}
	if n := next.ReloadStatus().Revision; n != 6 {
		t.Errorf("revision %d", n)
	}
}
