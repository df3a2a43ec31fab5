package reload_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"natsd/internal/config"
	"natsd/internal/reload"
)

// Texts that hold a canary wherever a configuration can hold a secret; every %[1]s is another one.
const (
	secretText = `
server_tags: [t%[1]s]
TOKEN = "canary-v%[1]s"
authorization { users: [ {user: a, password: "canary-p%[1]s"}, {user: b, password: $TOKEN}, {user: f, password_file: pw} ] }
accounts { A { users: [ {user: c, password: canary-q%[1]s} ] } }
`
	secretPending = `
cluster { routes: ["nats://u:canary-r%[1]s@h:1"], authorization {user: u, password: canary-s%[1]s} }
gateway { name: g, port: -1, gateways: [ {name: h, url: "nats://u:canary-t%[1]s@h:1"} ] }
leafnodes { remotes: [ {url: "nats://u:canary-u%[1]s@h:1"} ] }
system_account: A
admin { tokens: [ {id: x, hash: "$2a$11$canary%[1]s...............................................", role: admin} ] }
resolver: URL("http://u:canary-w%[1]s@h/")
`
)

// TestNoSecretInAnyOutput looks for canaries in everything that can be shown.
func TestNoSecretInAnyOutput(t *testing.T) {
	t.Parallel()
	for result, text := range map[reload.Result]string{reload.Applied: secretText, reload.Refused: secretText + secretPending} {
		noSecrets(t, text, result)
	}
}

func noSecrets(t *testing.T, text string, result reload.Result) {
	t.Helper()
	var all [2]*config.Options
	for i := range all {
		all[i] = load(t, fmt.Sprintf(text, fmt.Sprint(i)), "pw", "canary-file"+fmt.Sprint(i))
	}
	fs := fakes(all[0])
	fs[1].fault = fault{"settle", true}
	m := reload.New(all[0], reload.Setup{Components: components(fs), Load: func() (*config.Options, *config.Report) { return all[1], &config.Report{} }})
	var out bytes.Buffer
	note := func(what any) {
		fmt.Fprintf(&out, "%v\n%+v\n%#v\n", what, what, what)
		text, err := json.Marshal(what)
		if err != nil {
			t.Error(err)
		}
		out.Write(text)
	}
	for _, req := range []reload.Request{{DryRun: true}, {AllowAuthRemoval: true}} {
		report, err := m.Reload(t.Context(), req)
		if report.Result != result {
			t.Errorf("%v %v", report.Result, err)
		}
		note(report)
		note(err)
		report.Log(slog.New(slog.NewTextHandler(&out, nil)))
	}
	note(reload.Diff(all[0], all[1]))
	note(m.History())
	note(m.Status())
	for _, n := range []int{1, 2} {
		r, err := m.Revision(n)
		if err != nil {
			t.Fatal(err)
		}
		note(r.Report)
		note(r.Files())
		for _, f := range r.Files() {
			text, err := r.Text(f.Path)
			if err == nil {
				out.WriteString(text)
			}
		}
		fmt.Fprintf(&out, "%v %+v %#v", r, r, *r)
	}
	if i := strings.Index(out.String(), "canary"); i >= 0 {
		t.Errorf("…%s", out.String()[max(0, i-200):i+100])
	}
	if !strings.Contains(out.String(), "[REDACTED]") {
		t.Error("nothing was redacted: the test looks at the wrong things")
	}
}

func TestReportJSON(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old := loadIn(t, dir, confA)
	fs := fakes(old)
	fs[2].had = []reload.Effect{{CID: 4, Reason: "Authentication Failure", Dropped: true, Subs: 1, Path: "authorization.password", User: "u", Account: "$G"}}
	fs[0].planErr = &reload.KeyError{Path: "port", Verdict: reload.Restart, Reason: "so"}
	m := reload.New(old, reload.Setup{Components: components(fs)})
	next := loadIn(t, dir, confB)
	report, err := m.Apply(t.Context(), next, reload.Request{Who: "api", Why: "rotation", Mode: reload.Partial})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if _, err := time.Parse(time.RFC3339, got["time"].(string)); err != nil {
		t.Error(err)
	}
	delete(got, "time")
	got["result"].(map[string]any)["duration_ms"] = 0.0
	file := filepath.Join(dir, "natsd.conf")
	want := map[string]any{
		"revision": 2.0, "generation": 2.0, "who": "api", "why": "rotation", "dry_run": false, "mode": "partial", "verdict": "restart",
		"from": map[string]any{"revision": 1.0, "digest": old.Digest}, "to": map[string]any{"revision": 2.0, "digest": next.Digest, "files": []any{file}},
		"summary": map[string]any{"live": 1.0, "live-disruptive": 1.0, "restart": 1.0},
		"changes": []any{
			map[string]any{
				"pointer": "/authorization/password", "path": "authorization.password", "op": "replace", "old": "[REDACTED]", "new": "[REDACTED]", "verdict": "live-disruptive", "component": "auth",
				"effect": map[string]any{"connections_affected": 1.0, "connections_dropped": 1.0, "subscriptions_removed": 1.0}, "source": map[string]any{"file": file, "line": 3.0, "column": 36.0},
			},
			map[string]any{
				"pointer": "/port", "path": "port", "op": "replace", "old": 4333.0, "new": 4444.0, "verdict": "restart", "reason": "so", "component": "listeners",
				"effect": map[string]any{"connections_affected": 0.0, "connections_dropped": 0.0, "subscriptions_removed": 0.0}, "source": map[string]any{"file": file, "line": 1.0, "column": 7.0},
			},
			map[string]any{
				"pointer": "/server_tags", "path": "server_tags", "op": "replace", "old": []any{"a"}, "new": []any{"b"}, "verdict": "live", "component": "identity",
				"effect": map[string]any{"connections_affected": 0.0, "connections_dropped": 0.0, "subscriptions_removed": 0.0}, "source": map[string]any{"file": file, "line": 2.0, "column": 14.0},
			},
		},
		"predicted": map[string]any{"connections_affected": 0.0, "connections_dropped": 0.0, "subscriptions_removed": 0.0},
		"effects": map[string]any{
			"connections_affected": 1.0, "connections_dropped": 1.0, "subscriptions_removed": 1.0,
			"connections": []any{map[string]any{"cid": 4.0, "reason": "Authentication Failure", "dropped": true, "subscriptions_removed": 1.0, "path": "authorization.password", "user": "u", "account": "$G"}},
		},
		"warnings": []any{}, "errors": []any{},
		"result": map[string]any{"outcome": "applied", "applied": true, "revision": 2.0, "duration_ms": 0.0, "rolled_back": false, "pending_restart": []any{"port"}},
	}
	for key := range want {
		if !reflect.DeepEqual(got[key], want[key]) {
			t.Errorf("%s: %v\nwant %v", key, got[key], want[key])
		}
		delete(got, key)
	}
	if len(got) > 0 {
		t.Errorf("unexpected: %v", got)
	}
}

func TestRefusalJSON(t *testing.T) {
	t.Parallel()
	old := load(t, confA)
	fs := fakes(old)
	fs[0].fault = fault{phase: "prepare"}
	m := reload.New(old, reload.Setup{Components: components(fs)})
	report, _ := m.Apply(t.Context(), load(t, confB), reload.Request{})
	text, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"errors":[{"code":"reload_rejected","message":"listeners fails in prepare","severity":"error","component":"listeners"}]`,
		`"result":{"outcome":"refused","applied":false,"revision":null,`,
		`"generation":1`,
	} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("%s is missing in %s", want, text)
		}
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	old := load(t, confA)
	fs := fakes(old)
	m := reload.New(old, reload.Setup{Components: components(fs)})
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	fs[2].had = []reload.Effect{{CID: 1, Dropped: true}}
	for _, text := range []string{confB + "pid_file: x\n", confB} {
		report, _ := m.Apply(t.Context(), load(t, text), reload.Request{})
		report.Log(log)
	}
	fs[0].fault = fault{phase: "plan"}
	report, _ := m.Apply(t.Context(), load(t, confA), reload.Request{})
	report.Log(log)
	report, _ = m.Apply(t.Context(), load(t, confA), reload.Request{DryRun: true})
	report.Log(log)
	const want = `level=INFO msg="Reloaded: authorization.password = [REDACTED]"
level=INFO msg="Reloaded: pid_file = x"
level=INFO msg="Reloaded: port = 4444"
level=INFO msg="Reloaded: server_tags = [b]"
level=INFO msg="Reload ended 1 connections"
level=INFO msg="Reloaded server configuration"
level=INFO msg="Reloaded: pid_file removed"
level=INFO msg="Reloaded server configuration"
level=ERROR msg="Failed to reload server configuration: listeners fails in plan"
`
	if out.String() != want {
		t.Error(out.String())
	}
}

func TestSourceJSON(t *testing.T) {
	t.Parallel()
	for want, origin := range map[string]config.Origin{
		`"source":{"flag":"--port"}`:                {Layer: config.FromFlag, Name: "--port"},
		`"source":{"env":"NATSD_PORT"}`:             {Layer: config.FromEnv, Name: "NATSD_PORT"},
		`"source":{"file":"f","line":3,"column":4}`: {Layer: config.FromFile, Pos: config.Pos{File: "f", Line: 3, Col: 4}},
		`"subscriptions_removed":0}}`:               {},
	} {
		text, err := json.Marshal(reload.Field{Path: "port", Origin: origin})
		if err != nil || !bytes.Contains(text, []byte(want)) {
			t.Errorf("%s %v, want %s", text, err, want)
		}
	}
}
