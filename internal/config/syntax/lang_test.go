package syntax

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// langCases are inputs of one line or a few, with what nats-server makes of them.
type langCases struct {
	IncludeFiles map[string]string `json:"include_files"`
	Cases        []langCase        `json:"cases"`
}

type langCase struct {
	Section string            `json:"section"`
	Name    string            `json:"name"`
	Input   string            `json:"input"`
	Env     map[string]string `json:"env"`
	Files   string            `json:"files"`
	Value   any               `json:"value"`
	Error   string            `json:"error"`
}

// differences are the cases in which natsd deliberately does not do what nats-server does.
var differences = map[string]string{
	"separators/bom":              `a byte order mark is skipped, not made part of the first key`,
	"separators/key-brace-last":   `surplus closing braces are an error with a place, not a key named }`,
	"strings/unicode-escape":      `\u is accepted in double quotes, as in JSON`,
	"strings/slash-escape":        `\/ is accepted in double quotes, as in JSON`,
	"blocks/block":                `a closing ) that is the last byte of the file closes the block and is not part of it`,
	"blocks/block-indented-close": `a closing ) that is the last byte of the file closes the block and is not part of it`,
	"blocks/block-paren-inside":   `a closing ) that is the last byte of the file closes the block and is not part of it`,
	"blocks/block-crlf":           `a block may be closed in a file with CRLF line ends`,
	"blocks/block-empty":          `a closing ) that is the last byte of the file closes the block and is not part of it`,
	"integers/8kbb":               `an unknown unit is an error with a place; the key is not dropped silently`,
	"integers/16e":                `an integer that overflows by its unit is an error with a place; it does not wrap around`,
	"integers/1e3":                `exponents are accepted, as in JSON`,
	"integers/in-array-bracket":   `an integer may stand directly before ], as in JSON`,
	"floats/1.5e3":                `exponents are accepted, as in JSON`,
	"arrays/commas":               `an integer may stand directly before ], as in JSON`,
	"arrays/mixed":                `an integer may stand directly before ], as in JSON`,
	"arrays/no-sep":               `an integer may stand directly before ], as in JSON`,
	"arrays/nested":               `an integer may stand directly before ], as in JSON`,
	"arrays/int-glued-bracket":    `an integer may stand directly before ], as in JSON`,
	"maps/missing-value":          `a key without a value is an error with a place; it does not swallow the closing brace`,
	"maps/missing-value-sep":      `a key without a value is an error with a place; it does not swallow the closing brace`,
	"json/exp":                    `exponents are accepted, as in JSON`,
	"json/neg-exp":                `exponents are accepted, as in JSON`,
	"json/json-escapes":           `\u is accepted in double quotes, as in JSON`,
	"json/json-slash":             `\/ is accepted in double quotes, as in JSON`,
	"variables/whole-array":       `an integer may stand directly before ], as in JSON`,
	"variables/bcrypt-2b":         `$2b$ and $2y$ hashes need no quotes, like $2a$`,
	"variables/bcrypt-2y":         `$2b$ and $2y$ hashes need no quotes, like $2a$`,
	"environment/env-array":       `an integer may stand directly before ], as in JSON`,
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	cases := readLangCases(t)
	dir := t.TempDir()
	for name, text := range cases.IncludeFiles {
		write(t, filepath.Join(dir, name), text)
	}
	agree := 0
	for _, c := range cases.Cases {
		name := c.Section + "/" + c.Name
		got, problem := evaluate(filepath.Join(dir, "test.conf"), c)
		same := problem == "" && c.Error == "" && cmp.Equal(got, c.Value) || problem != "" && c.Error != ""
		if same {
			agree++
		}
		if _, listed := differences[name]; listed == same {
			t.Errorf("%s: input %q env %v\n got %v %s\nwant %v %s", name, c.Input, c.Env, got, problem, c.Value, c.Error)
		}
	}
	t.Logf("%d cases: %d agree, %d deliberate differences", len(cases.Cases), agree, len(differences))
}

// evaluate parses the input of c and returns the value in the form of the cases, or the first error.
func evaluate(path string, c langCase) (value any, problem string) {
	env := func(name string) (string, bool) {
		text, ok := c.Env[name]
		return text, ok
	}
	f, problems := Parse(path, []byte(c.Input), env)
	for _, p := range problems {
		if !p.Warning {
			return nil, p.Error()
		}
	}
	return comparable(f.Root.plain()), ""
}

// comparable gives a tree the types that the cases decode to.
func comparable(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, x := range v {
			m[k] = comparable(x)
		}
		return m
	case []any:
		items := make([]any, len(v))
		for i, x := range v {
			items[i] = comparable(x)
		}
		return items
	case int64:
		text, _ := json.Marshal(v)
		return json.Number(text)
	case float64:
		text, _ := json.Marshal(v)
		return map[string]any{"$float": string(text)}
	case time.Time:
		return map[string]any{"$time": v.Format(time.RFC3339)}
	}
	return v
}

func readLangCases(t testing.TB) langCases {
	t.Helper()
	text, err := os.ReadFile("testdata/lang-cases.json")
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var cases langCases
	if err := d.Decode(&cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestDocumentedDifferences compares the table of the documentation with the one above.
func TestDocumentedDifferences(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../docs/config-differences.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ = bytes.Cut(text, []byte("\n|---|---|\n"))
	text, _, _ = bytes.Cut(text, []byte("\n\n"))
	got := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		name, reason, ok := strings.Cut(strings.Trim(line, "| \n"), " | ")
		if !ok {
			t.Errorf("line %q", line)
		}
		got[name] = reason
	}
	if diff := cmp.Diff(differences, got); diff != "" {
		t.Error(diff)
	}
}
