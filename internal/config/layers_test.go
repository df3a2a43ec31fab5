package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// samples holds three valid texts for the keys whose type alone does not suggest any.
var samples = map[string][3]string{
	"client_advertise":           {"a:1", "b:2", "c"},
	"proxy_protocol_from":        {"10.0.0.0/8", "10.1.0.0/16,::1/128", "127.0.0.1/32"},
	"memory_limit":               {"off", "64MB", "1GiB"},
	"max_sub_tokens":             {"3", "4", "255"},
	"write_timeout":              {"close", "retry", "default"},
	"lame_duck_duration":         {"30s", "60s", "1h"},
	"remote_syslog":              {"udp://a:1", "tcp://b:2", "unix:///c"},
	"bcrypt_max_cost":            {"10", "11", "12"},
	"admin.listen":               {"127.0.0.1:1", "127.0.0.1:2", "localhost:3"},
	"tls.min_version":            {"1.2", "1.3", "1.2"},
	"tls.handshake_first":        {"on", "auto", "20ms"},
	"tls.pinned_certs":           {strings.Repeat("a1", 32), strings.Repeat("b2", 32), strings.Repeat("c3", 32)},
	"mqtt.max_ack_pending":       {"0", "1", "65535"},
	"leafnodes.min_version":      {"2.9.0", "2.10.1", "v2.11.0"},
	"cluster.compression.mode":   {"s2_fast", "off", "accept"},
	"leafnodes.compression.mode": {"s2_fast", "off", "accept"},
}

// samplesFor gives three valid texts for a key.
func samplesFor(n *node) ([3]string, bool) {
	for suffix, s := range samples {
		if n.path == suffix || strings.HasSuffix(n.path, "."+suffix) {
			return s, true
		}
	}
	t := n.key.Type
	switch {
	case len(n.key.Words) > 0:
		w := n.key.Words
		return [3]string{w[0], w[len(w)-1], w[0]}, true
	case n.key.Parse != nil:
		return [3]string{}, false
	case t&Bool != 0:
		return [3]string{"true", "false", "yes"}, true
	case t&durations != 0:
		return [3]string{"31s", "1m40s", "2h"}, true
	case t&sizes != 0:
		return [3]string{"2000", "3kb", "1MiB"}, true
	case t&Int != 0:
		return [3]string{"21", "22", "23"}, true
	case t&(Strings|List) != 0:
		return [3]string{"a", "b,c", "d, e"}, true
	}
	return [3]string{"one", "two", "three"}, true
}

// inFile writes a sample as a file has it.
func inFile(t Type, text string) string {
	switch {
	case t&(Strings|List) != 0:
		return `["` + strings.ReplaceAll(strings.ReplaceAll(text, " ", ""), ",", `", "`) + `"]`
	case t&(Text|durations) != 0 && t&sizes == 0:
		return `"` + text + `"`
	}
	return text
}

// layered reads one key from the given layers ("" leaves a layer out) and returns what counts.
func layered(t *testing.T, dir string, n *node, file, env, flag string) (Value, []string) {
	t.Helper()
	src := Source{Environ: map[string]string{}}
	if file != "" {
		text := n.path + ": " + inFile(n.key.Type, file)
		if i := strings.LastIndexByte(n.path, '.'); i >= 0 {
			text = strings.ReplaceAll(n.path[:i], ".", " { ") + " { " + n.name + ": " + inFile(n.key.Type, file) + strings.Repeat(" }", 1+strings.Count(n.path[:i], "."))
		}
		src.Path = filepath.Join(dir, n.path+".conf")
		if err := os.WriteFile(src.Path, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if env != "" {
		src.Environ[EnvName(n.path)] = env
	}
	if flag != "" {
		src.Flags = []Flag{{"--x", n.path, "not this"}, {"--flag", n.path, flag}}
	}
	tree, err := buildTree(Keys)
	if err != nil {
		t.Fatal(err)
	}
	d := &decoder{src: src, tree: tree}
	root := newBlock(d, tree, "", Pos{})
	d.readFile(root, &Options{}, &Report{})
	values := d.layer(root)
	d.effective(root, values)
	var errs []string
	for _, p := range d.list {
		if !p.Warning {
			errs = append(errs, p.Error())
		}
	}
	return values[n.path], errs
}

// TestPrecedence gives every key that one text can hold a value in each layer: the same text means
// the same in all of them, and the highest layer counts.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	tree, err := buildTree(Keys)
	if err != nil {
		t.Fatal(err)
	}
	dir, keys := t.TempDir(), 0
	tree.each(func(n *node) {
		if !n.static() || !n.key.Type.scalar() || n.key.Expand != nil || n.name == "cert_store" {
			return // cert_store takes no value at all
		}
		keys++
		s, ok := samplesFor(n)
		if !ok {
			t.Errorf("%s: add sample values to the table of this test", n.path)
			return
		}
		check := func(layer Layer, file, env, flag string) any {
			t.Helper()
			v, errs := layered(t, dir, n, file, env, flag)
			if errs != nil || v.Origin.Layer != layer {
				t.Errorf("%s: file %q, env %q, flag %q: from %v, want %v; errors %v", n.path, file, env, flag, v.Origin, layer, errs)
			}
			return v.Value
		}
		var alone []any
		for _, text := range s {
			flag, env := check(FromFlag, "", "", text), check(FromEnv, "", text, "")
			if !reflect.DeepEqual(flag, env) {
				t.Errorf("%s: %q is %v as flag and %v in the environment", n.path, text, flag, env)
			}
			if !n.key.FlagOnly {
				if file := check(FromFile, text, "", ""); !reflect.DeepEqual(file, env) {
					t.Errorf("%s: %q is %v in the file and %v in the environment", n.path, text, file, env)
				}
			}
			alone = append(alone, env)
		}
		file := s[0]
		if n.key.FlagOnly {
			file = ""
		}
		if got := check(FromEnv, file, s[1], ""); !reflect.DeepEqual(got, alone[1]) {
			t.Errorf("%s: environment over file gives %v", n.path, got)
		}
		if got := check(FromFlag, file, s[1], s[2]); !reflect.DeepEqual(got, alone[2]) {
			t.Errorf("%s: flag over all gives %v", n.path, got)
		}
	})
	t.Logf("%d keys in 4 layers", keys)
}

// TestDefaults: without any layer every configured block gives the registry's defaults.
func TestDefaults(t *testing.T) {
	t.Parallel()
	o, r := Load(Source{})
	if o == nil {
		t.Fatal(r.Err())
	}
	for path, v := range o.Values {
		if v.Origin.Layer != FromDefault {
			t.Errorf("%s comes from %v", path, v.Origin)
		}
	}
	for path, want := range map[string]any{"port": int64(4222), "host": "0.0.0.0", "logtime": true, "log_file": nil} {
		if got := o.Values[path].Value; got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	if _, ok := o.Values["tls.timeout"]; ok {
		t.Error("keys of a block that is not configured have no value")
	}
}

func TestEnvironmentNamesAreUnique(t *testing.T) {
	t.Parallel()
	tree, _ := buildTree(Keys)
	seen := map[string]string{}
	tree.each(func(n *node) {
		if !n.static() {
			return
		}
		if other := seen[EnvName(n.path)]; other != "" {
			t.Errorf("%s and %s share %s", other, n.path, EnvName(n.path))
		}
		seen[EnvName(n.path)] = n.path
	})
}

// TestLayersOfGroups covers keys that stand for others, and names that mean nothing.
func TestLayersOfGroups(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "listen: 1.2.3.4:5\nwatch: true\n")
	for _, c := range []struct {
		name  string
		src   Source
		check func(*Options) any
		want  any
	}{
		{"file", Source{}, func(o *Options) any { return fmt.Sprintf("%s %d", o.Host, o.Port) }, "1.2.3.4 5"},
		{"flag over one half", Source{Flags: []Flag{{"-p", "port", "7"}}}, func(o *Options) any { return fmt.Sprintf("%s %d", o.Host, o.Port) }, "1.2.3.4 7"},
		{"environment for both", Source{Environ: map[string]string{"NATSD_HOST": "::1", "NATSD_PORT": "-1"}}, func(o *Options) any { return fmt.Sprintf("%s %d", o.Host, o.Port) }, "::1 -1"},
		{"flag for a block", Source{Flags: []Flag{{"--no-watch", "watch", "false"}}}, func(o *Options) any { return o.Watch.Enabled }, false},
		{"variable for a block", Source{Environ: map[string]string{"NATSD_WATCH": "off"}}, func(o *Options) any { return o.Watch.Enabled }, false},
		{"service link", Source{Environ: map[string]string{"NATSD_PORT": "tcp://10.0.0.1:4222", "NATSD_SERVICE_HOST": "x", "NATSD_PORT_4222_TCP": "y"}}, func(o *Options) any { return o.Port }, 5},
		{"trace stays off when the flag says so", Source{Flags: []Flag{{"-V", "trace", "false"}}, Environ: map[string]string{"NATSD_TRACE_VERBOSE": "true"}}, func(o *Options) any { return o.Logging.Trace }, false},
		{"trace_verbose brings trace", Source{Environ: map[string]string{"NATSD_TRACE_VERBOSE": "true"}}, func(o *Options) any { return o.Logging.Trace }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.src.Path = file
			o, r := Load(c.src)
			if o == nil {
				t.Fatal(r.Err())
			}
			if got := c.check(o); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestShadowedValues(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "port: 5\n")
	o, r := Load(Source{Path: file, Flags: []Flag{{"-p", "port", "7"}}, Environ: map[string]string{"NATSD_PORT": "6"}})
	if o == nil {
		t.Fatal(r.Err())
	}
	v := o.Values["port"]
	if v.Value != int64(7) || v.Origin.String() != "-p" || len(v.Shadowed) != 2 ||
		v.Shadowed[0].String() != "NATSD_PORT" || v.Shadowed[1].String() != file+":1:7" {
		t.Errorf("got %+v", v)
	}
}

// TestLayerProblems: what a flag or a variable says wrong is reported under its name.
func TestLayerProblems(t *testing.T) {
	t.Parallel()
	_, r := Load(Source{
		Flags:   []Flag{{"--port", "port", "x"}, {"--nope", "nope", "1"}, {"--ping", "ping_interval", "soon"}},
		Environ: map[string]string{"NATSD_MAX_PAYLOAD": "8b", "NATSD_PROT": "1", "PATH": "/", "NATSD_MAX_SUB_TOKENS": "300", "NATSD_LISTEN": "nowhere"},
	})
	var got []string
	for _, p := range r.Problems {
		got = append(got, p.Error()+p.Hint)
	}
	slices.Sort(got)
	want := []string{
		`--nope: no option "nope" can be set by a flag`,
		`--ping: error parsing ping_interval: time: invalid duration "soon"`,
		`--port: expected a whole number, got the string "x"`,
		`NATSD_LISTEN: could not parse address string "nowhere"`,
		`NATSD_MAX_PAYLOAD: expected a size such as 64MB, got the string "8b"`,
		`NATSD_MAX_SUB_TOKENS: max_sub_tokens value is too big`,
		`NATSD_PROT: no option has this environment variable; it is ignoreddid you mean NATSD_PORT?`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// writeFile makes a configuration file with this text.
func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "natsd.conf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
