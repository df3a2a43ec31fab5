package reload_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

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
		for _, f := range report.Changes {
			note(f.String())
		}
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

func TestBriefHoldsNoLongLists(t *testing.T) {
	t.Parallel()
	r := &reload.Report{Result: reload.Refused, Changes: make([]reload.Field, 5), Problems: make([]reload.Problem, 1000), Warnings: make([]reload.Problem, 3)}
	if b := r.Brief(); len(b.Changes) != 0 || len(b.Warnings) != 0 || len(b.Problems) > 50 || len(b.Problems) == 0 || b.Kind() != r.Kind() || len(r.Problems) != 1000 {
		t.Errorf("%+v", b)
	}
}
