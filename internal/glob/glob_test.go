package glob

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"*", "anything at.all", true},
		{"worker.*", "worker.7", true},
		{"worker.*", "worker", false},
		{"*.eu", "a.b.eu", true},
		{"a*b*c", "aXbYbZc", true},
		{"a*b*c", "aXbYbZ", false},
		{"?", "ä", true},
		{"??", "ä", false},
		{"a?c", "abc", true},
		{"[a]", "a", false},
		{"[a]", "[a]", true},
		{strings.Repeat("a*", 50) + "b", strings.Repeat("a", 5000), false},
	} {
		if got := Match(c.pattern, c.name); got != c.want {
			t.Errorf("Match(%q, %q) = %v", c.pattern, c.name, got)
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("a*b?", "axxbc")
	f.Add("*", "")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if len(pattern) > 100 || len(name) > 100 || !utf8.ValidString(pattern) || !utf8.ValidString(name) {
			return
		}
		text := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(pattern))
		if got, want := Match(pattern, name), regexp.MustCompile(`(?s)^(?:`+text+`)$`).MatchString(name); got != want {
			t.Errorf("Match(%q, %q) = %v", pattern, name, got)
		}
	})
}
