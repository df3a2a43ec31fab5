package reload_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"natsd/internal/config"
	"natsd/internal/reload"
)

func TestHistory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old := loadIn(t, dir, "port: 5000", "x", "")
	m := reload.New(old, reload.Setup{Keep: 5})
	for i := range 6 {
		next := loadIn(t, dir, fmt.Sprintf("port: 500%d\ninclude x\n", i+1), "x", "server_tags: same\n")
		if _, err := m.Apply(t.Context(), next, reload.Request{Who: "api"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	var revisions []int
	for _, r := range m.History() {
		revisions = append(revisions, r.Revision)
	}
	if !slices.Equal(revisions, []int{3, 4, 5, 6, 7}) || m.Status().Revision != 7 || m.Status().Counts[reload.Applied] != 6 {
		t.Errorf("%v %+v", revisions, m.Status())
	}
	if _, err := m.Revision(2); err == nil || err.Error() != "revision 2 is not in the history" {
		t.Error(err)
	}

	fields, err := compare(m, 3, 6)
	if err != nil || !slices.Equal(describe(fields), []string{"replace port [5002,5005] live"}) {
		t.Errorf("%v %v", describe(fields), err)
	}
	for _, pair := range [][2]int{{2, 3}, {3, 2}} {
		if _, err := compare(m, pair[0], pair[1]); err == nil {
			t.Errorf("%v can be compared", pair)
		}
	}

	r, err := m.Revision(4)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := r.Text(filepath.Join(dir, "natsd.conf")); err != nil || text != "port: 5003\ninclude x\n" {
		t.Errorf("%q %v", text, err)
	}
	if len(r.Files()) != 2 {
		t.Errorf("%v", r.Files())
	}

	report, err := m.Restore(t.Context(), 4, reload.Request{Who: "api"})
	if err != nil || m.Current().Port != 5003 || report.Request.Why != "restore revision 4" || report.Revision != 8 {
		t.Errorf("%v %d %+v", err, m.Current().Port, report.Request)
	}
	if m.Current().LoadedAt.Equal(old.LoadedAt) || !m.Current().LoadedAt.After(r.Report.When) {
		t.Error("config_load_time did not move")
	}
	if report, err := m.Restore(t.Context(), 2, reload.Request{}); err == nil || report.Err() == nil {
		t.Error("a revision that is gone was restored")
	}
}

// compare returns the differences from one revision to another.
func compare(m *reload.Manager, from, to int) ([]reload.Field, error) {
	var both [2]*config.Options
	for i, n := range []int{from, to} {
		r, err := m.Revision(n)
		if err != nil {
			return nil, err
		}
		if both[i], err = r.Options(); err != nil {
			return nil, err
		}
	}
	return reload.Compare(both[0], both[1], from, to).Changes, nil
}

// TestHistoryOfRefusals: what was refused can be looked at, compared and, when it can be, restored.
func TestHistoryOfRefusals(t *testing.T) {
	t.Parallel()
	m := reload.New(load(t, "authorization { token: t }"), reload.Setup{})
	report, _ := m.Apply(t.Context(), load(t, "port: 5001"), reload.Request{})
	if report.Result != reload.Refused || report.Revision != 2 || m.Status().Revision != 1 || m.Status().Last != report {
		t.Fatalf("%+v", report)
	}
	if fields, err := compare(m, 1, 2); err != nil || len(fields) != 2 {
		t.Errorf("%v %v", describe(fields), err)
	}
	if _, err := m.Restore(t.Context(), 2, reload.Request{AllowAuthRemoval: true}); err != nil || m.Current().Port != 5001 || m.Status().Revision != 3 {
		t.Error(err)
	}
}
