package admin_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"natsd/internal/admin/api"
)

const aliceConf = `
max_payload: 1000
authorization { users: [ {user: alice, password: canary-a}, {user: bob, password: canary-b} ] }
`

func TestReloadThroughTheAPI(t *testing.T) {
	t.Parallel()
	n := start(t, aliceConf)
	post := func(query string, body any) answer { return n.ask(http.MethodPost, "/reload"+query, body) }

	var plan api.Plan
	n.Write(strings.Replace(aliceConf, "1000", "2000", 1))
	n.want(post("?dry_run", nil), http.StatusOK, &plan)
	if !plan.DryRun || plan.Verdict != api.VerdictLive || len(plan.Changes) != 1 || plan.Result.Applied || n.Options().Limits.MaxPayload != 1000 {
		t.Errorf("dry run: %+v", plan)
	}
	if c := plan.Changes[0]; c.Pointer != "/max_payload" || c.Source.Line != 2 || c.Source.File != n.Conf {
		t.Errorf("%+v", c)
	}
	n.want(post("", api.ReloadRequest{Reason: "more room"}), http.StatusOK, &plan)
	if !plan.Result.Applied || *plan.Result.Revision != 2 || n.Options().Limits.MaxPayload != 2000 || plan.Why != "more room" {
		t.Errorf("%+v", plan)
	}

	var st api.Reload
	n.want(n.ask(http.MethodGet, "/reload", nil), http.StatusOK, &st)
	if st.Revision != 2 || st.Last == nil || st.Last.Revision != 2 || st.Counts["applied"] != 1 {
		t.Errorf("%+v", st)
	}
	var history api.List[api.Revision]
	n.want(n.ask(http.MethodGet, "/config/history?limit=1", nil), http.StatusOK, &history)
	if history.Total != 2 || history.NextCursor != "2" || history.Items[0].Trigger != "api" || !history.Items[0].Current {
		t.Errorf("%+v", history)
	}
	n.want(n.ask(http.MethodGet, "/config/history?cursor=2", nil), http.StatusOK, &history)
	if len(history.Items) != 1 || history.Items[0].Trigger != "start" || history.NextCursor != "" {
		t.Errorf("%+v", history)
	}

	n.want(n.ask(http.MethodPost, "/config/history/1/restore", nil), http.StatusOK, &plan)
	if n.Options().Limits.MaxPayload != 1000 {
		t.Errorf("%+v", plan)
	}
	n.problem(n.ask(http.MethodPost, "/config/history/99/restore", nil), api.NotFound)
}

func TestRefusedReload(t *testing.T) {
	t.Parallel()
	n := start(t, aliceConf)
	for _, c := range []struct {
		text, query string
		code        api.Code
		message     string
		line        int
	}{
		{aliceConf + "max_payload: [\n", "", api.ConfigInvalid, "", 4},
		{aliceConf + "max_pending: lots\nping_interval: never\n", "?dry_run=true", api.ConfigInvalid, "max_pending", 4},
		{"max_payload: 3000\n", "", api.ReloadRejected, "all authentication", 0},
		{aliceConf + "log_file: \"<dir>/missing/log\"\n", "?mode=partial", "", "", 0}, // the environment wins
		{aliceConf + "pid_file: \"<dir>/missing/pid\"\n", "", api.ReloadRejected, "no such file", 0},
	} {
		n.Write(c.text)
		before := n.Options()
		a := n.ask(http.MethodPost, "/reload"+c.query, nil)
		if c.code == "" {
			n.want(a, http.StatusOK, nil)
			continue
		}
		p := n.problem(a, c.code)
		if n.Options() != before || len(p.Errors) == 0 || p.Plan == nil || !strings.Contains(string(a.body), c.message) {
			t.Errorf("%s: %s", c.text, a.body)
		}
		if c.line > 0 && (p.Errors[0].Line != c.line || p.Errors[0].File != n.Conf) {
			t.Errorf("%s: %+v", c.text, p.Errors[0])
		}
	}
	n.problem(n.ask(http.MethodPost, "/reload", nil, "If-Match", `"sha256:0"`), api.PreconditionFailed)
	n.problem(n.ask(http.MethodPost, "/reload?mode=half&wait=x", nil), api.InvalidParameter)
	n.Write("max_payload: 3000\n")
	n.want(n.ask(http.MethodPost, "/reload", api.ReloadRequest{AllowAuthRemoval: true}), http.StatusOK, nil)
	if log := n.log(); !strings.Contains(log, "[ERR] Failed to reload server configuration: ") || strings.Contains(log, "canary") {
		t.Error(log)
	}
}

func TestFilesAndRevisionsHideSecrets(t *testing.T) {
	t.Parallel()
	n := start(t, aliceConf)
	var files []api.File
	n.want(n.ask(http.MethodGet, "/config/files", nil), http.StatusOK, &files)
	if len(files) != 1 || files[0].Path != n.Conf || files[0].Changed || files[0].MTime == nil {
		t.Errorf("%+v", files)
	}
	n.Write(aliceConf + "# a note\n")
	n.want(n.ask(http.MethodGet, "/config/files", nil), http.StatusOK, &files)
	if !files[0].Changed {
		t.Errorf("%+v", files)
	}
	if err := os.Remove(n.Conf); err != nil {
		t.Fatal(err)
	}
	n.want(n.ask(http.MethodGet, "/config/files", nil), http.StatusOK, &files)
	if !files[0].Changed {
		t.Errorf("%+v", files)
	}
	var rev api.RevisionDetail
	a := n.ask(http.MethodGet, "/config/history/1", nil)
	n.want(a, http.StatusOK, &rev)
	text := n.ask(http.MethodGet, "/config/history/1?format=conf", nil)
	if !strings.Contains(rev.Texts[n.Conf], "user: alice") || string(text.body) != rev.Texts[n.Conf] || strings.Contains(string(a.body), "canary") {
		t.Errorf("%s\n%s", a.body, text.body)
	}
	n.problem(n.ask(http.MethodGet, "/config/history/7", nil), api.NotFound)
}
