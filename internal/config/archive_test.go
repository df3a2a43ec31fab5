package config

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// archived loads text with an include and side files, all of them holding canaries.
func archived(t *testing.T) (*Options, string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"natsd.conf": `
PW = "canary-variable" # never canary-comment-of-nobody
port: 4333
authorization {
  users: [ {user: a, password: canary-plain}, {user: b, password: $PW}, {user: c, password_file: secret} ]
}
include "more/*.conf"
http: 8222 # password: canary-comment
`,
		"more/1.conf": "cluster { routes: [\"nats://u:canary-url@h:1\"] }\nlog_levels { client: debug }\n",
		"more/2.conf": "mqtt { authorization { token: \"ab\" } }\nserver_tags: [ab, abc]\n",
		"secret":      "canary-file\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o, report := Load(Source{Path: "natsd.conf", WorkDir: dir, Flags: []Flag{{"--trace", "trace", "true"}}})
	if o == nil {
		t.Fatal(report.Err())
	}
	return o, dir
}

func TestArchiveSums(t *testing.T) {
	t.Parallel()
	o, dir := archived(t)
	for name, text := range map[string]string{"more/2.conf": "mqtt { authorization { token: \"ab\" } }\nserver_tags: [ab, abc]\n", "secret": "canary-file\n"} {
		if sum, ok := o.Archive.Sum(filepath.Join(dir, name)); !ok || sum != sha256.Sum256([]byte(text)) {
			t.Errorf("%s: %x %v", name, sum, ok)
		}
	}
	if _, ok := o.Archive.Sum(filepath.Join(dir, "other")); ok {
		t.Error("a file that was not read has a sum")
	}
}

func TestArchiveLoadsAgain(t *testing.T) {
	t.Parallel()
	o, dir := archived(t)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	again, report := o.Archive.Load()
	if again == nil {
		t.Fatal(report.Err())
	}
	if again.Digest != o.Digest || !reflect.DeepEqual(again.Files, o.Files) || !again.Logging.Trace || again.Authorization.Users[2].Password != "canary-file" {
		t.Errorf("%v %v, want %v %v", again.Digest, again.Files, o.Digest, o.Files)
	}
	if !reflect.DeepEqual(again.Values, o.Values) || !reflect.DeepEqual(again.Contents, o.Contents) {
		t.Error("the values differ")
	}
}

func TestArchiveFiles(t *testing.T) {
	t.Parallel()
	o, dir := archived(t)
	var got []string
	for _, f := range o.Archive.Files() {
		rel, _ := filepath.Rel(dir, f.Path)
		got = append(got, fmt.Sprintf("%s %s %v", rel, f.Key, f.Size > 0 && strings.HasPrefix(f.Digest, "sha256:")))
	}
	want := []string{"natsd.conf  true", "more/1.conf  true", "more/2.conf  true", "secret authorization.users[2].password_file true"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestArchiveHidesSecrets(t *testing.T) {
	t.Parallel()
	o, dir := archived(t)
	var all strings.Builder
	for _, f := range o.Archive.Files() {
		text, err := o.Archive.Redacted(f.Path)
		if (err != nil) != (f.Key != "") {
			t.Errorf("%s: %v", f.Path, err)
		}
		all.WriteString(text)
	}
	if strings.Contains(all.String(), "canary-") && strings.Count(all.String(), "canary-") != strings.Count(all.String(), "canary-comment-of-nobody") {
		t.Error(all.String())
	}
	for _, want := range []string{"port: 4333", "server_tags: [[REDACTED], abc]", "token: ****"} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("%q is missing in %s", want, all.String())
		}
	}
	if text := fmt.Sprintf("%v %+v %#v %s %+v", o.Archive, o, o.Archive, o.Archive, *o.Archive); strings.Contains(text, "canary") {
		t.Error(text)
	}
	if _, err := o.Archive.Redacted(filepath.Join(dir, "other")); err == nil {
		t.Error("a file that is not there was shown")
	}
}

func TestSideChanges(t *testing.T) {
	t.Parallel()
	o, dir := archived(t)
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	next, report := Load(Source{Path: "natsd.conf", WorkDir: dir})
	if next == nil {
		t.Fatal(report.Err())
	}
	want := map[string]string{"authorization.users[2].password_file": filepath.Join(dir, "secret")}
	if got := o.Archive.SideChanges(next.Archive); !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	if got := o.Archive.SideChanges(o.Archive); got != nil {
		t.Errorf("%v", got)
	}
	if got := (*Archive)(nil).SideChanges(o.Archive); got != nil {
		t.Errorf("%v", got)
	}
}

// TestContents: what means the same is equal, and what does not is not.
func TestContents(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		a, b string
		want []string
	}{
		"order of names":       {"log_levels {a: debug, b: info}", "log_levels {b: info, a: DEBUG}", nil},
		"one name":             {"log_levels {a: debug, b: info}", "log_levels {a: debug, b: warn}", []string{"log_levels.b"}},
		"defaults":             {"leafnodes {remotes: [{url: \"nats://a:1\"}]}", "leafnodes {remotes: [{url: \"nats://a:1\", hub: false}]}", nil},
		"alias":                {"leafnodes {remotes: [{url: \"nats://a:1\"}]}", "leaf {remotes: [{url: \"nats://a:1\"}]}", nil},
		"secret in an array":   {"leafnodes {remotes: [{url: \"nats://u:x@a:1\"}]}", "leafnodes {remotes: [{url: \"nats://u:y@a:1\"}]}", []string{"leafnodes.remotes"}},
		"secret value":         {"authorization {token: x}", "authorization {token: y}", []string{"authorization.token"}},
		"equal secret":         {"authorization {token: x}", "authorization {token: \"x\"}", nil},
		"empty block":          {"", "authorization {}", nil},
		"block that counts":    {"", "mqtt {}", []string{"mqtt"}},
		"list or block":        {"authorization {default_permissions {publish: [a]}}", "authorization {default_permissions {publish {allow: a}}}", nil},
		"duration in two ways": {"ping_interval: \"120s\"", "ping_interval: \"2m\"", nil},
		"mapping":              {"mappings {a: b}", "mappings {a: c}", []string{"mappings.a"}},
		"resolver":             {"resolver: MEMORY", "resolver: URL(\"http://u:p@h/\")", []string{"resolver.source"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := loadText(t, c.a), loadText(t, c.b)
			if got := unequal(a, b); !reflect.DeepEqual(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
			if text := fmt.Sprintf("%+v %+v", a.Contents, a.Values); strings.Contains(text, "u:x") {
				t.Error(text)
			}
		})
	}
}

func loadText(t *testing.T, text string) *Options {
	t.Helper()
	o, report := Load(Source{Path: writeFile(t, text)})
	if o == nil {
		t.Fatal(report.Err())
	}
	return o
}

// unequal lists what differs, values that come from the default on one side and are not there on the
// other left out.
func unequal(a, b *Options) (out []string) {
	all := map[string][2]Value{}
	for side, o := range []*Options{a, b} {
		for path, v := range o.Values {
			pair := all[path]
			pair[side] = v
			all[path] = pair
		}
		for path, c := range o.Contents {
			pair := all[path]
			pair[side] = c.Value
			all[path] = pair
		}
	}
	for _, path := range sortedKeys(all) {
		_, inA := a.Contents[path]
		_, inB := b.Contents[path]
		if pair := all[path]; !pair[0].Equal(pair[1]) && pair[0].Origin.Layer+pair[1].Origin.Layer > FromDefault || inA != inB && pair[0].Value == nil && pair[1].Value == nil {
			out = append(out, path)
		}
	}
	return out
}

func TestKeyOf(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"port": "port", "accounts A users bob password": "accounts.*.users[].password", "accounts users": "accounts.*",
		"log_levels x": "log_levels.*", "authorization users bob": "authorization.users", "cluster tls timeout": "cluster.tls.timeout",
		"nothing": "", "port x": "", "": "",
	} {
		k, ok := KeyOf(strings.Fields(path)...)
		if k.Path != want || ok != (want != "") {
			t.Errorf("%s: %q", path, k.Path)
		}
	}
}
