package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestIncludes: places and digests are those of the files that hold the keys.
func TestIncludes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"main.conf":      "include \"sub/b.conf\"\nport: x\n",
		"sub/b.conf":     "debug: 1\ninclude c.conf\n",
		"sub/c.conf":     "trace: 2\n",
		"good.conf":      "include \"sub/users.conf\"\n",
		"sub/users.conf": "authorization { user: a, password_file: \"secret\" }\n",
		"secret":         "x\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, r := Load(Source{Path: "main.conf", WorkDir: dir})
	var got []string
	for _, p := range r.Problems {
		got = append(got, strings.TrimPrefix(p.Error(), dir+"/"))
	}
	want := "main.conf:2:7: expected a whole number, got the string \"x\"\n" +
		"sub/b.conf:1:8: expected true or false, got the number 1\n" +
		"sub/c.conf:1:8: expected true or false, got the number 2"
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	o, r := Load(Source{Path: "good.conf", WorkDir: dir})
	if o == nil || len(o.Files) != 2 || o.ConfigFile != "good.conf" {
		t.Fatalf("%v, %v", o, r.Problems)
	}
	if at := o.Values["authorization.user"].Origin; !strings.HasSuffix(at.String(), "users.conf:1:23") {
		t.Errorf("origin %v", at)
	}
}

// TestNamedText: places in a text are shown under its name, but all else is that of the file.
func TestNamedText(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"main.conf": "port: 1\n", "more.conf": "debug: true\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	src := Source{Path: "main.conf", WorkDir: dir, Name: "/nowhere/sent.conf"}
	o, r := LoadText(src, "include more.conf\nport: 2\nport: 3\n")
	if o == nil {
		t.Fatal(r.Err())
	}
	if at := o.Values["port"].Origin.Pos; at.File != src.Name || at.Line != 3 || o.Shown != src.Name {
		t.Errorf("%v %q", at, o.Shown)
	}
	if at := o.Values["debug"].Origin.Pos; at.File != filepath.Join(dir, "more.conf") {
		t.Error(at)
	}
	if o.Files[0] != filepath.Join(dir, "main.conf") || o.ConfigFile != "main.conf" {
		t.Errorf("%v %s", o.Files, o.ConfigFile)
	}
	if w := r.Warnings(); len(w) != 1 || w[0].Error() != `/nowhere/sent.conf:3:1: "port" is defined twice: this replaces the one at /nowhere/sent.conf:2:1` {
		t.Errorf("%v", w)
	}
	if _, r := LoadText(src, "prot: 2\n"); len(r.Errors()) != 1 || r.Errors()[0].Pos.File != src.Name || r.Source(r.Errors()[0].Pos) != "prot: 2" {
		t.Errorf("%v", r.Problems)
	}
	if again, _ := o.Archive.Load(); again == nil || again.Digest != o.Digest {
		t.Error("the archive does not give the same")
	}
}

// TestCutOffFile: no cut of a good file panics, and a cut that still loads holds no half value: it
// ends where a line ends.
func TestCutOffFile(t *testing.T) {
	t.Parallel()
	text := "listen: 127.0.0.1:4222\nauthorization {\n  users: [ {user: a, password: b} ]\n  timeout: 2\n}\nmax_payload: 2MB\n"
	for i := range len(text) {
		o, r := Load(Source{Path: writeFile(t, text[:i])})
		if (o == nil) == (r.Err() == nil) {
			t.Fatalf("cut at %d: %v, %v", i, o, r.Problems)
		}
	}
}

// TestReportOrder: the main file first, then others by name, then what has no place.
func TestReportOrder(t *testing.T) {
	t.Parallel()
	_, r := Load(Source{Path: writeFile(t, "debug: 1\nport: x\n"), Flags: []Flag{{"--x", "nope", "1"}}})
	var lines []int
	for _, p := range r.Problems {
		lines = append(lines, p.Pos.Line)
	}
	if len(lines) != 3 || lines[0] != 1 || lines[1] != 2 || lines[2] != 0 {
		t.Errorf("%v", r.Problems)
	}
}

// TestLoadIsRepeatable: the same source gives the same, problem by problem.
func TestLoadIsRepeatable(t *testing.T) {
	t.Parallel()
	path := writeFile(t, "zz: 1\nport: x\nlisten: y\nauthorization { user: a, token: b, users: 5 }\nlog_levels { b: x, a: y }\n")
	_, first := Load(Source{Path: path, Environ: map[string]string{"NATSD_A": "1", "NATSD_B": "2"}})
	for range 5 {
		_, again := Load(Source{Path: path, Environ: map[string]string{"NATSD_B": "2", "NATSD_A": "1"}})
		if first.Err().Error() != again.Err().Error() || len(first.Problems) != len(again.Problems) {
			t.Fatalf("%v\nthen\n%v", first.Problems, again.Problems)
		}
	}
}
