package syntax

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestAbuse feeds texts made to hurt. What they cost is logged; the limit is only there to tell
// linear from quadratic on a slow machine.
func TestAbuse(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20 / 32 // little of what fits, so that the test stays short
	cases := []struct {
		name, text string
		problem    string // of the first error; empty: none
	}{
		{"30000 nested maps", strings.Repeat("m { ", 30_000), "nested deeper than 100"},
		{"30000 nested arrays", "a = " + strings.Repeat("[", 30_000), "nested deeper than 100"},
		{"30000 nested blocks", strings.Repeat("{", 30_000), "nested deeper than 100"},
		{"nested after damage", "a b c " + strings.Repeat("{ [", 30_000), "unexpected text after the value"},
		{"much one key", strings.Repeat("a 1\n", 4*mib-1), ""},
		{"much keys", keys(mib), ""},
		{"much damage", strings.Repeat("a b c\n", 2*mib), "unexpected text after the value"},
		{"much quotes", "a b " + strings.Repeat("'\"", 4*mib), "unexpected text after the value"},
		{"much quoting", strings.Repeat(`"'`, 4*mib), "unexpected text after the value"},
		{"much string", `a = "` + strings.Repeat("x", 15*mib) + `"`, ""},
		{"much open string", `a = "` + strings.Repeat("x", 15*mib), "this string is never closed"},
		{"much open block", "a = (" + strings.Repeat("\n) ", 5*mib), "this block is never closed"},
		{"much array", "a = [" + strings.Repeat("1,", 7*mib) + "]", ""},
		{"much open array", "a = [" + strings.Repeat("1,", 7*mib), "this array is never closed"},
		{"much comments", strings.Repeat("# x\n", 4*mib-1), ""},
		{"much digits", "a = " + strings.Repeat("1", 15*mib), "this integer is out of range"},
		{"much points", "a = 1" + strings.Repeat(".1", 7*mib), ""},
		{"much braces", strings.Repeat("}", 15*mib), "this brace closes nothing"},
		{"too many values", "a = [" + strings.Repeat("1,", maxValues) + "]", "more than 2097152 values"},
		{"doubling variables", doubling(60), "more than 2097152 values"},
		{"deepening variables", deepening(1000), "nested deeper than 100"},
		{"NUL", "a = 1\x00", "NUL byte: this is not a text file"},
		{"too large", strings.Repeat("#", 17<<20), "larger than 16 MiB: not a configuration file"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			start := time.Now()
			_, problems := Parse("test.conf", []byte(c.text), nil)
			took := time.Since(start)
			t.Logf("%v for %d bytes, %d problems", took.Round(time.Microsecond), len(c.text), len(problems))
			if took > 20*time.Second {
				t.Errorf("took %v", took)
			}
			if len(problems) > 2*maxProblems {
				t.Errorf("%d problems", len(problems))
			}
			if got := firstError(problems).Message; got != c.problem {
				t.Errorf("got %q, want %q", got, c.problem)
			}
		})
	}
}

// TestIncludeBomb has two files of which each level includes the next twice.
func TestIncludeBomb(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 60 {
		write(t, filepath.Join(dir, fmt.Sprintf("f%d.conf", i)), fmt.Sprintf("a { include f%d.conf }\nb { include f%d.conf }\n", i+1, i+1))
	}
	write(t, filepath.Join(dir, "f60.conf"), "x = 1\n")
	start := time.Now()
	_, problems := ParseFile(filepath.Join(dir, "f0.conf"), nil)
	t.Log(time.Since(start))
	if got, want := firstError(problems).Message, "more than 2097152 values"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLargeFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "large.conf")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(10 << 30); err != nil {
		t.Skip("no sparse files here:", err)
	}
	start := time.Now()
	_, problems := ParseFile(path, nil)
	t.Log(time.Since(start))
	if got, want := firstError(problems).Message, "read "+path+": larger than 16 MiB: not a configuration file"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func keys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "key%07d: 1\n", i)
	}
	return b.String()
}

func doubling(n int) string {
	var b strings.Builder
	b.WriteString("v0 { x 1 }\n")
	for i := range n {
		fmt.Fprintf(&b, "v%d { a $v%d, b $v%d }\n", i+1, i, i)
	}
	return b.String()
}

func deepening(n int) string {
	var b strings.Builder
	b.WriteString("v0 { x 1 }\n")
	for i := range n {
		fmt.Fprintf(&b, "v%d { a $v%d }\n", i+1, i)
	}
	return b.String()
}

func firstError(problems []Problem) Problem {
	for _, p := range problems {
		if !p.Warning {
			return p
		}
	}
	return Problem{}
}
