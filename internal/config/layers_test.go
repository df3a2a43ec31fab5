package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"natsd/internal/config/syntax"
)

// samples holds three valid texts for the keys whose type alone does not suggest any.
var samples = map[string][3]string{
	"client_advertise":                  {"a:1", "b:2", "c"},
	"proxy_protocol_from":               {"10.0.0.0/8", "10.1.0.0/16,::1/128", "127.0.0.1/32"},
	"memory_limit":                      {"off", "64MB", "1GiB"},
	"max_sub_tokens":                    {"3", "4", "255"},
	"write_timeout":                     {"close", "retry", "default"},
	"lame_duck_duration":                {"30s", "60s", "1h"},
	"remote_syslog":                     {"udp://a:1", "tcp://b:2", "unix:///c"},
	"admin.monitor":                     {"off", "compat", "off"},
	"bcrypt_max_cost":                   {"10", "11", "12"},
	"admin.listen":                      {"127.0.0.1:1", "127.0.0.1:2", "localhost:3"},
	"tls*.min_version":                  {"1.2", "1.3", "1.2"},
	"tls*.handshake_first":              {"on", "auto", "20ms"},
	"tls*.pinned_certs":                 {strings.Repeat("a1", 32), strings.Repeat("b2", 32), strings.Repeat("c3", 32)},
	"authorization.auth_callout.issuer": {"AB53B2ZQ465BTDF5OHJHFDUYGDUE6QN627LZPRK77NNWYO2OMHKK3SZJ", "AB7SVG5BNBHSIF3HKSOJ7IU4O7RQ5PEL7ZNBCI4RBVVYL6Q2TX4T52VU", "AB53B2ZQ465BTDF5OHJHFDUYGDUE6QN627LZPRK77NNWYO2OMHKK3SZJ"},
	"authorization.auth_callout.xkey":   {"XBHQ43NUWVZGGNLOD2QA3Q3OCVTXIWMCE33K7ZV5W72SKSYIUXMEP65Y", "XBHQ43NUWVZGGNLOD2QA3Q3OCVTXIWMCE33K7ZV5W72SKSYIUXMEP65Y", "XBHQ43NUWVZGGNLOD2QA3Q3OCVTXIWMCE33K7ZV5W72SKSYIUXMEP65Y"},
	"compression.rtt_thresholds":        {"10ms", "10ms,20ms", "0s,1s"},
	"jetstream.enabled":                 {"enabled", "disabled", "true"},
	"jetstream.max_memory_store":        {"2000", "3kb", "1MiB"},
	"jetstream.max_file_store":          {"2000", "3kb", "1MiB"},
	"jetstream.max_concurrent_io":       {"4", "5", "8192"},
	"jetstream.sync_interval":           {"10s", "always", "1m"},
	"jetstream.cipher":                  {"aes", "chacha", "chachapoly"},
	"jetstream.tpm.cipher":              {"aes", "chacha", "chachapoly"},
	"resolver.source":                   {"MEMORY", "URL(http://a/b)", "mem"},
	"mqtt.max_ack_pending":              {"0", "1", "65535"},
	"leafnodes.min_version":             {"2.9.0", "2.10.1", "v2.11.0"},
	"ocsp.mode":                         {"auto", "must", "never"},
	"cluster.compression.mode":          {"s2_fast", "off", "accept"},
	"leafnodes.compression.mode":        {"s2_fast", "off", "accept"},
}

// samplesFor gives three valid texts for a key.
func samplesFor(n *node) ([3]string, bool) {
	for suffix, s := range samples {
		if n.path == suffix || strings.HasSuffix(n.path, "."+suffix) {
			return s, true
		}
		if block, name, ok := strings.Cut(suffix, "*."); ok && n.name == name && strings.Contains(n.path, block) {
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

// texts holds a text for each of some keys, by path.
type layerTexts map[string]string

// write prints the keys below n as a file has them.
func (l layerTexts) write(b *strings.Builder, n *node) {
	for _, c := range n.children {
		switch text, set := l[c.path]; {
		case set:
			fmt.Fprintf(b, "%s: %s\n", c.name, inFile(c.key.Type, text))
		case c.static() && c.key.Type&Block != 0:
			fmt.Fprintf(b, "%s {\n", c.name)
			l.write(b, c)
			b.WriteString("}\n")
		}
	}
}

// layered reads many keys from the given layers; nil leaves a layer out.
func layered(t *testing.T, file, env, flags layerTexts) map[string]Value {
	t.Helper()
	tree, err := registry()
	if err != nil {
		t.Fatal(err)
	}
	d := &decoder{}
	d.begin(Source{Environ: map[string]string{}}, tree, syntax.Disk{})
	if file != nil {
		var b strings.Builder
		file.write(&b, tree)
		d.src.Path = writeFile(t, b.String())
	}
	for path, text := range env {
		d.src.Environ[EnvName(path)] = text
	}
	for path, text := range flags {
		d.src.Flags = append(d.src.Flags, Flag{"--x", path, "not this"}, Flag{"--flag", path, text})
	}
	root := newBlock(d, tree, "", Pos{})
	d.readFile(root, &Options{}, &Report{})
	values := d.layer(root)
	d.effective(root, values)
	for _, p := range d.list {
		if !p.Warning {
			t.Error(p)
		}
	}
	return values
}

// TestPrecedence gives every key that one text can hold a value in each layer: the same text means
// the same in all of them, and the highest layer counts.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	tree, err := registry()
	if err != nil {
		t.Fatal(err)
	}
	texts, inFiles := [3]layerTexts{{}, {}, {}}, layerTexts{}
	tree.each(func(n *node) {
		if !n.static() || !n.key.Type.scalar() || n.key.Expand != nil || n.name == "cert_store" {
			return // cert_store takes no value at all
		}
		s, ok := samplesFor(n)
		if !ok {
			t.Errorf("%s: add sample values to the table of this test", n.path)
			return
		}
		for i := range texts {
			texts[i][n.path] = s[i]
		}
		if n.key.named() {
			inFiles[n.path] = s[0]
		}
	})
	var alone [3]map[string]Value
	for i := range texts {
		onlyFile := layerTexts{}
		for path := range inFiles {
			onlyFile[path] = texts[i][path]
		}
		alone[i] = layered(t, nil, nil, texts[i])
		compareLayers(t, layered(t, nil, texts[i], nil), alone[i], FromEnv, texts[i])
		compareLayers(t, layered(t, onlyFile, nil, nil), alone[i], FromFile, onlyFile)
	}
	compareLayers(t, layered(t, inFiles, texts[1], nil), alone[1], FromEnv, texts[1])
	compareLayers(t, layered(t, inFiles, texts[1], texts[2]), alone[2], FromFlag, texts[2])
	t.Logf("%d keys in 4 layers", len(texts[0]))
}

// compareLayers wants the values that the same texts give as flags, and their origin.
func compareLayers(t *testing.T, got, want map[string]Value, layer Layer, texts layerTexts) {
	t.Helper()
	for path, text := range texts {
		if g := got[path]; g.Origin.Layer != layer || !reflect.DeepEqual(g.Value, want[path].Value) {
			t.Errorf("%s: %q gives %v from %v, want %v from %v", path, text, g.Value, g.Origin, want[path].Value, layer)
		}
	}
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
	tree, _ := registry()
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

// TestCommandLineKeys: every key that a flag of nats-server sets can be set by a flag.
func TestCommandLineKeys(t *testing.T) {
	t.Parallel()
	tree, err := registry()
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]string{
		"host": "h", "port": "-1", "server_name": "n", "client_advertise": "a:1", "http_port": "0", "https_port": "0", "pid_file": "p",
		"ports_file_dir": "d", "log_file": "l", "log_size_limit": "100", "logtime": "false", "logtime_utc": "true", "syslog": "true",
		"remote_syslog": "udp://a:1", "debug": "true", "trace": "true", "trace_verbose": "true", "max_traced_msg_len": "5", "jetstream": "true",
		"store_dir": "s", "authorization.user": "u", "authorization.password": "p", "authorization.token": "t", "tls": "false", "tls.cert_file": "c",
		"tls.key_file": "k", "tls.ca_file": "a", "tls.verify": "true", "cluster.routes": "nats://a:1,nats://b:2", "cluster.name": "c",
		"cluster.host": "h", "cluster.port": "1", "cluster.authorization.user": "u", "cluster.authorization.password": "p",
		"cluster.advertise": "a:1", "cluster.no_advertise": "true", "cluster.connect_retries": "3", "prof_port": "0", "watch": "false",
	} {
		d := &decoder{tree: tree, src: Source{Flags: []Flag{{"--x", key, value}}}}
		root := newBlock(d, tree, "", Pos{})
		d.layer(root)
		if slices.ContainsFunc(d.list, isError) {
			t.Errorf("%s: %v", key, d.list)
		}
	}
}
