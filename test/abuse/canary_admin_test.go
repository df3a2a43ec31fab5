package abuse

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"natsd/test/harness"
)

// operator asks the admin API over its socket.
type operator struct {
	t    *testing.T
	http *http.Client
}

func operatorOf(t *testing.T, s *harness.Server) *operator {
	return &operator{t, &http.Client{
		Timeout: patience,
		Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", s.Admin)
		}},
	}}
}

// ask returns the status, the headers and the body as one text, as somebody sees them. Media is the type
// of the body.
func (o *operator) ask(method, path, media, body string) (int, string) {
	o.t.Helper()
	req, err := http.NewRequestWithContext(o.t.Context(), method, "http://natsd/api/v1"+path, strings.NewReader(body))
	if err != nil {
		o.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", media)
	}
	resp, err := o.http.Do(req)
	if err != nil {
		o.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		o.t.Errorf("%s %s: %v", method, path, err)
	}
	return resp.StatusCode, fmt.Sprint(resp.Header) + "\n" + string(text)
}

// pages are the paths that the API says can be read, with something for the names in them. Streams end
// only with their client.
func (o *operator) pages() []string {
	o.t.Helper()
	_, text := o.ask(http.MethodGet, "/openapi.json", "", "")
	_, text, _ = strings.Cut(text, "\n")
	var doc struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		o.t.Fatal(err)
	}
	fill := strings.NewReplacer("{cid}", "1", "{rev}", "1", "{id}", "ci", "{profile}", "heap", "{pointer}", "authorization")
	var out []string
	for path, item := range doc.Paths {
		if item["get"] != nil && path != "/events" && !strings.HasSuffix(path, "/stream") {
			out = append(out, fill.Replace(path))
		}
	}
	out = append(out,
		"/config?view=file", "/config?view=file&format=conf", "/config?format=conf", "/config?view=defaults",
		"/config/history/1?format=conf", "/config/history/2?format=conf", "/config/history/2", "/config/history/3",
		"/connections?state=any&subs=detail", "/monitor/connz?auth=1&state=any&subs=detail", "/metrics?detailed=1",
		"/config/values/accounts", "/config/values/authorization/password", "/debug/pprof/cmdline", "/debug/pprof/goroutine?debug=2",
	)
	slices.Sort(out)
	return out
}

// TestCanaryInAdmin puts secrets into the configuration, into reloads that work and into some that do not, and
// into bodies of requests, and looks for them in all that the admin API tells even an admin.
func TestCanaryInAdmin(t *testing.T) {
	t.Parallel()
	natsdOnly(t, "it has no admin API")
	dir, kept := t.TempDir(), t.TempDir() // what is kept is whole, for the eyes of the server
	base := fmt.Sprintf(`
debug: true
trace: true
watch: false
admin { pprof: true, history { dir: %q }, audit { file: %q } }
`, filepath.Join(kept, "history"), filepath.Join(dir, "audit"))
	accounts := func(n int) string {
		return fmt.Sprintf("%sSECRET = %q\naccounts { A { users: [ {user: u, password: %q}, {user: v, password: $SECRET} ] } }\n",
			base, fmt.Sprint(canary, n+1), fmt.Sprint(canary, n))
	}
	s := start(t, accounts(10))
	o := operatorOf(t, s)
	talk(t, s, `{"user":"u","pass":"`+canary+`10"}`, true)
	talk(t, s, `{"user":"u","pass":"`+canary+`19"}`, false)
	head, err := os.ReadFile(s.Config)
	if err != nil {
		t.Fatal(err)
	}
	listen, _, _ := strings.Cut(string(head), "\n\n")
	reload := func(text string) {
		if err := s.SetConfig(listen + "\n" + text); err != nil {
			t.Fatal(err)
		}
		_, said := o.ask(http.MethodPost, "/reload?reason=test", "", "")
		search(t, "a reload", said)
	}
	reload(accounts(20))
	reload(accounts(30) + "authorization { user: u, pasword: " + canary + "31 }\n")
	reload(accounts(40) + "}}\n")

	const conf, jsonBody = "text/x-nats-conf", "application/json"
	for _, r := range []struct{ method, path, media, body string }{
		{"POST", "/config/validate", conf, accounts(50) + "nonsense: 1"},
		{"POST", "/config/validate", conf, `authorization { password: "` + canary + `51`},
		{"POST", "/config/validate", jsonBody, `{"inline":"authorization { user: u, password: ` + canary + `52, x: 1 }"}`},
		{"POST", "/config/diff", jsonBody, `{"inline":"authorization { user: u, password: ` + canary + `53 }"}`},
		{"POST", "/config/diff", jsonBody, `{"from":"1","to":"2"}`},
		{"PUT", "/config?dry_run=true", conf, accounts(60)},
		{"PATCH", "/config?dry_run=true", "application/merge-patch+json", `{"authorization":{"user":"u","password":"` + canary + `61"}}`},
		{"POST", "/tokens", jsonBody, `{"role":"viewer","nonsense":"` + canary + `62"}`},
		{"POST", "/connections/kick", jsonBody, `{"user":"u","dry_run":true,"password":"` + canary + `63"}`},
		{"POST", "/auth/test", jsonBody, `{"user":"u","pass":"` + canary + `64"}`},
	} {
		_, said := o.ask(r.method, r.path, r.media, r.body)
		search(t, r.method+" "+r.path, said)
	}
	good := 0
	for _, path := range o.pages() {
		status, said := o.ask(http.MethodGet, path, "", "")
		if status == http.StatusOK {
			good++
		}
		search(t, path, said)
	}
	if good < 40 {
		t.Errorf("only %d pages could be read", good)
	}
	if _, err := s.Stop(); err != nil {
		t.Error(err)
	}
	search(t, "the log", s.Log.String())
	searchFiles(t, dir)
}
