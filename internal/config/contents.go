package config

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"hash"
	"reflect"
	"slices"
	"strings"
	"sync"

	"natsd/internal/config/syntax"
)

// Content is the effective content of a key that Values cannot hold as one plain value: an array of
// blocks, an entry under a name that the operator chose, a block whose presence means something.
type Content struct {
	Value
	// Name is the last element of the path when the operator chose it; it may hold any character.
	Name string
}

// Equal tells that two values mean the same, wherever they come from. It sees through redaction.
func (v Value) Equal(o Value) bool {
	return v.sum == o.sum && reflect.DeepEqual(v.Value, o.Value)
}

// sumKey makes sums worthless outside of this process: they are of secrets too.
var sumKey = sync.OnceValue(func() []byte {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails
	return key
})

type sum [sha256.Size]byte

// digester sums up content by its meaning: defaults filled in, names canonical.
type digester struct{ h hash.Hash }

func newDigester() digester { return digester{hmac.New(sha256.New, sumKey())} }

func (g digester) sum() sum { return sum(g.h.Sum(nil)) }

func sumOf(value any) sum {
	g := newDigester()
	g.plain(value)
	return g.sum()
}

// plain adds one checked value. Every part says its type and length, so that no two contents look
// alike.
func (g digester) plain(value any) {
	switch v := value.(type) {
	case []string:
		fmt.Fprintf(g.h, "list %d ", len(v))
		for _, s := range v {
			fmt.Fprintf(g.h, "%q ", s)
		}
	case string:
		fmt.Fprintf(g.h, "%q ", v)
	default:
		fmt.Fprintf(g.h, "%T %v ", v, v)
	}
}

// written adds a value as it stands in the file.
func (g digester) written(v *syntax.Value) {
	fmt.Fprintf(g.h, "%d ", v.Kind)
	switch v.Kind {
	case syntax.Array:
		fmt.Fprintf(g.h, "%d ", len(v.Items))
		for _, item := range v.Items {
			g.written(item)
		}
	case syntax.Map:
		fmt.Fprintf(g.h, "%d ", len(v.Map.Entries))
		for _, e := range v.Map.Entries {
			fmt.Fprintf(g.h, "%q ", e.Key)
			g.written(e.Value)
		}
	case syntax.String:
		g.plain(v.Str)
	default:
		g.plain(v.Raw)
	}
}

// leaf adds what is under a key that holds no block.
func (g digester) leaf(b *block, n *node) {
	l := b.leaves.get(n.name)
	if l != nil && l.value == nil {
		g.written(l.src)
		return
	}
	g.plain(b.value(n.name))
}

// block adds everything inside a block.
func (g digester) block(b *block) {
	for _, n := range b.node.children {
		if n.key.Expand != nil {
			continue // its parts are there under their own names
		}
		fmt.Fprintf(g.h, "%s: ", n.name)
		if n.key.Type&containers == 0 || b.leaves.get(n.name) != nil {
			g.leaf(b, n)
		}
		if s := b.blocks.get(n.name); s != nil && s.present {
			fmt.Fprint(g.h, "{ ")
			g.block(s)
			fmt.Fprint(g.h, "} ")
		}
		g.list(b.lists.get(n.name))
		g.named(b.named.get(n.name).values)
	}
}

func (g digester) list(list []*block) {
	fmt.Fprintf(g.h, "[%d ", len(list))
	for _, item := range list {
		g.block(item)
	}
}

func (g digester) named(list []namedValue) {
	sorted := slices.SortedStableFunc(slices.Values(list), func(x, y namedValue) int { return strings.Compare(x.Name, y.Name) })
	fmt.Fprintf(g.h, "<%d ", len(sorted))
	for _, nv := range sorted {
		fmt.Fprintf(g.h, "%q ", nv.Name)
		g.entry(nv)
	}
}

// entry adds what is under a name that the operator chose.
func (g digester) entry(nv namedValue) {
	switch {
	case nv.Block != nil:
		g.block(nv.Block)
	case nv.Items != nil:
		g.list(nv.Items)
	case nv.Plain != nil:
		g.plain(nv.Plain)
	default:
		g.written(nv.Value)
	}
}

// contents collects what stands in blocks of fixed names, but for users and accounts, of which Options
// itself says all.
func (d *decoder) contents(b *block, out map[string]Content) {
	for _, n := range b.node.children {
		path := join(b.path, n.name)
		if path == "accounts" || path == "authorization.users" {
			continue
		}
		if l := b.leaves.get(n.name); l != nil && !n.key.Type.scalar() {
			d.plainContent(n, path, l, out)
		}
		if s := b.blocks.get(n.name); s != nil && s.present {
			if !n.key.Grouping && (b.path == "" || n.name == "tls") {
				out[path] = Content{Value: Value{Origin: Origin{Layer: FromFile, Pos: s.pos}}}
			}
			d.contents(s, out)
		}
		if list := b.lists.get(n.name); len(list) > 0 {
			g := newDigester()
			g.list(list)
			out[path] = Content{Value: Value{Origin: Origin{Layer: FromFile, Pos: list[0].pos}, sum: g.sum()}}
		}
		for _, nv := range b.named.get(n.name).values {
			out[path+"."+nv.Name] = d.namedContent(n, nv)
		}
	}
}

// plainContent is a plain value in place of a block.
func (d *decoder) plainContent(n *node, path string, l *leaf, out map[string]Content) {
	p := Content{Value: Value{Origin: l.origin}}
	if n.key.Type&Free == 0 && !n.key.Secret {
		p.Value.Value = l.value
	} else {
		g := newDigester()
		g.written(l.src)
		p.sum = g.sum()
	}
	if n.names["allow"] != nil { // a list in place of { allow: … } means just that
		path += ".allow"
	}
	out[path] = p
}

func (d *decoder) namedContent(n *node, nv namedValue) Content {
	p := Content{Name: nv.Name, Value: Value{Origin: Origin{Layer: FromFile, Pos: nv.Pos}}}
	if n.any != nil && n.any.key.Type.scalar() && !n.any.key.Secret {
		p.Value.Value = nv.Plain
		return p
	}
	g := newDigester()
	g.entry(nv)
	p.sum = g.sum()
	return p
}
