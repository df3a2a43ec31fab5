package syntax

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestInclude(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		files map[string]string // DIR in a text is the directory
		json  string            // of main.conf
		warn  string            // part of the first warning
	}{
		{"beside", map[string]string{"main.conf": "include a.conf", "a.conf": "x 1"}, `{"x":1}`, ""},
		{"below", map[string]string{"main.conf": "include d/a.conf", "d/a.conf": "include b.conf\ny 2", "d/b.conf": "x 1"}, `{"x":1,"y":2}`, ""},
		{"above", map[string]string{"main.conf": "include d/a.conf", "d/a.conf": "include ../b.conf", "b.conf": "x 1"}, `{"x":1}`, ""},
		{"in a map", map[string]string{"main.conf": "m { include 'a.conf' }", "a.conf": "x 1"}, `{"m":{"x":1}}`, ""},
		{"absolute", map[string]string{"main.conf": `include "DIR/d/a.conf"`, "d/a.conf": "x 1"}, `{"x":1}`, ""},
		{"slash of the peer", map[string]string{"main.conf": `include "/no/such/a.conf"`, "no/such/a.conf": "x 1"}, `{"x":1}`, "there is no /no/such/a.conf"},
		{"pattern", map[string]string{"main.conf": "l [ { include users/*.conf } ]", "users/b.conf": "b 1", "users/a.conf": "a 1", "users/.a.conf": "c 1", "users/x.txt": "d 1"}, `{"l":[{"a":1,"b":1}]}`, ""},
		{"pattern in the order of names", map[string]string{"main.conf": "include d/*.conf", "d/10.conf": "x 1", "d/2.conf": "x 2"}, `{"x":2}`, `"x" is defined twice`},
		{"pattern without match", map[string]string{"main.conf": "include users/*.conf\nx 1", "users/a.txt": ""}, `{"x":1}`, "no file matches"},
		{"name like a pattern", map[string]string{"main.conf": "include '[a].conf'", "[a].conf": "x 1", "a.conf": "x 2"}, `{"x":1}`, ""},
		{"twice", map[string]string{"main.conf": "m { include a.conf }\nn { include a.conf }", "a.conf": "x 1"}, `{"m":{"x":1},"n":{"x":1}}`, ""},
		{"diamond", map[string]string{"main.conf": "m { include a.conf }\nn { include b.conf }", "a.conf": "include c.conf", "b.conf": "include c.conf", "c.conf": "x 1"}, `{"m":{"x":1},"n":{"x":1}}`, ""},
		{"over what is there", map[string]string{"main.conf": "x 1\ninclude a.conf\n", "a.conf": "x 2"}, `{"x":2}`, `"x" is defined twice`},
		{"variables for the includer", map[string]string{"main.conf": "include a.conf\ny $x", "a.conf": "x 1"}, `{"x":1,"y":1}`, ""},
		{"byte order mark", map[string]string{"main.conf": "include a.conf", "a.conf": "\ufeffx 1"}, `{"x":1}`, ""},
		{"comma after quotes", map[string]string{"main.conf": "m { include 'a.conf', y 2 }", "a.conf": "x 1"}, `{"m":{"x":1,"y":2}}`, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := tree(t, c.files)
			f, problems := ParseFile(filepath.Join(dir, "main.conf"), nil)
			warning := ""
			for _, p := range problems {
				if !p.Warning {
					t.Error(p)
				} else if warning == "" {
					warning = p.Message
				}
			}
			if (c.warn == "") != (warning == "") || !strings.Contains(warning, c.warn) {
				t.Errorf("warning %q, want %q", warning, c.warn)
			}
			got, _ := json.Marshal(f.Root.plain())
			if string(got) != c.json {
				t.Errorf("got %s, want %s", got, c.json)
			}
			for _, path := range f.Files {
				if !filepath.IsAbs(path) {
					t.Errorf("file %s", path)
				}
			}
			if strings.HasPrefix(c.name, "pattern") != (len(f.Patterns) == 1) {
				t.Errorf("patterns %v", f.Patterns)
			}
			if len(f.Files) == 0 || f.Files[0] != filepath.Join(dir, "main.conf") {
				t.Errorf("files %v", f.Files)
			}
		})
	}
}

func TestIncludeProblems(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		files map[string]string
		want  []string // DIR is the directory
	}{
		{"missing", map[string]string{"main.conf": "x 1\ninclude nope.conf\ny 1 z"}, []string{
			"DIR/main.conf:2:1: include open DIR/nope.conf: no such file or directory",
			"DIR/main.conf:3:5: unexpected text after the value",
		}},
		{"itself", map[string]string{"main.conf": "include main.conf"}, []string{
			"DIR/main.conf:1:1: include cycle: DIR/main.conf -> DIR/main.conf",
		}},
		{"cycle", map[string]string{"main.conf": "include a.conf", "a.conf": "include b.conf", "b.conf": "\n include 'a.conf'"}, []string{
			"DIR/b.conf:2:2: include cycle: DIR/a.conf -> DIR/b.conf -> DIR/a.conf",
		}},
		{"cycle by pattern", map[string]string{"main.conf": "include *.conf"}, []string{
			"DIR/main.conf:1:1: include cycle: DIR/main.conf -> DIR/main.conf",
		}},
		{"directory", map[string]string{"main.conf": "include d", "d/a.conf": ""}, []string{
			"DIR/main.conf:1:1: include open DIR/d: this is a directory, not a regular file",
		}},
		{"misspelled directory", map[string]string{"main.conf": "include user/*.conf", "users/a.conf": ""}, []string{
			"DIR/main.conf:1:1: include user/*.conf: open DIR/user: no such file or directory",
		}},
		{"pattern of directories", map[string]string{"main.conf": "include */a.conf", "d/a.conf": "x 1"}, []string{
			"DIR/main.conf:1:1: include */a.conf: only the last element of the path may be a pattern",
		}},
		{"bad pattern", map[string]string{"main.conf": "include 'a[.conf'"}, []string{
			"DIR/main.conf:1:1: include a[.conf: not a valid pattern",
		}},
		{"damage inside", map[string]string{"main.conf": "x 1 y\ninclude a.conf\nz 1 y", "a.conf": "b 1\nb 1 c\nd 1 e"}, []string{
			"DIR/a.conf:2:5: unexpected text after the value",
			"DIR/a.conf:3:5: unexpected text after the value",
			"DIR/main.conf:1:5: unexpected text after the value",
			"DIR/main.conf:3:5: unexpected text after the value",
		}},
		{"variables of the includer", map[string]string{"main.conf": "x 1\ninclude a.conf", "a.conf": "y = $x"}, []string{
			`DIR/a.conf:1:5: variable "x" is not defined`,
		}},
		{"no path", map[string]string{"main.conf": "include \n"}, []string{
			"DIR/main.conf:1:9: include needs a path on the same line",
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := tree(t, c.files)
			_, problems := ParseFile(filepath.Join(dir, "main.conf"), nil)
			var got []string
			for _, p := range problems {
				if !p.Warning {
					got = append(got, strings.ReplaceAll(p.Error(), dir, "DIR"))
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestIncludeCycleByLink(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{"main.conf": "include link.conf"})
	if err := os.Symlink("main.conf", filepath.Join(dir, "link.conf")); err != nil {
		t.Skip(err)
	}
	_, problems := ParseFile(filepath.Join(dir, "main.conf"), nil)
	if got := firstError(problems).Message; !strings.HasPrefix(got, "include cycle: ") {
		t.Errorf("got %q", got)
	}
}

func TestIncludeChain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 200 {
		write(t, filepath.Join(dir, name(i)), "include "+name(i+1))
	}
	_, problems := ParseFile(filepath.Join(dir, name(0)), nil)
	if got, want := firstError(problems).Message, "includes nested deeper than 100"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func name(i int) string { return "f" + strings.Repeat("x", i) + ".conf" }

func TestMainFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for path, want := range map[string]string{
		filepath.Join(dir, "nope.conf"): "open " + filepath.Join(dir, "nope.conf") + ": no such file or directory",
		dir:                             "open " + dir + ": this is a directory, not a regular file",
	} {
		f, problems := ParseFile(path, nil)
		if f != nil || len(problems) != 1 || problems[0].Error() != want {
			t.Errorf("%s: got %v %v, want %s", path, f, problems, want)
		}
	}
}

// tree writes files into a new directory.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		write(t, filepath.Join(dir, name), strings.ReplaceAll(text, "DIR", dir))
	}
	return dir
}

// soon fails a test that takes longer than it may on the slowest machine.
func soon(t *testing.T, f func()) {
	t.Helper()
	start := time.Now()
	f()
	took := time.Since(start)
	t.Log(took)
	if took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}
