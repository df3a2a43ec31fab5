package admin_test

import (
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"natsd/internal/admin/api"
)

// freePort returns a port that nobody listens on.
func freePort(t *testing.T) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}

func TestConventions(t *testing.T) {
	t.Parallel()
	n := start(t, aliceConf)
	n.problem(n.ask("GET", "/nothing", nil), api.NotFound)
	a := n.ask("DELETE", "/reload", nil)
	n.problem(a, api.MethodNotAllowed)
	if got := strings.Join(a.Header.Values("Allow"), " "); got != "GET POST" {
		t.Errorf("Allow: %s", got)
	}
	n.problem(n.ask("POST", "/reload", "mode: strict", "Content-Type", "text/plain"), api.UnsupportedMediaType)
	n.problem(n.ask("POST", "/reload", strings.Repeat(" ", 64<<10+1), "Content-Type", "application/json"), api.TooLarge)
	n.problem(n.ask("POST", "/config/validate", strings.Repeat(" ", 16<<20+1), "Content-Type", confType), api.TooLarge)
	n.want(n.ask("POST", "/config/validate", strings.Repeat("\n", 1<<20), "Content-Type", confType), http.StatusOK, nil)
	for _, body := range []string{"{", `{"mode":1}`, `{"mod":"strict"}`, `{} {}`, `[]`} {
		if p := n.problem(n.ask("POST", "/reload", body, "Content-Type", "application/json"), api.BadRequest); strings.Contains(p.Detail, "api.") {
			t.Errorf("%s: %s", body, p.Detail)
		}
	}
	a = n.ask("GET", "/version", nil, "X-Request-Id", "abc-1")
	for name, want := range map[string]string{"X-Request-Id": "abc-1", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Type": "application/json; charset=utf-8"} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if id := n.ask("GET", "/version", nil, "X-Request-Id", "a b").Header.Get("X-Request-Id"); id == "a b" || id == "" {
		t.Errorf("request id %q", id)
	}
	if a = n.ask("HEAD", "/version", nil); a.StatusCode != http.StatusOK || len(a.body) != 0 {
		t.Errorf("HEAD: %d %s", a.StatusCode, a.body)
	}
	if a = n.ask("GET", "/version", nil, "Accept", "application/yaml"); !strings.HasPrefix(string(a.body), "name: natsd\n") {
		t.Errorf("YAML: %s", a.body)
	}
}

// Whatever can change something can be asked what it would do.
func TestEverythingHasADryRun(t *testing.T) {
	t.Parallel()
	n := start(t, "")
	changesNothing := []string{"/config/validate", "/config/diff", "/subjects/check", "/connections/{cid}/ping"}
	for path, item := range n.contract.doc["paths"].(map[string]any) {
		for method, op := range item.(map[string]any) {
			op, ok := op.(map[string]any)
			if !ok || method == "get" || slices.Contains(changesNothing, path) {
				continue
			}
			if _, later := op["responses"].(map[string]any)["501"]; later {
				continue
			}
			params, _ := op["parameters"].([]any)
			if !slices.ContainsFunc(params, func(p any) bool { return p.(map[string]any)["name"] == "dry_run" }) {
				t.Errorf("%s %s has no dry_run", method, path)
			}
		}
	}
}
