package admin_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"natsd/internal/admin/api"
)

// auditOf reads the audit by the API, oldest first.
func (n *node) auditOf(query string) []api.AuditRecord {
	n.TB.Helper()
	var page api.List[api.AuditRecord]
	n.want(n.ask("GET", "/audit?limit=1000"+query, nil), http.StatusOK, &page)
	out := make([]api.AuditRecord, 0, len(page.Items))
	for i := range page.Items {
		out = append(out, page.Items[len(page.Items)-1-i])
	}
	return out
}

func TestAudit(t *testing.T) {
	t.Parallel()
	n := start(t, strings.Replace(tokenConf(t), "admin {", `admin { audit { file: "<dir>/audit.log" }, `, 1))
	events := n.stream("/events?topics=admin")
	n.want(n.ask("POST", "/tokens", api.NewToken{Note: "for ci"}, "X-Request-Id", "id-1"), http.StatusCreated, nil)
	n.problem(n.ask("POST", "/tokens", api.NewToken{}, bearer("s-vic")...), api.Forbidden)
	n.problem(n.ask("POST", "/tokens", api.NewToken{Role: "god"}, "X-Request-Id", "id-2"), api.InvalidParameter)
	n.want(n.ask("POST", "/reload?dry_run", nil), http.StatusOK, nil)
	if err := n.Reload(t.Context(), "signal"); err != nil {
		t.Fatal(err)
	}
	if e := events.await("admin.action"); e.Actor != "unix:uid:"+uid() || e.Action != "POST /tokens" || e.RequestID != "id-1" || e.Status != http.StatusCreated {
		t.Errorf("%+v", e)
	}
	got := n.auditOf("")
	type row struct {
		actor, action, result string
		status                int
		dry                   bool
	}
	self := "uid:" + uid()
	want := []row{
		{self, "POST /tokens", "intent", 0, false},
		{self, "POST /tokens", "ok", 201, false},
		{"vic", "POST /tokens", "refused", 403, false},
		{self, "POST /tokens", "intent", 0, false},
		{self, "POST /tokens", "refused", 400, false},
		{self, "POST /reload", "intent", 0, true},
		{self, "POST /reload", "ok", 200, true},
		{"", "reload", "ok", 0, false},
	}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i, r := range got {
		if (row{r.Actor.ID, r.Action, r.Result, r.Status, r.DryRun}) != want[i] {
			t.Errorf("%d: %+v, want %+v", i, r, want[i])
		}
	}
	if body, _ := got[0].Params["body"].(map[string]any); got[0].RequestID != "id-1" || got[0].Target != "/tokens" || body["note"] != "for ci" {
		t.Errorf("%+v", got[0])
	}
	if r := got[7]; r.Actor.Type != "signal" || r.Before == "" || r.After == "" {
		t.Errorf("%+v", r)
	}
	// Reading the audit is in the audit.
	if r := n.auditOf("&action=audit"); len(r) != 1 || r[0].Result != "ok" {
		t.Errorf("%+v", r)
	}
	if r := n.auditOf("&actor=token:vic&result=refused&since=1h"); len(r) != 1 {
		t.Errorf("%+v", r)
	}
	if r := n.auditOf("&until=1h"); len(r) != 0 {
		t.Errorf("%+v", r)
	}
	var check api.AuditCheck
	n.want(n.ask("GET", "/audit/verify", nil), http.StatusOK, &check)
	if !check.Valid || check.FirstBad != nil || check.Records < len(want) {
		t.Errorf("%+v", check)
	}
	n.problem(n.ask("GET", "/audit", nil, bearer("s-oz")...), api.Forbidden)
	var first, second api.List[api.AuditRecord]
	n.want(n.ask("GET", "/audit?limit=3", nil), http.StatusOK, &first)
	n.want(n.ask("GET", "/audit?limit=3&cursor="+first.NextCursor, nil), http.StatusOK, &second)
	if len(first.Items) != 3 || len(second.Items) != 3 || second.Items[0].Seq != first.Items[2].Seq-1 {
		t.Errorf("%+v %+v", first, second)
	}
}

// Without a file the last records are in memory.
func TestAuditInMemory(t *testing.T) {
	t.Parallel()
	n := start(t, "")
	n.want(n.ask("POST", "/reload", nil), http.StatusOK, nil)
	if got := n.auditOf(""); len(got) != 2 || got[1].Result != api.AuditOK {
		t.Errorf("%+v", got)
	}
}

// What cannot be recorded is not done; a reload by signal is, and moves the audit to where it works.
func TestAuditThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	n := startWith(t, `admin { audit { file: "<dir>/sub/audit.log" } }`, func(dir string) {
		if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
			t.Fatal(err)
		}
	})
	n.want(n.ask("POST", "/reload", nil), http.StatusOK, nil)
	path := filepath.Join(n.Dir, "sub", "audit.log")
	if err := os.Rename(filepath.Join(n.Dir, "sub"), filepath.Join(n.Dir, "gone")); err != nil {
		t.Fatal(err)
	}
	n.problem(n.ask("POST", "/tokens", api.NewToken{}), api.AuditUnavailable)
	var page api.List[api.Token]
	n.want(n.ask("GET", "/tokens", nil), http.StatusOK, &page)
	if page.Total != 0 {
		t.Errorf("%+v", page)
	}
	if !strings.Contains(n.log(), "cannot be recorded") {
		t.Error("the log does not tell")
	}
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	n.want(n.ask("POST", "/tokens", api.NewToken{}), http.StatusCreated, nil)

	n.Write(`admin { audit { file: "<dir>/other.log", events: false } }`)
	n.want(n.ask("POST", "/reload", nil), http.StatusOK, nil)
	if got := n.auditOf(""); len(got) != 1 || got[0].Result != api.AuditOK || got[0].Before == got[0].After {
		t.Errorf("the outcome is in the new file: %+v", got)
	}
	n.Write(`admin { audit { file: "<dir>/no/such/folder" } }`)
	n.problem(n.ask("POST", "/reload", nil), api.ReloadRejected)
	n.Write(`admin { audit { file: "<dir>/dry.log" } }`)
	n.want(n.ask("POST", "/reload?dry_run", nil), http.StatusOK, nil)
	if _, err := os.Stat(filepath.Join(n.Dir, "dry.log")); err == nil {
		t.Error("a dry run has left a file")
	}
}

// Secrets in requests stay out of the audit, of whatever kind the body is.
func TestAuditHoldsNoSecret(t *testing.T) {
	t.Parallel()
	n := start(t, `admin { audit { file: "<dir>/audit.log" } }`)
	const canary = "canary-1234567890"
	for _, body := range []string{
		`{"note":"nats://user:` + canary + `@host"}`, `{"note":"nats://user:x/y@` + canary + `@host"}`, `{"note":"nats://user:x/` + canary + `@host"}`,
		`{"password":"` + canary + `"}`, `{"x":{"api_token":"` + canary + `"}}`, `not json ` + canary,
	} {
		n.ask("POST", "/tokens?secret="+canary, body, "Content-Type", "application/json")
	}
	n.ask("PUT", "/config", `authorization { token: "`+canary+`" }`, "Content-Type", "text/x-nats-conf", "If-Match", "*")
	n.ask("PATCH", "/config", `{"authorization":{"token":"`+canary+`"}}`, "Content-Type", "application/merge-patch+json", "If-Match", "*")
	n.ask("POST", "/reload", `{"reason":"`+canary[:6]+`"}`, "Content-Type", "application/json")
	text, err := os.ReadFile(filepath.Join(n.Dir, "audit.log"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), canary) || strings.Contains(n.log(), canary) {
		t.Errorf("%s", text)
	}
	for line := range strings.Lines(string(text)) {
		if !json.Valid([]byte(line)) {
			t.Errorf("%s", line)
		}
	}
}

// What somebody asks for at great length is not kept at great length.
func TestLongRequestsInTheAudit(t *testing.T) {
	t.Parallel()
	n := start(t, "")
	long := strings.Repeat("x", 100_000)
	n.problem(n.ask("DELETE", "/connections/"+long+"?reason="+long, nil), api.InvalidParameter)
	for _, path := range []string{"/connections/kick", "/reload", "/server/lame-duck"} {
		n.problem(n.ask("POST", path, map[string]any{"reason": long[:1001], "dry_run": true}), api.InvalidParameter)
	}
	for _, r := range n.auditOf("") {
		text, err := json.Marshal(r)
		if err != nil || len(text) > 4000 {
			t.Errorf("%d bytes: %.200s %v", len(text), text, err)
		}
	}
}
