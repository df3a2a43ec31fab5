package admin_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"natsd/internal/admin/api"
)

// TestRoleMatrix asks for every endpoint of the API in every role: who has less than the role of the
// endpoint is refused, whoever has it is not refused for that. Nothing is changed: what would change
// something is asked for by those who may not.
func TestRoleMatrix(t *testing.T) {
	t.Parallel()
	n := start(t, tokenConf(t))
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	base := "http://" + n.Options().Admin.Listen + "/api/v1"
	roles := []string{api.RoleNone, api.RoleViewer, api.RoleOperator, api.RoleAdmin}
	secrets := map[string]string{api.RoleViewer: "s-vic", api.RoleOperator: "s-oz", api.RoleAdmin: "s-ada"}
	asked, strangers := 0, 0
	for path, item := range n.contract.doc["paths"].(map[string]any) {
		for method, op := range item.(map[string]any) {
			if method == "parameters" {
				continue
			}
			needs, _ := at(op, "x-role").(string)
			for level, role := range roles {
				allowed := level >= slices.Index(roles, needs)
				if allowed && (method != "get" || at(op, "x-stream") != nil || at(op, "x-disabled") != nil || strings.Contains(path, "/pprof/")) {
					continue
				}
				if role == api.RoleNone {
					if strangers++; strangers > 90 { // more of an address are slowed down; the order is another one each time
						continue
					}
				}
				var headers []string
				if secret := secrets[role]; secret != "" {
					headers = []string{"Authorization", "Bearer " + secret}
				}
				want := http.StatusForbidden
				if role == api.RoleNone {
					want = http.StatusUnauthorized
				}
				a := n.askAt(client, base, strings.ToUpper(method), concrete(path), nil, headers...)
				asked++
				refused := a.StatusCode == http.StatusForbidden || a.StatusCode == http.StatusUnauthorized
				if !allowed && a.StatusCode != want || allowed && refused {
					t.Errorf("%s %s as %s: %d, needs %s: %s", method, path, role, a.StatusCode, needs, a.body)
				}
			}
		}
	}
	if asked < 150 {
		t.Errorf("only %d requests", asked)
	}
}

// concrete fills in the variables of a path with something that exists nowhere.
func concrete(path string) string {
	elems := strings.Split(path, "/")
	for i, e := range elems {
		if strings.HasPrefix(e, "{") {
			elems[i] = "999999"
		}
	}
	return strings.Join(elems, "/")
}

// FuzzConfigBody: a configuration that is refused changes nothing, whatever it looks like.
func FuzzConfigBody(f *testing.F) {
	for _, text := range []string{aliceConf, "port: 1\n", "authorization {", `{"max_payload": 5}`, "include \"/etc/passwd\"", "a = $A", ""} {
		f.Add(text, "text/x-nats-conf")
		f.Add(text, "application/json")
	}
	server := start(f, aliceConf)
	f.Fuzz(func(t *testing.T, text, media string) {
		n := *server
		n.TB = t
		before := n.Options()
		for _, c := range []struct{ method, path string }{
			{http.MethodPut, "/config?dry_run=true"}, {http.MethodPost, "/config/validate"}, {http.MethodPost, "/config/diff"}, {http.MethodPatch, "/config?dry_run"},
		} {
			a := n.ask(c.method, c.path, text, "Content-Type", media, "If-Match", "*")
			if a.StatusCode >= http.StatusInternalServerError {
				t.Errorf("%s %s: %d %s", c.method, c.path, a.StatusCode, a.body)
			}
		}
		if n.Options() != before {
			t.Error("a dry run has changed the configuration")
		}
	})
}
