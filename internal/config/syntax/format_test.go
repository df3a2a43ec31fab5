package syntax_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"natsd/internal/config/syntax"
)

func TestFormat(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ src, want string }{
		"empty":           {"", ""},
		"comment only":    {"\n\n# a\n\n\n# b", "# a\n\n# b\n"},
		"separators":      {"a=1;b : 2, c 3\nd:x", "a: 1\nb: 2\nc: 3\nd: x\n"},
		"blank lines":     {"\n\na: 1\n\n\n\nb: 2\nc: 3\n\n", "a: 1\n\nb: 2\nc: 3\n"},
		"trailing":        {"a: 1 # one\nb: 2    // two\n   # own\nc: 3", "a: 1  # one\nb: 2  // two\n# own\nc: 3\n"},
		"map":             {"a = {\nb=1\n\n   # c\n c {\nd: 2\n}\n}", "a {\n  b: 1\n\n  # c\n  c {\n    d: 2\n  }\n}\n"},
		"comments inside": {"a { # open\n # first\n b: 1\n # last\n} # after\n", "a {  # open\n  # first\n  b: 1\n  # last\n}  # after\n"},
		"short maps":      {"a: {b:1,c:{d:2}, e:[1,2]}\n", "a { b: 1, c { d: 2 }, e: [1, 2] }\n"},
		"empty ones":      {"a {}\nb: []\nc { }\nd [ ]\n", "a {}\nb: []\nc {}\nd: []\n"},
		"arrays":          {"a: [\n1, 2\n  # three\n  3 # 3\n]\nb = [ {x:1}, {y:2}\n {z:3\n w:4}]", "a: [\n  1\n  2\n  # three\n  3  # 3\n]\nb: [\n  { x: 1 }\n  { y: 2 }\n  {\n    z: 3\n    w: 4\n  }\n]\n"},
		"strings":         {"a: 'x # y'\nb: \"q \\\" # z\"\nc: (\n  raw\n   text\n)\nd: x#y", "a: 'x # y'\nb: \"q \\\" # z\"\nc: (\n  raw\n   text\n)\nd: x#y\n"},
		"variables":       {"A: 1\nb: $A\nc: $ENV\ninclude \"x.conf\"; d: 1\nm { include   y.conf\n}", "A: 1\nb: $A\nc: $ENV\ninclude \"x.conf\"\nd: 1\nm {\n  include   y.conf\n}\n"},
		"numbers":         {"a: [1k ]\nb: [1k, 2 ]\nc: 1GB\nd: -1", "a: [1k ]\nb: [1k, 2 ]\nc: 1GB\nd: -1\n"},
		"no value":        {"b: 1\na:", "b: 1\na: \"\"\n"},
		"braces around":   {"{ a: 1\nb: 2 }", "{\n  a: 1\n  b: 2\n}\n"},
		"stray brace":     {"a: 1\n}\n", "a: 1\n"},
		"JSON":            {`{"a":{"b":[1,2]}}`, "{\n  \"a\": {\n    \"b\": [\n      1,\n      2\n    ]\n  }\n}\n"},
		"CRLF":            {"a: 1\r\n# c\r\nb {\r\n c: 2\r\n}\r\n", "a: 1\n# c\nb {\n  c: 2\n}\n"},
		"bcrypt":          {"p: $2a$11$abc\n", "p: $2a$11$abc\n"},
	} {
		got, problems := syntax.Format("t.conf", []byte(c.src))
		if got == nil {
			t.Errorf("%s: %v", name, problems)
			continue
		}
		if diff := cmp.Diff(c.want, string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestFormatLongLines(t *testing.T) {
	t.Parallel()
	src := "users: [{user: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, password: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb, c: dddddddddd}]\n"
	want := "users: [\n  {\n    user: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n    password: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n    c: dddddddddd\n  }\n]\n"
	got, _ := syntax.Format("t.conf", []byte(src))
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestFormatRefusesDamage(t *testing.T) {
	t.Parallel()
	for _, src := range []string{"a {", "a: [", `a: "x`, "a: 1 2", "\x00"} {
		got, problems := syntax.Format("t.conf", []byte(src))
		if got != nil || len(problems) == 0 || problems[0].Pos.File != "t.conf" {
			t.Errorf("%q: %q, %v", src, got, problems)
		}
	}
}

// Whatever can be read can be laid out, and is not changed by a second time. Text that no one writes
// may be refused, but its meaning never changes.
func checkFormat(t *testing.T, src []byte, strange bool) {
	t.Helper()
	file, _ := syntax.Parse("t.conf", src, func(string) (string, bool) { return "x", true })
	if bytes.Contains(src, []byte("include")) || file == nil || file.Digest == "" {
		return
	}
	once, problems := syntax.Format("t.conf", src)
	if once == nil && strange && strings.HasSuffix(problems[len(problems)-1].Message, "without changing its meaning") {
		return
	}
	if once == nil {
		t.Fatalf("%v\n%q", problems, src)
	}
	twice, problems := syntax.Format("t.conf", once)
	if !bytes.Equal(once, twice) {
		t.Errorf("not stable: %v\n%s\n----\n%s", problems, once, twice)
	}
}

func TestFormatExamples(t *testing.T) {
	t.Parallel()
	var files []string
	for _, pattern := range []string{"../../../conf/examples/*.conf", "../testdata/conf/*.conf", "../testdata/conf/*/*.conf"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		t.Fatal("no examples")
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		checkFormat(t, src, false)
		got, _ := syntax.Format("t.conf", src)
		if got != nil && bytes.Count(got, []byte("#")) != bytes.Count(src, []byte("#")) {
			t.Errorf("%s: comments were lost", file)
		}
	}
}

func FuzzFormat(f *testing.F) {
	for _, s := range []string{
		"a: 1 # c\nb { c: [1, 2 ] }", "a=[\n{x:1}\n# c\n]", "a: (\nx\n)\n", "{a:1}", "a: 'x'\n}", "a:\n", "k: [1k ]", "a: {b: {}}", "// c\na 1;b 2", "a { b: 1, \n, c: 2}", "a:[\n1\n,2]",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) { checkFormat(t, src, true) })
}
