package server

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"natsd/internal/config"
	"natsd/internal/reload"
	"natsd/internal/reload/watch"
)

// stubborn is the process component of a server that cannot change max_closed_clients while it runs, as
// a key of some later version may be.
type stubborn struct{ saboteur }

const stubbornKey = "max_closed_clients"

func (s stubborn) Plan(old, next *config.Options) (reload.Change, error) {
	if old.Limits.MaxClosedClients != next.Limits.MaxClosedClients {
		return nil, &reload.KeyError{Path: stubbornKey, Verdict: reload.Restart, Reason: "it is read at the start only"}
	}
	return s.saboteur.Plan(old, next)
}

// TestPartialMode: the watcher puts into force what can be and keeps the rest for a restart, until the
// file takes it back. Who asks by hand is refused, and loses nothing.
func TestPartialMode(t *testing.T) {
	t.Parallel()
	const base = onLoopback + "watch { mode: partial, quiet: 10ms }\n"
	l, err := begin(t.TempDir(), base+"max_closed_clients: 5\nmax_payload: 1000\n", func(s *Server) {
		s.wrap = func(c reload.Component) reload.Component {
			if c.Name() == "process" {
				return stubborn{saboteur{c, nil}}
			}
			return c
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(0, l.end()) })
	on := true
	must(0, l.SetWatcher(&on, nil))
	eventually(t, "the watcher watches", func() bool { return l.WatcherState().Mode == watch.Events })
	log := func() string { return string(must(os.ReadFile(filepath.Join(l.dir, "natsd.log")))) }
	save := func(text string, revision int) {
		t.Helper()
		must(0, l.write(base+text))
		eventually(t, "the change is in force", func() bool { return l.ReloadStatus().Revision == revision })
	}

	save("max_closed_clients: 9\nmax_payload: 2000\n", 2)
	st := l.ReloadStatus()
	if l.Options().Limits.MaxPayload != 2000 || l.clients.Settings().Info.MaxPayload != 2000 || !slices.Equal(st.Pending, []string{stubbornKey}) {
		t.Errorf("payload %d, pending %q", l.Options().Limits.MaxPayload, st.Pending)
	}
	if st.Last.Verdict != reload.Restart || st.Last.Summary[reload.Live] != 1 || st.Last.Summary[reload.Restart] != 1 {
		t.Errorf("%v %v", st.Last.Verdict, st.Last.Summary)
	}
	if text := log(); !strings.Contains(text, stubbornKey+" needs a restart to take effect") || strings.Contains(text, "Reloaded: "+stubbornKey) {
		t.Error(text)
	}
	if err := l.Reload(t.Context(), "signal"); err == nil || !strings.Contains(err.Error(), stubbornKey+" needs a restart: it is read at the start only") {
		t.Errorf("a strict reload of the same file: %v", err)
	}
	if st := l.ReloadStatus(); !slices.Equal(st.Pending, []string{stubbornKey}) || st.Generation != 2 {
		t.Errorf("after the refusal: pending %q, generation %d", st.Pending, st.Generation)
	}
	save("max_closed_clients: 9\nmax_payload: 3000\n", 4) // 3 was refused
	if st := l.ReloadStatus(); !slices.Equal(st.Pending, []string{stubbornKey}) {
		t.Errorf("pending %q", st.Pending)
	}
	save("max_closed_clients: 5\nmax_payload: 3000\n", 5)
	if st := l.ReloadStatus(); len(st.Pending) > 0 {
		t.Errorf("pending %q", st.Pending)
	}
	if err := l.Reload(t.Context(), "signal"); err != nil {
		t.Error(err)
	}
	if w := l.WatcherState(); w.Refused > 0 || w.LastError != "" {
		t.Errorf("%+v", w)
	}
}
