package admin_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"natsd/internal/admin/api"
)

const patchConf = `# the usual limits
max_payload: 1000 # bytes
include "more.conf"
admin { write_config: true }
authorization { users: [ {user: alice, password: canary-a} ] }
`

func TestPatchConfig(t *testing.T) {
	t.Parallel()
	n := start(t, strings.Replace(patchConf, "include \"more.conf\"\n", "", 1))
	patch := func(body, media string) answer {
		tag := n.ask(http.MethodGet, "/config", nil).Header.Get("ETag")
		return n.ask(http.MethodPatch, "/config", body, "Content-Type", media, "If-Match", tag)
	}
	var plan api.Plan
	n.want(patch(`{"max_payload": 2000, "ping_interval": "30s"}`, "application/merge-patch+json"), http.StatusOK, &plan)
	want := strings.Replace(strings.Replace(patchConf, "include \"more.conf\"\n", "", 1), "1000", "2000", 1) + "ping_interval: \"30s\"\n"
	if got, err := os.ReadFile(n.Conf); err != nil || string(got) != want || n.Options().Limits.MaxPayload != 2000 || len(plan.Changes) != 2 {
		t.Errorf("%v %+v\n%s", err, plan.Changes, got)
	}
	n.want(patch(`[{"op":"test","path":"/max_payload","value":2000},{"op":"remove","path":"/ping_interval"},{"op":"replace","path":"/authorization/users/0/user","value":"carol"}]`,
		"application/json-patch+json"), http.StatusOK, &plan)
	if n.Options().Authorization.Users[0].Name != "carol" || n.Options().Limits.PingInterval.String() != "2m0s" {
		t.Errorf("%+v", plan.Changes)
	}
	before, _ := os.ReadFile(n.Conf)
	for _, c := range []struct {
		body, media string
		code        api.Code
	}{
		{`[{"op":"test","path":"/max_payload","value":1}]`, "application/json-patch+json", api.PreconditionFailed},
		{`[{"op":"move","path":"/max_payload","from":"/x"}]`, "application/json-patch+json", api.BadRequest},
		{`{"max_payload": "lots"}`, "application/json", api.ConfigInvalid},
		{`{"max_payload": `, "application/json", api.BadRequest},
		{`{"max_payload": {"x": 1}}`, "application/json", api.Conflict},
		{`{"host": "::1"}`, "application/json", api.Conflict}, // the environment wins
		{`max_payload: 1`, "text/x-nats-conf", api.UnsupportedMediaType},
	} {
		n.problem(patch(c.body, c.media), c.code)
	}
	n.problem(n.ask(http.MethodPatch, "/config", `{}`, "Content-Type", "application/json"), api.PreconditionRequired)
	if after, err := os.ReadFile(n.Conf); err != nil || string(after) != string(before) {
		t.Errorf("%v\n%s", err, after)
	}
}

func TestPatchLeavesIncludesAlone(t *testing.T) {
	t.Parallel()
	n := start(t, strings.Replace(patchConf, "include \"more.conf\"\n", "", 1))
	if err := os.WriteFile(filepath.Join(n.Dir, "more.conf"), []byte("lame_duck_duration: 1m\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	n.Write(patchConf)
	n.want(n.ask(http.MethodPost, "/reload", nil), http.StatusOK, nil)
	tag := n.ask(http.MethodGet, "/config", nil).Header.Get("ETag")
	p := n.problem(n.ask(http.MethodPatch, "/config", `{"lame_duck_duration": "2m"}`, "Content-Type", "application/json", "If-Match", tag), api.Conflict)
	if !strings.Contains(p.Detail, "more.conf:1:") {
		t.Error(p.Detail)
	}
}

func TestValuesAndSchema(t *testing.T) {
	t.Parallel()
	n := start(t, aliceConf)
	var s api.Setting
	n.want(n.ask(http.MethodGet, "/config/values/max_payload", nil), http.StatusOK, &s)
	if s.Value != 1000.0 || s.Default != "1 MiB" || s.Source == nil || s.Source.Line != 2 || s.Reloadable != "live" || s.Env != "NATSD_MAX_PAYLOAD" {
		t.Errorf("%+v", s)
	}
	n.want(n.ask(http.MethodGet, "/config/values/authorization/users/1/user", nil), http.StatusOK, &s)
	if s.Value != "bob" {
		t.Errorf("%+v", s)
	}
	n.want(n.ask(http.MethodGet, "/config/values/authorization/users/1/password", nil), http.StatusOK, &s)
	if s.Value != "[REDACTED]" {
		t.Errorf("%+v", s)
	}
	n.want(n.ask(http.MethodGet, "/config/values/ping_max", nil), http.StatusOK, &s)
	if s.Value != 2.0 || s.Source != nil {
		t.Errorf("%+v", s)
	}
	n.problem(n.ask(http.MethodGet, "/config/values/max_payloads", nil), api.NotFound)
	if a := n.ask(http.MethodGet, "/config/schema", nil); a.StatusCode != http.StatusOK || !strings.Contains(string(a.body), `"max_payload"`) {
		t.Errorf("%.300s", a.body)
	}
}
