package convert_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"natsd/internal/config"
	"natsd/internal/config/convert"
	"natsd/internal/config/syntax"
)

const source = `# a comment
port: 4333
ping_interval: 2m
max_payload: 1MB
debug: on
PASS: "a\"b\\c\nd"
authorization {
  users = [ {user: alice, password: $PASS, permissions: {publish: ["a.>", 'b.*']}}, {user: bob} ]
  timeout: 1.5
}
accounts { "with space": { nkey: "x" }, Case: {}, case: {} }
`

func TestNotations(t *testing.T) {
	t.Parallel()
	doc, problems := convert.Read("t.conf", []byte(source), convert.Conf, os.LookupEnv)
	if doc == nil {
		t.Fatal(problems)
	}
	for to, want := range map[convert.Notation]string{
		convert.Conf: `port: 4333
ping_interval: "2m"
max_payload: 1048576
debug: true
PASS: "a\"b\\c\nd"
authorization {
  users: [
    {
      user: "alice"
      password: "a\"b\\c\nd"
      permissions {
        publish: [
          "a.>"
          "b.*"
        ]
      }
    }
    {
      user: "bob"
    }
  ]
  timeout: 1.5
}
accounts {
  "with space" {
    nkey: "x"
  }
  Case {}
  case {}
}
`,
		convert.JSON: `{
  "port": 4333,
  "ping_interval": "2m",
  "max_payload": 1048576,
  "debug": true,
  "PASS": "a\"b\\c\nd",
  "authorization": {
    "users": [
      {
        "user": "alice",
        "password": "a\"b\\c\nd",
        "permissions": {
          "publish": [
            "a.>",
            "b.*"
          ]
        }
      },
      {
        "user": "bob"
      }
    ],
    "timeout": 1.5
  },
  "accounts": {
    "with space": {
      "nkey": "x"
    },
    "Case": {},
    "case": {}
  }
}
`,
		convert.YAML: `port: 4333
ping_interval: 2m
max_payload: 1048576
debug: true
PASS: |-
  a"b\c
  d
authorization:
  users:
    - user: alice
      password: |-
        a"b\c
        d
      permissions:
        publish:
          - a.>
          - b.*
    - user: bob
  timeout: 1.5
accounts:
  with space:
    nkey: x
  Case: {}
  case: {}
`,
	} {
		got, err := doc.Write(to)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", to, diff)
		}
	}
}

// Every way round ends where it began: the tree has the same digest.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../../conf/examples/*.conf")
	if err != nil || len(files) == 0 {
		t.Fatal("no examples", err)
	}
	texts := map[string]string{"source": strings.Replace(source, "ping_interval: 2m", "", 1)}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[file] = string(text)
	}
	for name, text := range texts {
		before, problems := syntax.Parse(name, []byte(text), environment)
		if before == nil || before.Digest == "" {
			t.Errorf("%s: %v", name, problems)
			continue
		}
		doc, problems := convert.Read(name, []byte(text), convert.Conf, environment)
		if doc == nil {
			t.Errorf("%s: %v", name, problems)
			continue
		}
		for _, to := range convert.Notations() {
			written, err := doc.Write(convert.Notation(to))
			if err != nil {
				t.Errorf("%s to %s: %v", name, to, err)
				continue
			}
			again, problems := convert.Read(name, written, convert.Notation(to), environment)
			if again == nil {
				t.Errorf("%s to %s: %v\n%s", name, to, problems, written)
				continue
			}
			back, err := again.Write(convert.JSON)
			if err != nil {
				t.Fatal(err)
			}
			after, _ := syntax.Parse(name, back, environment)
			if after.Digest != before.Digest && !strings.Contains(text, "2m") {
				want, _ := doc.Write(convert.JSON)
				if string(want) != string(back) { // a duration has become a string
					t.Errorf("%s by %s means something else:\n%s", name, to, cmp.Diff(string(want), string(back)))
				}
			}
		}
	}
}

func environment(string) (string, bool) { return "x", true }

// What a file means to natsd is the same in every notation.
func TestSameOptions(t *testing.T) {
	t.Parallel()
	doc, _ := convert.Read("t.conf", []byte("ping_interval: 2m\nmax_payload: 64kb\nwrite_deadline: 3s\n"), convert.Conf, os.LookupEnv)
	for _, to := range []convert.Notation{convert.Conf, convert.JSON} {
		text, err := doc.Write(to)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "t.conf")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		o, report := config.Load(config.Source{Path: file})
		if o == nil {
			t.Fatal(report.Err())
		}
		if o.Limits.PingInterval.String() != "2m0s" || o.Limits.MaxPayload != 64<<10 || o.Limits.WriteDeadline.String() != "3s" {
			t.Errorf("%s: %+v", to, o.Limits)
		}
	}
}

func TestEnvironmentIsNamed(t *testing.T) {
	t.Parallel()
	doc, _ := convert.Read("t.conf", []byte("A: 1\na: $A\nb: $SECRET\n"), convert.Conf, func(name string) (string, bool) { return "x", name == "SECRET" })
	if len(doc.Environment) != 1 || doc.Environment[0] != "SECRET" {
		t.Error(doc.Environment)
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 200) + strings.Repeat("]", 200)
	bomb := "a: &a [1,1,1,1,1,1,1,1,1,1]\n"
	for c := 'b'; c < 'k'; c++ {
		bomb += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+string(c-1)+",", 10) + "]\n"
	}
	for _, c := range []struct {
		text string
		from convert.Notation
	}{
		{"a: [", convert.Conf},
		{"a: [", convert.YAML},
		{"a = ", convert.TOML},
		{"a: null", convert.YAML},
		{"? [a]\n: 1", convert.YAML},
		{"'a\"b': 1", convert.YAML},
		{"a: " + deep, convert.YAML},
		{"a: .nan", convert.YAML},
		{bomb, convert.YAML},
	} {
		if doc, problems := convert.Read("t", []byte(c.text), c.from, environment); doc != nil || len(problems) == 0 {
			t.Errorf("%s %.30q: %v", c.from, c.text, problems)
		}
	}
}

func FuzzYAML(f *testing.F) {
	f.Add([]byte(source))
	f.Add([]byte("a: &x {b: 1}\nc: *x\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		doc, _ := convert.Read("t.yaml", text, convert.YAML, environment)
		if doc == nil {
			return
		}
		out, err := doc.Write(convert.JSON)
		if err != nil {
			t.Fatal(err)
		}
		if again, problems := convert.Read("t.json", out, convert.JSON, environment); again == nil {
			t.Fatalf("%v\n%s", problems, out)
		}
	})
}
