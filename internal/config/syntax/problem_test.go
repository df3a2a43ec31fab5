package syntax

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestProblems says which problems a text has, and where: all of them, and nothing that only
// follows from another one.
func TestProblems(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, text string
		want       []string // line:col: [key:] message, warnings with a W in front
	}{
		{"none", "a = 1\nm { b 2 }\n", nil},
		{"empty", "", []string{"W 0:0: config has no values or is empty"}},
		{"two on a line", "a 1 b 2\nc 3\n", []string{"1:5: a: unexpected text after the value"}},
		{
			"several", "a 1 b\nm {\n  x = 99e\n  y = 8kbb\n  z = \"\\q\"\n}\nb = [1,,2]\nc = $nope\n",
			[]string{
				"1:5: a: unexpected text after the value",
				"3:7: m.x: this integer is out of range",
				"4:7: m.y: unknown unit after the number",
				"5:8: m.z: unknown escape sequence",
				"7:8: b: a value is missing before this comma",
				`8:5: c: variable "nope" is not defined`,
			},
		},
		{"damage opens a map", "a = b c {\n d = 1\n e { f 1 }\n}\ng = 1 h\n", []string{
			"1:7: a: unexpected text after the value",
			"5:7: g: unexpected text after the value",
		}},
		{"damage closes a map", "m { a = 1 b }\nc = 1 d\n", []string{
			"1:11: m.a: unexpected text after the value",
			"2:7: c: unexpected text after the value",
		}},
		{"damage in an array", "a = [\n x\n y z\n [ 1, 2 ]\n]\nb 1 c\n", []string{
			"3:4: a: expected a comma or ] in the array of line 1",
			"6:5: b: unexpected text after the value",
		}},
		{"open map", "a 1\nm {\n b 1\n", []string{"2:3: m: this map is never closed"}},
		{"open maps", "m {\n n {\n b 1\n", []string{"1:3: m: this map is never closed", "2:4: m.n: this map is never closed"}},
		{"open array", "a 1\nx = [\n 1\n", []string{"2:5: x: this array is never closed"}},
		{"open string", "m {\n  a = \"x\n}\nb = 1\n", []string{"2:7: m.a: this string is never closed"}},
		{"open literal", "a = 'x\n", []string{"1:5: a: this string is never closed"}},
		{"open key", "m {\n 'a = 1\n}\n", []string{"2:2: m: this quote is never closed"}},
		{"open block", "a = (\nx\n )\n", []string{"1:5: a: this block is never closed"}},
		{"no value", "a\n", []string{"1:1: a: this key has no value"}},
		{"no value in a map", "m { a }\nb = 1\n", []string{"1:5: m.a: this key has no value"}},
		{"no value on the line", "a =\nb = 1\n", []string{"1:1: a: this key has no value on its line"}},
		{"value on the next line", "a =\n1\nb 1 c\n", []string{
			"1:1: a: this key has no value on its line",
			"3:5: b: unexpected text after the value",
		}},
		{"empty value", "a = ;b = 1", []string{"W 1:1: a: this key has no value: it is read as an empty string"}},
		{"separator first", "= 1\na 1\n", []string{`1:1: "=" without a key before it`}},
		{"bracket", "]\n", []string{"1:1: this bracket closes nothing"}},
		{"brace at the end", "a 1\n}\n", []string{"W 2:1: this brace closes nothing"}},
		{"brace after a value", "a 1 }\nb 1\n", []string{"W 1:5: a: this brace closes nothing"}},
		{"brace in the middle", "}\nb 1\n", []string{"1:1: this brace closes nothing"}},
		{"C comment", "/* x */\na 1\n", []string{"1:1: a key cannot begin with a slash"}},
		{"duration", "a = 1m30s", []string{"1:7: a: unexpected text after the value"}},
		{"date", "a = 12-34", []string{"1:5: a: not a date of the form YYYY-MM-DDTHH:MM:SSZ"}},
		{"comma in front", "m { ,a 1 }", []string{`W 1:5: m: the "," in front became part of the key`}},
		{"duplicate", "a 1\nm { b 1\n b 2 }\na 2", []string{
			`W 3:2: m.b: "b" is defined twice: this replaces the one at test.conf:2:5`,
			`W 4:1: a: "a" is defined twice: this replaces the one at test.conf:1:1`,
		}},
		{"secret variable", "password = $hunter2", []string{"1:12: password: this variable is not defined"}},
		{"carriage returns", "a 1\r\nb 1 c\r\n", []string{"2:5: b: unexpected text after the value"}},
		{"byte order mark", "\ufeffa 1 b", []string{"1:5: a: unexpected text after the value"}},
		{"bytes of columns", "é é x", []string{"1:7: é: unexpected text after the value"}},
		{"include in a variable", "a = $INC", []string{
			`1:5: a: environment variable "INC" cannot be read: an environment variable cannot include files`,
		}},
		{"variable in itself", "a = $LOOP", []string{
			`1:5: a: environment variable "LOOP" cannot be read: environment variable "LOOP" refers to itself`,
		}},
		{"secret of a secret", "a = $SECRET", []string{
			`1:5: a: environment variable "SECRET" cannot be read: this variable is not defined`,
		}},
	}
	env := environment(map[string]string{"INC": "x\ninclude other.conf", "LOOP": "{ a: [$LOOP] }", "SECRET": "$hunter2"})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, problems := Parse("test.conf", []byte(c.text), env)
			var got []string
			for _, p := range problems {
				got = append(got, describe(p))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if (f.Digest == "") != (firstError(problems) != Problem{}) {
				t.Errorf("digest %q", f.Digest)
			}
		})
	}
}

// describe renders a problem of test.conf for a table.
func describe(p Problem) string {
	var b strings.Builder
	if p.Warning {
		b.WriteString("W ")
	}
	fmt.Fprintf(&b, "%d:%d: ", p.Pos.Line, p.Pos.Col)
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	return b.String() + p.Message
}

func environment(vars map[string]string) Env {
	return func(name string) (string, bool) {
		text, ok := vars[name]
		return text, ok
	}
}

func TestProblemError(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]Problem{
		"f:1:2: m": {Pos: Pos{"f", 1, 2}, Message: "m"},
		"f: m":     {Pos: Pos{File: "f"}, Message: "m"},
		"m":        {Message: "m"},
	} {
		if got := p.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestSource(t *testing.T) {
	t.Parallel()
	cases := []struct{ line, want string }{
		{`port = 4222`, `port = 4222`},
		{`password = hunter2`, `password = *******`},
		{`password: "hun\"ter 2" # c`, `password: ************ # c`},
		{`  PASS 'hunter2'`, `  PASS *********`},
		{`token = hunter2 }`, `token = ********}`},
		{`users = [ {user: a, password: b, permissions: {publish: x}} ]`, `users = [ {user: a, password: *, permissions: {publish: x}} ]`},
		{`password: hunter2, more`, `password: *************`},
		{`"password":"hunter2","user":"a"`, `"password":*********,"user":"a"`},
		{`password_file = x.txt`, `password_file = *****`},
		{`url = nats://u:p@h:4222`, `url = nats*******h:4222`},
		{`url = nats://u:p@/@h:4222`, `url = nats*********h:4222`},
		{`x = $2a$11$abcdef`, `x = *************`},
		{`key = s`, `key = *`},
		{`key_file = s`, `key_file = s`},
		{`passwords {`, `passwords {`},
		{`cipher_suites = x`, `cipher_suites = x`},
		{`a = 1` + "\r", `a = 1`},
	}
	for _, c := range cases {
		f, _ := Parse("test.conf", []byte("# first\n"+c.line+"\nlast = 1"), nil)
		if got := f.Source(Pos{"test.conf", 2, 1}); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.line, got, c.want)
		}
		if got := f.Source(Pos{"test.conf", 3, 1}); got != "last = 1" {
			t.Errorf("last line: %q", got)
		}
		for _, p := range []Pos{{}, {"test.conf", 0, 0}, {"test.conf", 4, 1}, {"other.conf", 1, 1}} {
			if got := f.Source(p); got != "" {
				t.Errorf("%v: %q", p, got)
			}
		}
	}
	var none *File
	if got := none.Source(Pos{"test.conf", 1, 1}); got != "" {
		t.Errorf("no file: %q", got)
	}
}
