package config

import (
	"strings"
	"testing"
)

func TestCheckTransform(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ source, destination, want string }{
		{"a", "b", ""},
		{"a.*", "b.$1", ""},
		{"a.*", "b", ""},
		{"a.*.*", "b.$2.{{Wildcard( 1 )}}", ""},
		{"a.>", "b.>", ""},
		{"a.*.>", "b.$1.>", ""},
		{"a.*", "b.{{partition(5,1)}}.{{ splitFromLeft(1, 3) }}.{{SliceFromRight(1,2)}}", ""},
		{"a", "b.{{partition(5)}}.{{random(3)}}", ""},
		{"a.*", "b.{{split(1,-)}}", ""},
		{"a", "b.$x", ""}, // no number: text
		{"a.>", "b", "invalid subject"},
		{"a", "b.>", "invalid subject"},
		{"a.*", "b.*", "invalid subject"},
		{"a", "", "invalid subject"},
		{"a", "b..c", "invalid subject"},
		{"a", "b c", "invalid subject"},
		{"a", "b.$1", "invalid mapping destination: wildcard index out of range in $1: [1]"},
		{"a.*", "b.$0", "invalid mapping destination: wildcard index out of range in $0: [0]"},
		{"a.*", "b.{{wildcard(2)}}", "invalid mapping destination: wildcard index out of range in {{wildcard(2)}}: [2]"},
		{"a.*", "b.{{partition(5,2)}}", "invalid mapping destination: wildcard index out of range in {{partition(5,2)}}: [2]"},
		{"a.*", "b.{{left(1,2)}}", "invalid mapping destination: unknown function in {{left(1,2)}}"},
		{"a.*", "b.{{wildcard(1)", "invalid mapping destination: unknown function in {{wildcard(1)"},
		{"a.*", "b.{{wildcard()}}", "invalid mapping destination: not enough arguments passed to the function in {{wildcard()}}"},
		{"a.*", "b.{{split(1)}}", "invalid mapping destination: not enough arguments passed to the function in {{split(1)}}"},
		{"a.*", "b.{{wildcard(1,2)}}", "invalid mapping destination: too many arguments passed to the function in {{wildcard(1,2)}}"},
		{"a.*", "b.{{wildcard(x)}}", "invalid mapping destination: function argument is invalid or in the wrong format in {{wildcard(x)}}"},
		{"a.*", "b.{{split(1, )}}", "invalid mapping destination: function argument is invalid or in the wrong format in {{split(1, )}}"},
	} {
		got := ""
		if err := checkTransform(c.source, c.destination); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s to %s: %q, want %q", c.source, c.destination, got, c.want)
		}
	}
}

func FuzzTransform(f *testing.F) {
	f.Add("a.*.>", "b.{{partition(5,1)}}.$1.>")
	f.Add("a.*", "b.{{split(1,")
	f.Fuzz(func(t *testing.T, source, destination string) {
		err := checkTransform(source, destination)
		if err == nil && strings.Contains(destination, "..") {
			t.Errorf("%q to %q is accepted", source, destination)
		}
		_ = checkRename(source, destination)
	})
}

func FuzzURL(f *testing.F) {
	f.Add("nats://user:canary@h:1")
	f.Add("nats://canary@h:x")
	f.Add("canary@h")
	f.Fuzz(func(t *testing.T, text string) {
		const secret = "s3cr3t"
		u, err := parseURL("nats://"+secret+":"+secret+"@"+text, "route")
		shown := u.String()
		if err != nil {
			shown = err.Error()
		}
		if strings.Contains(shown, secret) && !strings.Contains(text, secret) {
			t.Errorf("%q shows its password: %s", text, shown)
		}
	})
}
