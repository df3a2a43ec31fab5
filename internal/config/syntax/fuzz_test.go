package syntax

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// FuzzParse holds what is true of every text: it is read in time, the same way each time, places
// are places in it, and the tree written again has the same digest.
func FuzzParse(f *testing.F) {
	for _, c := range readLangCases(f).Cases {
		f.Add(c.Input)
	}
	dir := f.TempDir()
	write(f, filepath.Join(dir, "inc.conf"), "x = 9\nm { y 1 }\n")
	env := environment(map[string]string{"EV": "foo", "EV2": "[$EV, 2]", "LOOP": "$LOOP"})
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(strings.ToLower(text), "include") && strings.ContainsAny(text, "/.*?[") && !strings.Contains(text, "inc.conf") {
			t.Skip("would look around in the file system")
		}
		path := filepath.Join(dir, "test.conf")
		start := time.Now()
		file, problems := Parse(path, []byte(text), env)
		if took := time.Since(start); took > time.Second+time.Duration(len(text))*50*time.Microsecond {
			t.Errorf("%d bytes took %v", len(text), took)
		}
		again, problemsAgain := Parse(path, []byte(text), env)
		if file.Digest != again.Digest || !slices.Equal(problems, problemsAgain) {
			t.Errorf("read differently the second time: %s %v, %s %v", file.Digest, problems, again.Digest, problemsAgain)
		}
		lines := strings.Split(strings.TrimPrefix(text, byteOrderMark), "\n")
		for _, p := range problems {
			if p.Pos.Line > 0 && p.Pos.File == path {
				inside(t, lines, p.Pos)
			}
		}
		if !slices.IsSortedFunc(problems, func(a, b Problem) int { return comparePos(a.Pos, b.Pos) }) {
			t.Errorf("not sorted: %v", problems)
		}
		if firstError(problems) != (Problem{}) {
			if file.Digest != "" {
				t.Error("a digest in spite of errors")
			}
			return
		}
		checkPlaces(t, path, lines, file.Root)
		checkAgain(t, file)
	})
}

// inside checks that a place is one of the text; behind the last byte of a line counts.
func inside(t *testing.T, lines []string, p Pos) {
	t.Helper()
	if p.Line < 1 || p.Line > len(lines) || p.Col < 1 || p.Col > len(lines[p.Line-1])+1 {
		t.Fatalf("%v is outside", p)
	}
}

// checkPlaces checks that keys stand where they are said to.
func checkPlaces(t *testing.T, path string, lines []string, table *Table) {
	t.Helper()
	for _, e := range table.Entries {
		if e.Pos.File == path {
			inside(t, lines, e.Pos)
			at := lines[e.Pos.Line-1][e.Pos.Col-1:]
			if !strings.HasPrefix(at, e.Key) && !strings.HasPrefix(at, `"`) && !strings.HasPrefix(at, `'`) {
				t.Errorf("%q is not at %v", e.Key, e.Pos)
			}
		}
		if e.Value.Pos.File == path {
			inside(t, lines, e.Value.Pos)
		}
		if e.Value.Kind == Map {
			checkPlaces(t, path, lines, e.Value.Map)
		}
	}
}

// checkAgain writes the tree in another form and compares the digests.
func checkAgain(t *testing.T, file *File) {
	t.Helper()
	if fast, slow := digest(file.Root), slowDigest(file.Root); fast != slow {
		t.Fatalf("digest %s, want %s", fast, slow)
	}
	plain := file.Root.plain()
	if hasQuote(plain) {
		return // keys have no escapes
	}
	text := renderers["native"].value(plain)
	again, problems := Parse("again.conf", []byte(text), nil)
	if firstError(problems) != (Problem{}) || again.Digest != file.Digest {
		got, _ := json.Marshal(again.Root.plain())
		want, _ := json.Marshal(plain)
		t.Errorf("%q\n%v\n%s", text, problems, cmp.Diff(string(want), string(got)))
	}
}

func hasQuote(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if strings.Contains(k, `"`) || hasQuote(x) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, hasQuote)
	}
	return false
}
