package config

import (
	"fmt"
	"strconv"
	"strings"

	"natsd/internal/config/syntax"
)

// decoder walks the tree of a file by the registry: it resolves names, checks types, and builds
// the blocks that sections read.
type decoder struct {
	problems
	src      Source
	tree     *node
	root     *block // of what has been read
	broken   bool   // the file has syntax errors, so the tree is incomplete
	refusals []syntax.Problem
	files    syntax.Files
	archive  *Archive
	secrets  []*syntax.Value  // all that stand under keys with a secret value
	known    map[string]*User // of an earlier load, by the text of their blocks
}

// table reads the entries of one block.
func (d *decoder) table(b *block, t *syntax.Table) {
	first := map[string]*syntax.Entry{}
	for _, e := range t.Entries {
		n := d.lookup(b, e)
		if n == nil {
			continue
		}
		switch prev := first[n.name]; {
		case prev == nil:
		case e.Referenced && !prev.Referenced:
			continue // a variable that happens to have the name of an option set beside it
		case prev.Referenced && !e.Referenced:
			b.forget(n.name)
		default:
			d.warnAt(e.Pos, join(b.path, n.name), "%q sets the same option as %q at %s; the later one counts", e.Key, prev.Key, prev.Pos)
			b.forget(n.name)
		}
		first[n.name] = e
		d.entry(b, n, e.Value, Origin{Layer: FromFile, Pos: e.Value.Pos}, e.Pos)
	}
}

// lookup finds the key that an entry means, or reports that there is none.
func (d *decoder) lookup(b *block, e *syntax.Entry) *node {
	n := b.node.names[strings.ToLower(e.Key)]
	switch {
	case n == nil, !n.key.named(), n.key.Own && e.Referenced:
		if !e.Referenced {
			d.unknown(b, e)
		}
		return nil
	case n.key.Exact && e.Key != strings.ToLower(e.Key):
		d.warnAt(e.Pos, join(b.path, n.name), "%q is ignored: this key counts only when written as %q", e.Key, strings.ToLower(e.Key))
		return nil
	}
	return n
}

func (d *decoder) unknown(b *block, e *syntax.Entry) {
	text := b.node.key.UnknownText
	if text == "" {
		text = "unknown field %q"
	}
	message, hint := fmt.Sprintf(text, e.Key), d.hint(b.node, e.Key)
	if b.node.key.Lenient {
		message = fmt.Sprintf("%q is ignored: it is not a key of %s", e.Key, b.node.path)
	}
	d.add(e.Pos, join(b.path, e.Key), hint, b.node.key.Lenient, "%s", message)
}

// entry stores one value of block b, whichever layer it comes from.
func (d *decoder) entry(b *block, n *node, v *syntax.Value, from Origin, keyPos Pos) {
	k := n.key
	switch {
	case k.Expand != nil:
		d.expand(b, n, v, from)
	case k.Type&Block != 0 && v.Kind == syntax.Map:
		s := b.open(n, keyPos)
		d.table(s, v.Map)
	case k.Type&Blocks != 0 && v.Kind == syntax.Array:
		b.lists.put(n.name, d.elements(n, v, join(b.path, n.name)))
	case k.Type&Names != 0 && v.Kind == syntax.Map:
		b.named.put(n.name, chosen{keyPos, d.chosen(n, v.Map, join(b.path, n.name))})
	case n.short(from.Layer) != nil && v.Kind != syntax.Map && v.Kind != syntax.Array:
		s := b.open(n, keyPos)
		d.entry(s, n.short(from.Layer), v, from, keyPos)
	default:
		if l := b.leaves.get(n.name); l != nil && l.origin.Layer == FromFile && from.Layer == FromFile {
			d.warnAt(from.Pos, join(b.path, n.name), "%s is set at %s too; the later one counts", n.name, l.origin.Pos)
		}
		b.leaves.put(n.name, &leaf{node: n, src: v, origin: from, value: d.convert(n, b.path, n.name, v, from)})
	}
}

// short returns the key inside n that a plain value in place of the block stands for, if any.
func (n *node) short(from Layer) *node {
	if short := n.names[n.key.Short]; short != nil {
		return short
	}
	if from > FromFile {
		return n.names[n.key.FlagShort]
	}
	return nil
}

func (d *decoder) expand(b *block, n *node, v *syntax.Value, from Origin) {
	parts, err := n.key.Expand(v)
	if err != nil {
		d.refuse(join(b.path, n.name), from, err)
		return
	}
	for _, p := range parts {
		at, target := b, b.node
		elems := strings.Split(p.Name, ".")
		for _, e := range elems[:len(elems)-1] {
			at = at.open(target.names[e], b.pos)
			target = at.node
		}
		d.entry(at, target.names[elems[len(elems)-1]], p.Value, from, from.Pos)
	}
}

// elements reads an array of blocks.
func (d *decoder) elements(n *node, v *syntax.Value, path string) []*block {
	out := []*block{}
	for i, item := range v.Items {
		at := path + "[" + strconv.Itoa(i) + "]"
		if item.Kind != syntax.Map {
			d.errorAt(item.Pos, at, "expected a block { … }, got %s", describe(item))
			continue
		}
		b := newBlock(d, n.child("[]"), at, item.Pos)
		b.present, b.src, b.known = true, item, d.known[item.Raw]
		if b.known == nil || !b.node.isUser() {
			b.known = nil
			b.fill()
		}
		out = append(out, b)
	}
	return out
}

// chosen reads a block whose names the operator chose. Names are case-sensitive.
func (d *decoder) chosen(n *node, t *syntax.Table, path string) []namedValue {
	out := []namedValue{}
	for _, e := range t.Entries {
		nv, at := namedValue{Name: e.Key, Pos: e.Pos, Value: e.Value}, join(path, e.Key)
		switch {
		case n.any == nil:
		case n.any.key.Type&Block != 0 && e.Value.Kind == syntax.Map:
			nv.Block = newBlock(d, n.any, at, e.Pos)
			nv.Block.present = true
			d.table(nv.Block, e.Value.Map)
		case n.any.key.Type&Blocks != 0 && e.Value.Kind == syntax.Array:
			nv.Items = d.elements(n.any, e.Value, at)
		default:
			nv.Plain = d.convert(n.any, path, e.Key, e.Value, Origin{Layer: FromFile, Pos: e.Value.Pos})
		}
		out = append(out, nv)
	}
	return out
}

// open returns the block under n, made when it is not there yet.
func (b *block) open(n *node, pos Pos) *block {
	s := b.blocks.get(n.name)
	if s == nil {
		s = newBlock(b.d, n, join(b.path, n.name), pos)
		b.blocks.put(n.name, s)
	}
	s.present = true
	return s
}

// forget drops what an earlier spelling of the same key set.
func (b *block) forget(name string) {
	b.leaves.drop(name)
	b.blocks.drop(name)
	b.lists.drop(name)
	b.named.drop(name)
}
