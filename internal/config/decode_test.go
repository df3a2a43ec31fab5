package config

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// load loads a text; problems come as "line:col: message" with warnings marked.
func load(t *testing.T, text string) (*Options, []string) {
	t.Helper()
	path := writeFile(t, text)
	o, r := Load(Source{Path: path, WorkDir: filepath.Dir(path)})
	var out []string
	for _, p := range r.Problems {
		s := strings.TrimPrefix(p.Error(), path+":")
		if p.Warning {
			s = "warning " + s
		}
		if p.Hint != "" {
			s += " (" + p.Hint + ")"
		}
		out = append(out, s)
	}
	if (o == nil) != (len(r.Errors()) > 0) {
		t.Errorf("options %v with errors %v", o, r.Errors())
	}
	return o, out
}

// TestProblems is the table of what is said about single mistakes.
func TestProblems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"nothing wrong", "port: 4222", nil},
		{"unknown field, close name", "prot: 1", []string{`1:1: unknown field "prot" (did you mean "port"?)`}},
		{"unknown field, swapped letters", "max_conenctions: 1", []string{`1:1: unknown field "max_conenctions" (did you mean "max_connections"?)`}},
		{"unknown field of another block", "verify_and_map: true", []string{`1:1: unknown field "verify_and_map" ("verify_and_map" is a key of tls, or of cluster.tls, or of gateway.tls)`}},
		{"key of the top level in a block", "authorization { max_payload: 1 }", []string{`1:17: unknown field "max_payload" ("max_payload" is a key of the top level, or of accounts.*.limits)`}},
		{"unknown field, nothing near", "zzzzzz: 1", []string{`1:1: unknown field "zzzzzz"`}},
		{"variables are no fields", "zzzzzz: 4223\nport: $zzzzzz", nil},
		{"variable with the name of an own key", "ADMIN: 4223\nport: $ADMIN", nil},
		{"variable beside the option of its name", "PORT: 4223\nport: $PORT", nil},
		{"letter case", "PoRt: 4223", nil},
		{"exact case", "System_Account: A", []string{`warning 1:1: "System_Account" is ignored: this key counts only when written as "system_account"`}},
		{"two spellings", "port: 1\nPort: 2", []string{`warning 2:1: "Port" sets the same option as "port" at FILE:1:1; the later one counts`}},
		{"two names", "host: a\nnet: b", []string{`warning 2:1: "net" sets the same option as "host" at FILE:1:1; the later one counts`}},
		{"listen and port", "listen: \"a:1\"\nport: 2", []string{`warning 2:7: port is set at FILE:1:9 too; the later one counts`}},
		{"flag only", "http_host: a", []string{`1:1: unknown field "http_host" (did you mean "http_port"?)`}},
		{"bool", "debug: 1", []string{`1:8: expected true or false, got the number 1`}},
		{"bool in quotes", `debug: "true"`, []string{`1:8: expected true or false, got the string "true"; leave out the quotes`}},
		{"array for number", "port: [a]", []string{`1:7: expected a whole number, got an array`}},
		{"block for string", "host { a: 1 }", []string{`1:6: expected a string, got a block`}},
		{"number for block", "tls: 5", []string{`1:6: expected a block { … }, got the number 5`}},
		{"element of a list", "tls { cipher_suites: [a, true] }", []string{`warning 1:1: this tls block has no certificate: no handshake will succeed`, `1:26: expected a string, got true`}},
		{"element of users", "authorization { users: [ a ] }", []string{`1:26: expected a block { … }, got the string "a"`}},
		{"secrets are not shown", "authorization { user: a, password: 12345 }", []string{`1:36: expected a string, got a number; put it in quotes`}},
		{"word", "log_format: xml", []string{`1:13: expected "classic", "json" or "logfmt", got "xml"`}},
		{"several at once, in order", "port: x\nfoobar: 1\ndebug: 2", []string{`1:7: expected a whole number, got the string "x"`, `2:1: unknown field "foobar"`, `3:8: expected true or false, got the number 2`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, got := load(t, c.text+"\n")
			for i := range got {
				if j := strings.Index(got[i], "/natsd.conf"); j >= 0 {
					start := strings.LastIndexByte(got[i][:j], ' ') + 1
					got[i] = got[i][:start] + "FILE" + got[i][j+len("/natsd.conf"):]
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(c.want, "\n  "))
			}
		})
	}
}

// TestDurations reads one text through each of the forms.
func TestDurations(t *testing.T) {
	t.Parallel()
	const warnNumber = "should be converted to a duration"
	for _, c := range []struct {
		key, text string
		want      time.Duration // -1: an error
		say       string        // part of the only problem; empty for none
	}{
		{"ping_interval", `"90s"`, 90 * time.Second, ""},
		{"ping_interval", `90s`, 90 * time.Second, ""},
		{"ping_interval", `90`, 90 * time.Second, warnNumber},
		{"ping_interval", `5m`, 5 * time.Minute, "put it in quotes"},
		{"ping_interval", `5M`, 5 * time.Minute, "put it in quotes"},
		{"ping_interval", `1.5`, -1, "got the decimal number 1.5"},
		{"ping_interval", `"soon"`, -1, "error parsing ping_interval: time: invalid duration"},
		{"ping_interval", `true`, -1, "got true"},
		{"ping_interval", `"-1s"`, -1, "must not be negative"},
		{"ping_interval", `0`, 2 * time.Minute, warnNumber},
		{"ping_interval", `"9999999h"`, -1, "invalid duration"},
		{"ping_interval", `99999999999`, -1, "seconds are too many"},
		{"lame_duck_duration", `60`, -1, "got the number 60"},
		{"lame_duck_duration", `5m`, 5 * time.Minute, "put it in quotes"},
		{"lame_duck_duration", `"1h"`, time.Hour, ""},
	} {
		t.Run(c.key+" "+c.text, func(t *testing.T) {
			t.Parallel()
			o, problems := load(t, c.key+": "+c.text+"\n")
			if c.say == "" && problems != nil || c.say != "" && (len(problems) != 1 || !strings.Contains(problems[0], c.say)) {
				t.Errorf("problems %v, want one with %q", problems, c.say)
			}
			switch {
			case c.want < 0:
				if o != nil {
					t.Error("accepted")
				}
			case o == nil || o.Limits.PingInterval != c.want && o.LameDuckDuration != c.want:
				t.Errorf("got %v and %v", o.Limits.PingInterval, o.LameDuckDuration)
			}
		})
	}
	for text, want := range map[string]time.Duration{"1.5": 1500 * time.Millisecond, "3": 3 * time.Second, `"250ms"`: 250 * time.Millisecond, "1m": time.Minute} {
		o, _ := load(t, "authorization { user: a, password: b, timeout: "+text+" }\n")
		if o == nil || o.Authorization.Timeout != want {
			t.Errorf("timeout %s: %+v", text, o)
		}
	}
}

func TestSizeText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]any{
		"1K": int64(1 << 10), "3M": int64(3 << 20), "1G": int64(1 << 30), "2T": int64(2 << 40),
		"1": nil, "": nil, "K": nil, "1k": nil, "x1G": nil, "99999999999T": nil,
	} {
		got, err := sizeText("max_mem", text)
		if got != want || (err == nil) != (want != nil) {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestReportShowsTheLine(t *testing.T) {
	t.Parallel()
	path := writeFile(t, "debug: on\n\tprot: 4222\n")
	_, r := Load(Source{Path: path})
	var out strings.Builder
	if err := r.Write(&out); err != nil {
		t.Fatal(err)
	}
	want := path + ":2:2: unknown field \"prot\"\n  | \tprot: 4222\n  | \t^\n  = did you mean \"port\"?\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestMissingFile(t *testing.T) {
	t.Parallel()
	o, r := Load(Source{Path: "no-such.conf", WorkDir: t.TempDir()})
	if o != nil || r.Err() == nil || !strings.Contains(r.Err().Error(), "no such file") {
		t.Errorf("got %v, %v", o, r.Err())
	}
}
