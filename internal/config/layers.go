package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/viper"

	"natsd/internal/config/syntax"
)

// envPrefix starts the name of every environment variable that sets an option.
const envPrefix = "NATSD_"

// EnvName returns the environment variable that sets the key with this path.
func EnvName(path string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

// given is one value of one layer: a leaf of the file, or the text of a flag or variable.
type given struct {
	value  *syntax.Value
	origin Origin
}

func (g given) set() bool { return g.value != nil }

// layer merges flags and environment over the file. A fresh viper decides for every key that one
// text can hold which layer wins; keys under chosen names and in arrays come from the file alone.
// The winners are put into the blocks of root, so that sections see one tree.
func (d *decoder) layer(root *block) map[string]Value {
	file, env, flags := map[string]given{}, d.environment(), d.flags()
	var statics []*node
	d.tree.each(func(n *node) {
		if !n.static() || !n.key.Type.scalar() || n.key.Expand != nil {
			return
		}
		statics = append(statics, n)
		if l := root.leafAt(n.path); l != nil {
			file[n.path] = given{l.src, l.origin}
		}
	})
	v := viper.NewWithOptions(viper.KeyDelimiter("\x1f")) // no key holds it: every path is one name
	mergeInto(v, file)
	mergeInto(v, env)
	for path, g := range flags {
		v.Set(path, g)
	}
	values := make(map[string]Value, len(statics))
	for _, n := range statics {
		layers := []given{flags[n.path], env[n.path], file[n.path]}
		if !slices.ContainsFunc(layers, given.set) {
			values[n.path] = Value{} // the default
			continue
		}
		won, _ := v.Get(n.path).(given)
		if won.origin.Layer > FromFile {
			d.install(root, n, won)
		}
		values[n.path] = Value{Origin: won.origin, Shadowed: shadowed(won.origin, layers)}
	}
	return values
}

func mergeInto(v *viper.Viper, layer map[string]given) {
	flat := make(map[string]any, len(layer))
	for path, g := range layer {
		flat[path] = g
	}
	_ = v.MergeConfigMap(flat) // fails only on nested maps that do not fit; this one is flat
}

func shadowed(won Origin, layers []given) (out []Origin) {
	for _, g := range layers {
		if g.set() && g.origin.Layer < won.Layer {
			out = append(out, g.origin)
		}
	}
	return out
}

// install puts the value of a flag or variable into the tree of blocks.
func (d *decoder) install(root *block, n *node, g given) {
	at := root
	elems := strings.Split(n.path, ".")
	for _, e := range elems[:len(elems)-1] {
		at = at.open(at.node.names[e], Pos{})
	}
	d.entry(at, n, g.value, g.origin, Pos{})
}

// leafAt returns the leaf with a static path, or nil.
func (b *block) leafAt(path string) *leaf {
	for {
		elem, rest, inside := strings.Cut(path, ".")
		if !inside {
			return b.leaves.get(elem)
		}
		if b = b.blocks.get(elem); b == nil {
			return nil
		}
		path = rest
	}
}

// environment reads the NATSD_* variables.
func (d *decoder) environment() map[string]given {
	out := map[string]given{}
	var known map[string]*node // found out for the first variable
	for _, name := range sortedKeys(d.src.Environ) {
		text := d.src.Environ[name]
		if !strings.HasPrefix(name, envPrefix) || serviceLink(name, text) {
			continue
		}
		if known == nil {
			known = d.variables()
		}
		if n := known[name]; n != nil {
			d.text(out, n, text, Origin{Layer: FromEnv, Name: name})
		} else {
			d.add(Pos{}, name, d.envHint(name, known), true, "%s: no option has this environment variable; it is ignored", name)
		}
	}
	return out
}

// variables gives the keys that the environment can set, by the names of their variables.
func (d *decoder) variables() map[string]*node {
	known := map[string]*node{}
	d.tree.each(func(n *node) {
		if n.static() && (n.key.Type.scalar() || n.short(FromEnv) != nil) {
			known[EnvName(n.path)] = n
		}
	})
	return known
}

// serviceLink recognises the variables that Kubernetes and Docker set for a service called natsd.
func serviceLink(name, text string) bool {
	rest := strings.TrimPrefix(name, envPrefix)
	return strings.HasPrefix(rest, "SERVICE_") || strings.HasPrefix(rest, "PORT_") ||
		rest == "PORT" && strings.Contains(text, "://")
}

func (d *decoder) envHint(name string, known map[string]*node) string {
	if best := closest(name, sortedKeys(known)); best != "" {
		return fmt.Sprintf("did you mean %s?", best)
	}
	return ""
}

// flags reads what was set on the command line; of a repeated flag the last one counts.
func (d *decoder) flags() map[string]given {
	out := map[string]given{}
	for _, f := range d.src.Flags {
		n := d.find(f.Key)
		if n == nil || !n.static() || !n.key.Type.scalar() && n.short(FromFlag) == nil {
			d.errorAt(Pos{}, f.Key, "%s: no option %q can be set by a flag", f.Name, f.Key)
			continue
		}
		d.text(out, n, f.Value, Origin{Layer: FromFlag, Name: f.Name})
	}
	return out
}

// find returns the key with a static path.
func (d *decoder) find(path string) *node {
	n := d.tree
	for e := range strings.SplitSeq(path, ".") {
		if n = n.names[e]; n == nil {
			return nil
		}
	}
	return n
}

// text adds the text of one flag or variable to a layer, split up when the key stands for others.
func (d *decoder) text(out map[string]given, n *node, text string, from Origin) {
	v := fromText(n.key.Type, text)
	if n.key.Expand == nil {
		if short := n.short(from.Layer); short != nil {
			n = short
			v = fromText(n.key.Type, text)
		}
		out[n.path] = given{v, from}
		return
	}
	parts, err := n.key.Expand(v)
	if err != nil {
		d.refuse(n.path, from, err)
		return
	}
	parent := strings.TrimSuffix(n.path, n.name)
	for _, p := range parts {
		if target := d.find(parent + p.Name); target != nil {
			out[target.path] = given{p.Value, from}
		}
	}
}

// fromText makes a value of the kind that the type wants, as far as the text allows. Numbers and
// booleans are read as in a file; lists are separated by commas.
func fromText(t Type, text string) *syntax.Value {
	str := &syntax.Value{Kind: syntax.String, Str: text, Raw: text}
	switch {
	case t&(Strings|List) != 0:
		list := &syntax.Value{Kind: syntax.Array}
		for s := range strings.SplitSeq(text, ",") {
			if s = strings.TrimSpace(s); s != "" {
				list.Items = append(list.Items, &syntax.Value{Kind: syntax.String, Str: s, Raw: s, Quoted: true})
			}
		}
		return list
	case t&(Bool|Int|sizes|durations) != 0:
		if v := parseScalar(text); v != nil && kindFits(t, v.Kind) {
			return v
		}
	}
	return str
}

func kindFits(t Type, k syntax.Kind) bool {
	switch k {
	case syntax.Bool:
		return t&Bool != 0
	case syntax.Int:
		return t&(Int|sizes|durations) != 0
	case syntax.Float:
		return t&durations != 0
	}
	return false
}

// parseScalar reads text as a file would read it as a value; nil when it is not one plain value.
func parseScalar(text string) *syntax.Value {
	f, problems := syntax.Parse("", []byte("v = "+text+"\n"), func(string) (string, bool) { return "", false })
	if len(problems) > 0 || f == nil || f.Root == nil || len(f.Root.Entries) != 1 {
		return nil
	}
	return f.Root.Entries[0].Value
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
