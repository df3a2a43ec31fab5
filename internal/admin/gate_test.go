package admin_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"natsd/internal/admin/api"
)

// tokenConf has a TCP listener and one token of each kind; the secret of a token is its id behind "s-".
func tokenConf(t *testing.T) string {
	t.Helper()
	var list strings.Builder
	for id, rest := range map[string]string{
		"vic": "role: viewer", "oz": "role: operator", "ada": "role: admin",
		"old": "role: admin, expires: 2020-01-31T00:00:00Z", "far": "role: admin, cidr: \"10.0.0.0/8\"",
		"app": "role: admin, accounts: [APP]", "one": `role: viewer, scopes: ["reload:write"]`,
	} {
		hash, err := bcrypt.GenerateFromPassword([]byte("s-"+id), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&list, "{id: %s, hash: %q, %s}\n", id, hash, rest)
	}
	return fmt.Sprintf("admin { listen: \"127.0.0.1:%d\", tokens: [\n%s] }\n", freePort(t), list.String())
}

func TestRoles(t *testing.T) {
	t.Parallel()
	n := start(t, tokenConf(t))
	base := "http://" + n.Options().Admin.Listen + "/api/v1"
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	for _, c := range []struct {
		who                              string
		version, varz, reload, restoring int
	}{
		{"", 200, 401, 401, 401},
		{"s-vic", 200, 200, 403, 403},
		{"s-oz", 200, 200, 200, 403},
		{"s-ada", 200, 200, 200, 200},
		{"s-old", 401, 401, 401, 401},
		{"s-far", 401, 401, 401, 401},
		{"s-app", 200, 403, 403, 403},
		{"s-one", 200, 403, 200, 403},
		{"wrong", 401, 401, 401, 401},
		{"ndt_wrong", 401, 401, 401, 401},
		{strings.Repeat("x", 200), 401, 401, 401, 401},
	} {
		for _, r := range []struct {
			method, path string
			want         int
		}{
			{"GET", "/version", c.version},
			{"GET", "/varz", c.varz},
			{"POST", "/reload?dry_run", c.reload},
			{"POST", "/config/history/1/restore?dry_run", c.restoring},
		} {
			var headers []string
			if c.who != "" {
				headers = []string{"Authorization", "Bearer " + c.who}
			}
			a := n.askAt(client, base, r.method, r.path, nil, headers...)
			if a.StatusCode != r.want {
				t.Errorf("%q %s %s: %d, want %d: %s", c.who, r.method, r.path, a.StatusCode, r.want, a.body)
			}
			if (r.want == http.StatusUnauthorized) != (a.Header.Get("WWW-Authenticate") != "") {
				t.Errorf("%q %s: WWW-Authenticate %q", c.who, r.path, a.Header.Get("WWW-Authenticate"))
			}
			if c.who != "" && strings.Contains(string(a.body), c.who) {
				t.Errorf("the answer shows the token: %s", a.body)
			}
		}
	}
	if strings.Contains(n.log(), "s-ada") {
		t.Error("the log shows a token")
	}
}

func TestWhoAmI(t *testing.T) {
	t.Parallel()
	n := start(t, tokenConf(t))
	var who api.Identity
	n.want(n.ask("GET", "/whoami", nil), http.StatusOK, &who)
	if who.Method != api.MethodUnix || who.Role != api.RoleAdmin {
		t.Errorf("%+v", who)
	}
	n.want(n.ask("GET", "/whoami", nil, "Authorization", "bearer s-app"), http.StatusOK, &who)
	if who.Method != api.MethodToken || who.Subject != "app" || who.Accounts[0] != "APP" {
		t.Errorf("%+v", who)
	}
}

// Many wrong tokens of one address are not compared any more, and do not lock out who has a right one by
// another way.
func TestWrongTokensAreSlowedDown(t *testing.T) {
	t.Parallel()
	n := start(t, tokenConf(t))
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	right := []string{"Authorization", "Bearer s-oz"}
	n.want(n.ask("GET", "/varz", nil, right...), http.StatusOK, nil)
	limited := false
	for range 200 {
		a := n.askAt(client, "http://"+n.Options().Admin.Listen+"/api/v1", "GET", "/varz", nil, "Authorization", "Bearer "+strings.Repeat("x", 100)) // too long to be hashed: the test is about how many, not how fast
		if a.StatusCode == http.StatusTooManyRequests {
			limited = a.Header.Get("Retry-After") != ""
			break
		}
	}
	if !limited {
		t.Error("200 wrong tokens were looked at")
	}
	// A token that is known by now is good from there too.
	n.want(n.askAt(client, "http://"+n.Options().Admin.Listen+"/api/v1", "GET", "/varz", nil, right...), http.StatusOK, nil)
	n.want(n.ask("GET", "/varz", nil), http.StatusOK, nil)
}

func TestOtherHostsAndOrigins(t *testing.T) {
	t.Parallel()
	n := start(t, strings.Replace(tokenConf(t), "admin {", `admin { cors_origins: ["https://dash.example"], `, 1))
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	base := "http://" + n.Options().Admin.Listen + "/api/v1"
	for _, c := range []struct {
		method  string
		headers []string
		want    int
	}{
		{"GET", []string{"Host", "evil.example"}, http.StatusMisdirectedRequest},
		{"GET", []string{"Host", "localhost:8223"}, http.StatusOK},
		{"GET", []string{"Host", "[::1]:8223"}, http.StatusOK},
		{"GET", []string{"Host", "10.1.2.3"}, http.StatusMisdirectedRequest},
		{"POST", []string{"Origin", "https://evil.example"}, http.StatusForbidden},
		{"POST", []string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		{"POST", []string{"Origin", "https://dash.example"}, http.StatusOK},
		{"POST", nil, http.StatusOK},
	} {
		path := map[string]string{"GET": "/varz", "POST": "/reload?dry_run"}[c.method]
		a := n.askAt(client, base, c.method, path, nil, append([]string{"Authorization", "Bearer s-oz"}, c.headers...)...)
		if a.StatusCode != c.want {
			t.Errorf("%s %v: %d, want %d: %s", c.method, c.headers, a.StatusCode, c.want, a.body)
		}
		if got := a.Header.Get("Access-Control-Allow-Origin"); got != "" && got != "https://dash.example" {
			t.Errorf("%v: allows %s", c.headers, got)
		}
	}
}

// What a configuration makes the server read or open is not for those who may only look: the files and the
// environment of the server, and any file as its log or audit.
func TestConfigurationsOfViewers(t *testing.T) {
	t.Parallel()
	n := start(t, tokenConf(t))
	secret := filepath.Join(n.Dir, "secret")
	if err := os.WriteFile(secret, []byte("of: somebody else\nlog"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("include %q\nlog_file: %q\nadmin { audit { file: %q } }\n", secret, secret, secret)
	for _, who := range []string{"s-vic", "s-oz"} {
		for _, path := range []string{"/config/validate", "/config/diff"} {
			auth := []string{"Authorization", "Bearer " + who}
			n.problem(n.ask("POST", path, text, append(auth, "Content-Type", confType)...), api.Forbidden)
			n.problem(n.ask("POST", path, map[string]string{"text": text}, auth...), api.Forbidden)
			n.problem(n.ask("POST", path, map[string]string{"path": secret}, auth...), api.Forbidden)
			n.want(n.ask("POST", path, nil, auth...), http.StatusOK, nil)
		}
	}
	n.Write("log_file: \"<dir>/new\"\n")
	var plan api.Plan
	n.want(n.ask("POST", "/config/diff", nil, "Authorization", "Bearer s-vic"), http.StatusOK, &plan)
	if _, err := os.Stat(filepath.Join(n.Dir, "new")); !errors.Is(err, fs.ErrNotExist) || len(plan.Changes) == 0 {
		t.Errorf("%v %+v", err, plan)
	}
}

// A browser asks first, without a token, whether a page of another origin may send one.
func TestPreflight(t *testing.T) {
	t.Parallel()
	n := start(t, strings.Replace(tokenConf(t), "admin {", `admin { cors_origins: ["https://dash.example"], `, 1))
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	for origin, want := range map[string]int{"https://dash.example": http.StatusNoContent, "https://evil.example": http.StatusMethodNotAllowed} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, "http://"+n.Options().Admin.Listen+"/api/v1/config", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", origin)
		req.Header.Set("Access-Control-Request-Method", "PATCH")
		req.Header.Set("Access-Control-Request-Headers", "authorization,content-type,if-match")
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		allowed := resp.Header.Get("Access-Control-Allow-Origin") == origin && resp.Header.Get("Access-Control-Allow-Methods") == "PATCH" &&
			strings.Contains(resp.Header.Get("Access-Control-Allow-Headers"), "Authorization")
		if none := resp.Header.Get("Access-Control-Allow-Origin") == ""; resp.StatusCode != want || allowed == none || allowed != (want == http.StatusNoContent) {
			t.Errorf("%s: %d %v", origin, resp.StatusCode, resp.Header)
		}
	}
}
