package config

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEffective(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "natsd.conf")
	text := `
port: 4333
ping_interval: "90s"
server_metadata { "a.b": "c" }
cluster { name: C, routes: ["nats://u:canary-r@h:1"] }
authorization { users: [ {user: a, password: canary-p, permissions: { publish: ["x.>"] }} ] }
accounts { APP: { users: [ {user: b, password: "canary-q"} ], exports: [ {stream: "s.>"} ] } }
mappings { "a.*": "b.$1" }
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o, report := Load(Source{Path: path, Flags: []Flag{{Name: "--debug", Key: "debug", Value: "true"}}, Environ: map[string]string{"NATSD_PORT": "4444"}})
	if o == nil {
		t.Fatal(report.Err())
	}
	e, err := o.Archive.Effective(false)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := json.Marshal(e.Tree)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"accounts":{"APP":{"exports":[{"stream":"s.\u003e"}],"users":[{"password":"[REDACTED]","user":"b"}]}},` +
		`"authorization":{"users":[{"password":"[REDACTED]","permissions":{"publish":["x.\u003e"]},"user":"a"}]},` +
		`"cluster":{"name":"C","routes":["nats://[REDACTED]@h:1"]},"debug":true,"mappings":{"a.*":"b.$1"},"ping_interval":"1m30s","port":4444,"server_metadata":{"a.b":"c"}}`
	if string(tree) != want {
		t.Errorf("got  %s\nwant %s", tree, want)
	}
	origins := map[string]string{}
	for _, s := range e.Settings {
		origins[s.Path] = fmt.Sprintf("%s %v", strings.TrimPrefix(s.Origin.String(), filepath.Dir(path)), s.Default)
	}
	for path, want := range map[string]string{
		"port": "NATSD_PORT 4222", "debug": "--debug false", "ping_interval": "/natsd.conf:3:16 2m",
		"accounts.APP.users.0.user": "/natsd.conf:7:35 <nil>", "server_metadata.a.b": "/natsd.conf:4:26 <nil>",
	} {
		if origins[path] != want {
			t.Errorf("%s: %q, want %q", path, origins[path], want)
		}
	}
	all, err := o.Archive.Effective(true)
	if err != nil {
		t.Fatal(err)
	}
	if all.Tree["max_payload"] != int64(1<<20) || all.Tree["lame_duck_duration"] != "2m" {
		t.Errorf("%v %v", all.Tree["max_payload"], all.Tree["lame_duck_duration"])
	}
	if text := fmt.Sprint(all); strings.Contains(text, "canary") {
		t.Error(text)
	}
}
