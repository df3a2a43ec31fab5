package syntax

import (
	"strings"
	"testing"
)

func TestApply(t *testing.T) {
	t.Parallel()
	const text = `# head
port: 4222 # the usual
authorization {
  users = [
    {user: a, password: p}  # first
    {user: b, password: $PW}
  ]
}
include "more.conf"
cluster { name: C }
PORT = 4333
`
	for _, c := range []struct{ path, value, want string }{
		{"port", "4444", strings.Replace(text, "port: 4222", "port: 4444", 1)}, // the one of this letter case counts
		{"authorization.users.1.password", `"x"`, strings.Replace(text, "$PW", `"x"`, 1)},
		{"authorization.users", `[]`, "# head\nport: 4222 # the usual\nauthorization {\n  users = []\n}\ninclude \"more.conf\"\ncluster { name: C }\nPORT = 4333\n"},
		{"cluster.port", "6222", strings.Replace(text, "name: C }", "name: C \n  port: 6222\n}", 1)},
		{"authorization.timeout", "2", strings.Replace(text, "  ]\n}", "  ]\n  timeout: 2\n}", 1)},
		{"accounts.A.B c.x", "true", text + "accounts {\n  A {\n    \"B c\" {\n      x: true\n    }\n  }\n}\n"},
		{"cluster", "", strings.Replace(text, "cluster { name: C }\n", "", 1)},
		{"authorization.users.0", "", strings.Replace(text, "    {user: a, password: p}  # first", "    # first", 1)},
		{"nothing.here", "", text},
		{"port.x", "1", "error"},
		{"authorization.users.7", "1", "error"},
	} {
		got, err := Apply("f", text, []Edit{{Path: strings.Split(c.path, "."), Value: c.value}})
		if err != nil {
			got = "error"
		}
		if got != c.want {
			t.Errorf("%s = %s: %v\n%s", c.path, c.value, err, got)
		}
	}
}

func TestApplyToJSON(t *testing.T) {
	t.Parallel()
	got, err := Apply("f", `{"port": 4222, "b": {"list": [1, 2]}}`, []Edit{
		{Path: []string{"PORT"}, Value: "1"}, {Path: []string{"b", "list", "1"}, Value: `"x"`}, {Path: []string{"c", "d"}, Value: "true"}, {Path: []string{"no"}},
	})
	const want = "{\n  \"b\": {\n    \"list\": [\n      1,\n      \"x\"\n    ]\n  },\n  \"c\": {\n    \"d\": true\n  },\n  \"port\": 1\n}\n"
	if err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
}

// FuzzApply: what is set is there afterwards, and nothing else has changed in meaning.
func FuzzApply(f *testing.F) {
	f.Add("a: 1\nb { c: [1 2], d = x }\n", "b.d", "7")
	f.Add("{ a: {b: c} }", "a.e.f", `"x y"`)
	f.Add("a {b: 1}", "a", "")
	f.Fuzz(func(t *testing.T, text, path, value string) {
		if before, _, _ := outline("f", text); before == nil {
			return
		}
		elems := strings.Split(path, ".")
		if v, _, _ := outline("v", "v: "+value); value != "" && (v == nil || len(v.Root.Entries) != 1) {
			return
		}
		got, err := Apply("f", text, []Edit{{Path: elems, Value: value}})
		if err != nil {
			return
		}
		if after, _, problems := outline("f", got); after == nil {
			t.Fatalf("%q set %q = %q: %q does not parse: %v", text, path, value, got, problems)
		}
	})
}
