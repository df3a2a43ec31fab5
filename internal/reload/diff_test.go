package reload_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"natsd/internal/config"
	"natsd/internal/reload"
)

// describe is one line for each difference.
func describe(fields []reload.Field) []string {
	var out []string
	for _, f := range fields {
		text, err := json.Marshal([]any{f.Old, f.New})
		if err != nil {
			text = []byte(err.Error())
		}
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", f.Op, f.Path, text, f.Verdict)))
	}
	return out
}

func TestDiff(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		a, b string
		want []string
	}{
		"nothing":       {"port: 4222", "port: 4222", nil},
		"words":         {"listen: \"127.0.0.1:4333\"\nmax_payload: 1MB", "# x\nmax_payload: 1048576\nport: 4333, net: 127.0.0.1", nil},
		"default":       {"", "ping_interval: 2m\nhost: 0.0.0.0", nil},
		"values":        {"port: 4333\ndebug: true", "port: 4334", []string{"replace debug [true,false] live", "replace port [4333,4334] live"}},
		"duration":      {"ping_interval: 1m", "ping_interval: 2m", []string{`replace ping_interval ["1m0s","2m0s"] live`}},
		"set and unset": {"pid_file: x", "server_name: y", []string{`remove pid_file ["x",null] live`, `add server_name [null,"y"] live`}},
		"names": {
			"log_levels { a: debug, \"b.c\": info }", "log_levels { \"b.c\": warn }",
			[]string{`remove log_levels.a ["debug",null] live`, `replace log_levels.b.c ["info","warn"] live`},
		},
		"limit": {"max_connections: 10", "max_connections: 5", []string{"replace max_connections [10,5] live-disruptive"}},

		"user, order and words": {
			"authorization { users: [ {user: a, password: x, permissions {pub: [p, q]}}, {user: b, password: y} ] }",
			"authorization { users = [ {username: b, pass: y}, {user: a, password: x, permission {publish {allow: [q, p]}}} ] }", nil,
		},
		"user changed": {
			"authorization { users: [ {user: a, password: x}, {user: b, password: y}, {user: c, password: z} ] }",
			"authorization { users: [ {user: a, password: x2}, {user: b, password: y, permissions {publish: p}}, {user: d, password: z} ] }",
			[]string{
				`replace authorization.users.a.password ["[REDACTED]","[REDACTED]"] live-disruptive`,
				`replace authorization.users.b.permissions [null,{"publish":{"allow":["p"]}}] live`,
				`remove authorization.users.c [null,null] live-disruptive`,
				`add authorization.users.d [null,null] live`,
			},
		},
		"first user": {"", "authorization { users: [ {user: a, password: x} ] }", []string{`add authorization.users.a [null,null] live-disruptive`}},
		"rest of a user": {
			"authorization { users: [ {user: a, password: x, allowed_connection_types: [STANDARD, MQTT]} ] }",
			"authorization { users: [ {user: a, password: x, allowed_connection_types: [mqtt], proxy_required: true} ] }",
			[]string{
				`replace authorization.users.a.allowed_connection_types [["STANDARD","MQTT"],["MQTT"]] live-disruptive`,
				`replace authorization.users.a.proxy_required [false,true] live-disruptive`,
			},
		},
		"default permissions": {
			"authorization { default_permissions {publish: a, allow_responses: true}, users: [ {user: a, password: x}, {user: b, password: x, permissions {subscribe: s}} ] }",
			"authorization { default_permissions {publish: b, allow_responses: true}, users: [ {user: a, password: x}, {user: b, password: x, permissions {subscribe: s}} ] }",
			[]string{`replace authorization.default_permissions.publish.allow [["a"],["b"]] live`},
		},
		"token":   {"authorization { token: x }", "authorization { token: y }", []string{`replace authorization.token ["[REDACTED]","[REDACTED]"] live-disruptive`}},
		"proxies": {"", "proxies { trusted: [ {key: UCARKS2E3KVB7YORL2DG34XLT7PUCOL2SVM7YXV6ETHLW6Z46UUJ2VZ3} ] }", []string{`add proxies [null,null] live`, `add proxies.trusted [null,null] live-disruptive`}},

		"accounts in another order": {"accounts { A { users: [{user: a, password: x}] }, B {} }", "accounts { B {}, A { users: [{user: a, password: x}] } }", nil},
		"accounts": {
			"accounts { A { users: [{user: a, password: x}, {user: b, password: x}] }, B {}, C { limits {max_subs: 5} } }",
			"accounts { A { users: [{user: a, password: y}] }, D { users: [{user: b, password: x}] }, C { limits {max_subs: 6}, exports: [{stream: s}], default_permissions {pub: x} } }",
			[]string{
				`replace accounts.A.users.a.password ["[REDACTED]","[REDACTED]"] live-disruptive`,
				`remove accounts.A.users.b [null,null] live-disruptive`,
				`remove accounts.B [null,null] live-disruptive`,
				`replace accounts.C.default_permissions [null,{"publish":{"allow":["x"]}}] live`,
				`replace accounts.C.exports [null,null] live`,
				`replace accounts.C.limits.max_subscriptions [5,6] live-disruptive`,
				`add accounts.D [null,null] live`,
			},
		},
		"account moved in the file": {"accounts { A { exports: [{stream: s}], mappings {a: b}, msg_trace: t, jetstream: enabled } }", "\n\n\naccounts {\nA { exports: [{stream: s}], mappings {a: b}, msg_trace: t, jetstream: enabled } }", nil},

		"section appears":  {"", "gateway { name: g, port: 7222 }", []string{`add gateway [null,null] live`, `add gateway.name [null,"g"] live`, `add gateway.port [null,7222] live`}},
		"section vanishes": {"gateway { name: g, port: 7222 }", "", []string{`remove gateway [null,null] live`, `remove gateway.name ["g",null] live`, `remove gateway.port [7222,null] live`}},
		"section as a whole": {
			"leafnodes { remotes: [ {url: \"nats://u:canary@h:1\"} ] }", "leafnodes { remotes: [ {url: \"nats://u:canary2@h:1\"} ] }",
			[]string{`replace leafnodes.remotes [null,null] live`},
		},
		"section in other words": {"leafnodes { remotes: [ {url: \"nats://h:1\"} ] }", "leaf { remotes = [ {url: \"nats://h:1\", hub: no} ] }", nil},
		"routes":                 {"cluster { routes: [\"nats://u:canary@h:1\"] }", "cluster { routes: [\"nats://u:canary2@h:1\"] }", []string{`replace cluster.routes ["[REDACTED]","[REDACTED]"] live-disruptive`}},
		"resolver": {
			"resolver: URL(\"http://u:canary@h/\")", "resolver: URL(\"http://u:canary2@h/\")",
			[]string{`replace resolver.source ["http://[REDACTED]@h/","http://[REDACTED]@h/"] live`},
		},
		"block that says nothing": {"", "authorization {}\nwatch {}\nauth_failure_delay { free: 20 }", nil},
		"short form":              {"watch: false", "watch { enabled: false }", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fields := reload.Diff(load(t, c.a), load(t, c.b))
			if got := describe(fields); !slices.Equal(got, c.want) {
				t.Errorf("%s\nwant %s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
			for _, f := range fields {
				if f.Origin.Pos.Line == 0 && f.Origin.Layer != config.FromDefault {
					t.Errorf("%s has no place", f.Path)
				}
			}
		})
	}
}

func TestPointer(t *testing.T) {
	t.Parallel()
	fields := reload.Diff(load(t, "log_levels { \"a/b~c.d\": info }"), load(t, ""))
	if len(fields) != 1 || fields[0].Pointer != "/log_levels/a~1b~0c.d" {
		t.Errorf("%+v", fields)
	}
}

// TestDiffOfFlags: flags and variables are layers of the same merge.
func TestDiffOfFlags(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "natsd.conf")
	write(t, path, "port: 1")
	src := config.Source{Path: path, Flags: []config.Flag{{Name: "--port", Key: "port", Value: "5"}}, Environ: map[string]string{"NATSD_DEBUG": "true"}}
	a, _ := config.Load(src)
	write(t, path, "port: 2\ndebug: false\ntrace: true")
	b, _ := config.Load(src)
	if got := describe(reload.Diff(a, b)); !slices.Equal(got, []string{"replace trace [false,true] live"}) {
		t.Error(got)
	}
}

// TestContentOfFiles: a file that a key names is compared by what it holds.
func TestContentOfFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := "authorization { user: u, password_file: pw }\nserver_tags: x"
	a := loadIn(t, dir, text, "pw", "canary-1\n")
	b := loadIn(t, dir, text, "pw", "canary-1\n")
	if got := describe(reload.Diff(a, b)); got != nil {
		t.Error(got)
	}
	c := loadIn(t, dir, text, "pw", "canary-2\n")
	fields := reload.Diff(a, c)
	if len(fields) != 1 || fields[0].Path != "authorization.password_file" || !fields[0].Content || fields[0].Verdict != reload.Disruptive || fields[0].Origin.Pos.Line != 1 {
		t.Errorf("%+v", fields)
	}
	if got := fields[0].String(); got != "authorization.password_file (content)" {
		t.Error(got)
	}
	users := "authorization { users: [ {user: u, password_file: pw} ] }"
	if got := describe(reload.Diff(loadIn(t, dir, users, "pw", "1"), loadIn(t, dir, users, "pw", "2"))); len(got) != 1 || !strings.HasPrefix(got[0], "replace authorization.users.u.password ") {
		t.Error(got)
	}
}

// TestDiffSeesEveryField of users and accounts: who adds one must add it to the comparison.
func TestDiffSeesEveryField(t *testing.T) {
	t.Parallel()
	for typ, fields := range map[reflect.Type]int{
		reflect.TypeFor[config.User](): 11 /* two are about how it was read */, reflect.TypeFor[config.Account](): 11, reflect.TypeFor[config.AccountLimits](): 4,
	} {
		if typ.NumField() != fields {
			t.Errorf("%s has %d fields, the comparison knows %d", typ, typ.NumField(), fields)
		}
	}
}

// TestDiffWithItself: whatever a file says, it does not differ from itself.
func TestDiffWithItself(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../conf/examples/*.conf")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		a, _ := config.Load(config.Source{Path: file})
		b, _ := config.Load(config.Source{Path: file})
		if a == nil || b == nil {
			continue // needs files or variables that are not here
		}
		if got := describe(reload.Diff(a, b)); got != nil {
			t.Errorf("%s: %s", file, got)
		}
	}
}

// TestReportOfManyChanges is bounded.
func TestReportOfManyChanges(t *testing.T) {
	t.Parallel()
	old := load(t, manyUsers(3000, 0))
	m := reload.New(old, reload.Setup{})
	report, err := m.Apply(t.Context(), load(t, strings.ReplaceAll(manyUsers(3000, 0), "password: p", "password: q")), reload.Request{})
	if err != nil || len(report.Changes) != 1000 || report.Omitted != 2000 || report.Summary[reload.Disruptive] != 3000 {
		t.Errorf("%v %d %d %v", err, len(report.Changes), report.Omitted, report.Summary)
	}
}

// manyUsers is a configuration with n users; one of them has another password when changed is not 0.
func manyUsers(n, changed int) string {
	var b strings.Builder
	b.WriteString("listen: 127.0.0.1:4222\nauthorization { users: [\n")
	for i := range n {
		password := fmt.Sprint("p", i)
		if i == changed-1 {
			password = "other"
		}
		fmt.Fprintf(&b, "{ user: u%d, password: %s, permissions { publish: [\"a.%d.>\", b], subscribe { allow: \"c.%d\", deny: d } } }\n", i, password, i, i)
	}
	b.WriteString("] }\n")
	return b.String()
}

// BenchmarkDiff compares two configurations of 10,000 users of which one changed.
func BenchmarkDiff(b *testing.B) {
	old, next := load(b, manyUsers(10_000, 0)), load(b, manyUsers(10_000, 5_000))
	b.ReportAllocs()
	for b.Loop() {
		if got := reload.Diff(old, next); len(got) != 1 {
			b.Fatal(got)
		}
	}
}

// BenchmarkReload is the whole way but for the components: load, compare, publish.
func BenchmarkReload(b *testing.B) {
	path := filepath.Join(b.TempDir(), "natsd.conf")
	texts := []string{manyUsers(10_000, 5_000), manyUsers(10_000, 0)}
	write(b, path, texts[1])
	read := func() (*config.Options, *config.Report) { return config.Load(config.Source{Path: path}) }
	old, _ := read()
	m := reload.New(old, reload.Setup{Load: read})
	for i := 0; b.Loop(); i++ {
		if err := os.WriteFile(path, []byte(texts[i%2]), 0o600); err != nil {
			b.Fatal(err)
		}
		if report, err := m.Reload(b.Context(), reload.Request{}); err != nil || len(report.Changes) != 1 {
			b.Fatal(err, report.Changes)
		}
	}
}
