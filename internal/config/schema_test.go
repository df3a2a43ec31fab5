package config_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"natsd/internal/config"
	"natsd/internal/config/convert"
)

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	var text bytes.Buffer
	if err := config.WriteSchema(&text); err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(&text)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("natsd.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("natsd.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The example files, turned into JSON, fit the schema.
func TestExamplesFitTheSchema(t *testing.T) {
	t.Parallel()
	s := compileSchema(t)
	files, err := filepath.Glob("../../conf/examples/*.conf")
	if err != nil || len(files) == 0 {
		t.Fatal("no examples", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		doc, problems := convert.Read(file, text, convert.Conf, func(string) (string, bool) { return "x", true })
		if doc == nil {
			t.Fatal(problems)
		}
		out, err := doc.Write(convert.JSON)
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(v); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	t.Parallel()
	s := compileSchema(t)
	for text, fits := range map[string]bool{
		`{"port": 4222, "ping_interval": "2m", "debug": true}`:                             true,
		`{"authorization": {"users": [{"user": "a", "permissions": {"publish": "a.>"}}]}}`: true,
		`{"accounts": {"A": {"users": [{"user": "x", "password": "y"}]}}}`:                 true,
		`{"watch": false}`:                        true,
		`{"port": "x"}`:                           false,
		`{"debug": 3}`:                            false,
		`{"watch": {"mode": "often"}}`:            false,
		`{"authorization": {"usres": []}}`:        false,
		`{"accounts": {"A": {"no_such_key": 1}}}`: false,
	} {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(v); (err == nil) != fits {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Every key of the reference is in the schema, and no default of a secret.
func TestSchemaIsComplete(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	if err := config.WriteSchema(&text); err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := json.Unmarshal(text.Bytes(), &root); err != nil {
		t.Fatal(err)
	}
	for k := range config.Keys {
		if k.FlagOnly || k.PlainOnly {
			continue
		}
		if !reach(root, strings.Split(strings.ReplaceAll(k.Path, "[]", ".[]"), ".")) {
			t.Errorf("%s is not in the schema", k.Path)
		}
	}
}

// reach finds a path in a schema, trying all forms.
func reach(s any, path []string) bool {
	m, ok := s.(map[string]any)
	switch {
	case !ok:
		return false
	case len(path) == 0:
		return true
	}
	forms, _ := m["anyOf"].([]any)
	if slices.ContainsFunc(forms, func(f any) bool { return reach(f, path) }) {
		return true
	}
	switch path[0] {
	case "[]":
		return reach(m["items"], path[1:])
	case "*":
		return reach(m["additionalProperties"], path[1:])
	}
	p, _ := m["properties"].(map[string]any)
	return reach(p[path[0]], path[1:])
}

func TestExplain(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"ping_interval": "ping_interval", "/tls/timeout": "tls.timeout", "PORT": "port", "accounts.APP.nkey": "accounts.*.nkey",
		"accounts.*.users": "accounts.*.users", "authorization.users[].user": "authorization.users[].user", "authorization/users/user": "authorization.users[].user",
		"authorization.pass": "authorization.password",
	} {
		e, near, ok := config.Explain(path)
		if !ok || e.Key != want || e.Doc == "" || e.Type == "" {
			t.Errorf("%s: %+v, %v", path, e, near)
		}
	}
	_, near, ok := config.Explain("ping_intervall")
	if ok || !slices.Contains(near, "ping_interval") {
		t.Error(near)
	}
	if e, _, _ := config.Explain("cluster"); len(e.Children) == 0 {
		t.Error("a block without keys")
	}
}

// Each key of the registry can be explained by its own path.
func TestEveryKeyIsExplained(t *testing.T) {
	t.Parallel()
	for k := range config.Keys {
		if e, _, ok := config.Explain(k.Path); !ok || e.Key != k.Path {
			t.Errorf("%s: %q", k.Path, e.Key)
		}
	}
}
