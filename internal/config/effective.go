package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"natsd/internal/config/syntax"
)

// Setting is one key of a configuration with its value, ready to be shown: secrets are hidden.
type Setting struct {
	Path    string   // as in the reference, with the names and indexes as they stand: "accounts.A.users.0.user"
	Elems   []string // of the path; a name may hold any character
	Key     *Key     // nil for what the registry does not describe, below a key that takes anything
	Value   any      // string, bool, int64, float64, []any or nil
	Default any      // in the same form
	Origin  Origin
}

// Effective is a configuration as it takes effect, all layers merged and defaults filled in.
type Effective struct {
	// Tree is the configuration as blocks and values, in the form of a file written as JSON.
	Tree map[string]any
	// Settings lists the values of the tree in the order of the registry; those below a name that the
	// operator chose in the order of the file.
	Settings []Setting
}

// Effective builds the configuration again and shows it. With defaults it holds the values of keys that
// nobody has set too. It costs as much as a load.
func (a *Archive) Effective(defaults bool) (*Effective, error) {
	d := &decoder{}
	if _, report := loadWith(d, a.src, a); report.Err() != nil {
		return nil, report.Err()
	}
	e := &Effective{}
	v := viewer{out: e, defaults: defaults}
	e.Tree = v.block(d.root, nil)
	return e, nil
}

// viewer turns checked blocks into what can be shown.
type viewer struct {
	out      *Effective
	defaults bool
}

func (v *viewer) block(b *block, path []string) map[string]any {
	tree := map[string]any{}
	for _, n := range b.node.children {
		if n.key.Expand != nil {
			continue // its parts are there under their own names
		}
		if value, ok := v.child(b, n, below(path, n.name)); ok {
			tree[n.name] = value
		}
	}
	return tree
}

// below is a path one element longer. It shares nothing with path.
func below(path []string, elem string) []string { return append(slices.Clip(path), elem) }

// child shows what stands under one key of a block; ok is false when there is nothing to show.
func (v *viewer) child(b *block, n *node, path []string) (value any, ok bool) {
	if s := b.blocks.get(n.name); s != nil && s.present {
		return v.block(s, path), true
	}
	if list := b.lists.get(n.name); list != nil {
		return v.list(list, path), true
	}
	if named := b.named.get(n.name).values; named != nil {
		return v.named(n, named, path), true
	}
	l := b.leaves.get(n.name)
	if l == nil && (!v.defaults || !n.key.Type.scalar() || n.key.PlainOnly && !n.key.FlagOnly) {
		return nil, false
	}
	s := Setting{Path: strings.Join(path, "."), Elems: path, Key: n.key, Default: plainView(n.key, n.key.Default)}
	if l == nil {
		s.Value = s.Default
	} else {
		s.Value, s.Origin = leafView(n.key, l), l.origin
	}
	v.out.Settings = append(v.out.Settings, s)
	return s.Value, true
}

func (v *viewer) list(list []*block, path []string) []any {
	out := make([]any, 0, len(list))
	for i, item := range list {
		out = append(out, v.block(item, below(path, strconv.Itoa(i))))
	}
	return out
}

func (v *viewer) named(n *node, named []namedValue, path []string) map[string]any {
	out := map[string]any{}
	for _, nv := range named {
		at := below(path, nv.Name)
		switch {
		case nv.Block != nil:
			out[nv.Name] = v.block(nv.Block, at)
		case nv.Items != nil:
			out[nv.Name] = v.list(nv.Items, at)
		default:
			s := Setting{Path: strings.Join(at, "."), Elems: at, Origin: Origin{Layer: FromFile, Pos: nv.Value.Pos}}
			key := n.key
			if n.any != nil {
				key = n.any.key
				s.Key = key
			}
			s.Value = leafView(key, &leaf{src: nv.Value, value: nv.Plain})
			out[nv.Name] = s.Value
			v.out.Settings = append(v.out.Settings, s)
		}
	}
	return out
}

// leafView shows a value that is set. One that only its section understands is shown as it is written.
func leafView(k *Key, l *leaf) any {
	if k.Secret {
		return secretView(l.value)
	}
	if l.value == nil || k.Type&(Free|Names|Blocks) != 0 && k.Type&^(Free|Names|Blocks) == 0 {
		return writtenView(l.src)
	}
	return plainView(k, l.value)
}

// secretView hides a secret. Of a list of URLs the addresses are shown: they are none.
func secretView(value any) any {
	list, ok := value.([]string)
	if !ok || slices.ContainsFunc(list, func(s string) bool { return !strings.Contains(s, "://") }) {
		return redacted
	}
	out := make([]any, 0, len(list))
	for _, s := range list {
		out = append(out, hideURL(s))
	}
	return out
}

// plainView shows a checked value.
func plainView(k *Key, value any) any {
	switch value := value.(type) {
	case nil:
		return nil
	case string:
		return hideURL(value)
	case time.Duration:
		return shortDuration(value)
	case []string:
		out := make([]any, 0, len(value))
		for _, s := range value {
			out = append(out, hideURL(s))
		}
		return out
	case bool, int64, float64:
		return value
	case int:
		return int64(value)
	}
	if k.Secret {
		return redacted
	}
	return hideURL(fmt.Sprint(value))
}

// writtenView shows a value that the registry does not describe.
func writtenView(v *syntax.Value) any {
	switch v.Kind {
	case syntax.Map:
		out := map[string]any{}
		for _, e := range v.Map.Entries {
			out[e.Key] = writtenView(e.Value)
		}
		return out
	case syntax.Array:
		out := make([]any, 0, len(v.Items))
		for _, item := range v.Items {
			out = append(out, writtenView(item))
		}
		return out
	case syntax.Bool:
		return v.Bool
	case syntax.Int:
		return v.Int
	case syntax.Float:
		return v.Float
	default:
		return hideURL(v.Str)
	}
}

// hideURL hides the user and password of a URL.
func hideURL(text string) string {
	if strings.Contains(text, "://") && strings.Contains(text, "@") {
		return maskCredentials(text)
	}
	return text
}
