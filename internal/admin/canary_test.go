package admin_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"natsd/internal/admin/api"
)

const canary = "canary"

// TestNoSecretGetsOut puts secrets everywhere, makes a server do all kinds of things at the loudest
// level, and looks at everything that the API, its streams, the log and the audit show to an admin.
func TestNoSecretGetsOut(t *testing.T) {
	t.Parallel()
	hash, err := bcrypt.GenerateFromPassword([]byte("canary-bcrypt"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	conf := `server_name: safe
accounts { APP { users [
	{user: ann, password: "canary-ann", permissions: {publish: "a.>"}}
	{user: bob, password: "` + string(hash) + `"}
] } }
cluster { name: c, listen: "127.0.0.1:-1", authorization { user: r, password: "canary-route" }, routes: ["nats://u:canary-url@127.0.0.1:1"] }
admin { audit { file: "<dir>/audit.log" }, pprof: true, tokens_file: "<dir>/tokens.json", tokens: [{id: ci, role: viewer, hash: "` + string(hash) + `"}] }
`
	n := start(t, conf)
	n.want(n.ask("PUT", "/logging", api.SetLogging{Level: "trace"}), http.StatusOK, nil)
	streams := []*streaming{n.stream("/events"), n.stream("/events", "Accept", api.NDJSONType), n.stream("/logging/stream?level=trace")}

	n.connect(`"user":"ann","pass":"canary-ann"`)
	n.connect(`"user":"bob","pass":"canary-bcrypt"`)
	n.knock(`"user":"eve","pass":"canary-wrong"`).line()
	n.knock(`"auth_token":"canary-token"`).line()
	n.ask("GET", "/varz", nil, bearer("canary-admin")...)
	var made, rotated api.IssuedToken
	n.want(n.ask("POST", "/tokens", api.NewToken{}, "Idempotency-Key", "1"), http.StatusCreated, &made)
	n.want(n.ask("POST", "/tokens/"+made.ID+"/rotate", api.RotateToken{Grace: "1h"}), http.StatusOK, &rotated)
	for _, text := range []string{
		strings.ReplaceAll(strings.ReplaceAll(conf, "canary-ann", "canary-next"), "<dir>", n.Dir), "authorization { token: canary-cut",
		`authorization { user: a, password: canary-typo, passwort: canary-typo2 }`,
	} {
		n.ask("PUT", "/config?reason=rotation", text, "Content-Type", "text/x-nats-conf", "If-Match", "*")
		n.ask("POST", "/config/validate", text, "Content-Type", "text/x-nats-conf")
		n.ask("POST", "/config/diff", text, "Content-Type", "text/x-nats-conf")
	}
	n.ask("PATCH", "/config", `{"authorization":{"token":"canary-patch"}}`, "Content-Type", "application/merge-patch+json", "If-Match", "*")
	n.Write(strings.ReplaceAll(conf, "canary-ann", "canary-file"))
	n.want(n.ask("POST", "/reload", nil), http.StatusOK, nil)
	n.want(n.ask("PUT", "/logging", api.SetLogging{Level: "trace"}), http.StatusOK, nil)
	n.connect(`"user":"ann","pass":"canary-file"`)

	clean := func(where, text string) {
		for _, secret := range []string{canary, string(hash), made.Secret, rotated.Secret} {
			if i := strings.Index(text, secret); i >= 0 {
				t.Errorf("%s shows a secret: …%s…", where, text[max(0, i-100):min(len(text), i+60)])
			}
		}
	}
	for path, item := range n.contract.doc["paths"].(map[string]any) {
		op := at(item, "get")
		if op == nil || at(op, "x-stream") != nil || strings.Contains(path, "stream") || path == "/events" || strings.Contains(path, "pprof") || path == "/debug/stacks" {
			continue
		}
		path = strings.NewReplacer("{rev}", "1", "{cid}", "1", "{id}", made.ID, "{pointer}", "accounts").Replace(path)
		a := n.ask(http.MethodGet, path, nil)
		clean(path, string(a.body))
	}
	for _, path := range []string{
		"/config?view=file&format=conf", "/config?view=effective", "/config/history/1?format=conf", "/connz?auth=1&subs=detail&state=any", "/audit?limit=10000", "/events/recent?limit=10000",
		"/config/values/cluster", "/config/values/admin", "/debug/pprof/heap",
	} {
		clean(path, string(n.ask(http.MethodGet, path, nil).body))
	}
	n.stop()
	for _, s := range streams {
		text, _ := io.ReadAll(s.lines) // it ends with the server
		if len(text) == 0 {
			t.Error("an empty stream")
		}
		clean("a stream", string(text))
	}
	for _, file := range []string{"log", "audit.log", "tokens.json"} {
		text, err := os.ReadFile(filepath.Join(n.Dir, file))
		if err != nil {
			t.Fatal(err)
		}
		clean(file, string(text))
	}
}
