package config

import (
	"strings"
	"time"

	"natsd/internal/config/syntax"
)

// block is one checked block of a configuration: its types are right, its names canonical. Sections
// read it through the methods below, by the canonical names of the registry. Reading a key that is
// not set gives its default, so sections hold no defaults. A block that does not stand in the
// configuration reads as one in which nothing is set.
type block struct {
	d       *decoder
	node    *node
	path    string // full path with the names and indexes as written: "accounts.A.users[0]"
	pos     Pos    // of the block, or of its key
	present bool

	// Of an element of an array only.
	src   *syntax.Value
	text  string // of a user that can be taken over by the next load; empty otherwise
	known *User  // what it says, as an earlier load has found out; it is not read then

	leaves shelf[*leaf]
	blocks shelf[*block]
	lists  shelf[[]*block]
	named  shelf[chosen]
}

// leaf is one value that is set.
type leaf struct {
	node   *node
	src    *syntax.Value
	value  any // nil when it was refused
	origin Origin
}

// chosen is the entries of a block whose names the operator chose.
type chosen struct {
	pos    Pos // of the key
	values []namedValue
}

// namedValue is one entry under a name that the operator chose.
type namedValue struct {
	Name  string
	Pos   Pos           // of the name
	Value *syntax.Value // as written
	Block *block        // nil when the value is not a block
	Items []*block      // of a value that is an array of blocks
	Plain any           // the checked value when it is not a block
}

func newBlock(d *decoder, n *node, path string, pos Pos) *block {
	return &block{d: d, node: n, path: path, pos: pos}
}

// put stores into a map that is made when it is first needed.
func put[V any](m *map[string]V, name string, v V) {
	if *m == nil {
		*m = map[string]V{}
	}
	(*m)[name] = v
}

// key returns the description of the key called name in this block.
func (b *block) key(name string) *node {
	n := b.node.names[name]
	if n == nil {
		b.d.errorAt(b.pos, b.path, "internal: no key %q in the registry below %q", name, b.node.path)
		n = &node{key: &Key{}}
	}
	return n
}

// has tells that the key is set, in whichever layer and form.
func (b *block) has(name string) bool {
	name = b.key(name).name
	return b.leaves.get(name) != nil || (b.blocks.get(name) != nil && b.blocks.get(name).present) || b.lists.get(name) != nil || b.named.get(name).values != nil
}

// good tells that the key is set to a plain value that was accepted.
func (b *block) good(name string) bool {
	l := b.leaves.get(b.key(name).name)
	return l != nil && l.value != nil
}

func (b *block) value(name string) any {
	n := b.key(name)
	if l := b.leaves.get(n.name); l != nil && l.value != nil {
		return l.value
	}
	return n.key.Default
}

func (b *block) bool(name string) bool { v, _ := b.value(name).(bool); return v }

func (b *block) int64(name string) int64 { v, _ := b.value(name).(int64); return v }

func (b *block) int(name string) int { return int(b.int64(name)) }

func (b *block) str(name string) string { v, _ := b.value(name).(string); return v }

func (b *block) secret(name string) Secret { return Secret(b.str(name)) }

func (b *block) strs(name string) []string { v, _ := b.value(name).([]string); return v }

func (b *block) dur(name string) time.Duration { v, _ := b.value(name).(time.Duration); return v }

// raw returns the value as written, for Free keys and where the place of an element counts; nil
// when the key is not set.
func (b *block) raw(name string) *syntax.Value {
	if l := b.leaves.get(b.key(name).name); l != nil {
		return l.src
	}
	return nil
}

// block returns the block under name; never nil.
func (b *block) block(name string) *block {
	n := b.key(name)
	if s := b.blocks.get(n.name); s != nil {
		return s
	}
	return newBlock(b.d, n, join(b.path, n.name), b.pos)
}

// list returns the blocks of the array under name.
func (b *block) list(name string) []*block { return b.lists.get(b.key(name).name) }

// names returns the entries under name, in the order of the file.
func (b *block) names(name string) []namedValue { return b.named.get(b.key(name).name).values }

// place returns where the value of name stands, or the block's own place when it is not set.
func (b *block) place(name string) Pos {
	name = b.key(name).name
	if l := b.leaves.get(name); l != nil {
		return l.origin.Pos // none for a flag or a variable
	}
	if s := b.blocks.get(name); s != nil {
		return s.pos
	}
	if list := b.lists.get(name); len(list) > 0 {
		return list[0].pos
	}
	if c := b.named.get(name); c.values != nil {
		return c.pos
	}
	return b.pos
}

// errorf reports an error at the value of name; with an empty name, at the block.
func (b *block) errorf(name, format string, args ...any) {
	if name == "" {
		b.d.errorAt(b.pos, b.path, format, args...)
		return
	}
	b.d.errorAt(b.place(name), join(b.path, b.key(name).name), b.prefix(name)+format, args...)
}

// warnf reports a warning like errorf.
func (b *block) warnf(name, format string, args ...any) {
	if name == "" {
		b.d.warnAt(b.pos, b.path, format, args...)
		return
	}
	b.d.warnAt(b.place(name), join(b.path, b.key(name).name), b.prefix(name)+format, args...)
}

// prefix names the flag or variable that gave the value: it has no place in a file.
func (b *block) prefix(name string) string {
	if l := b.leaves.get(b.key(name).name); l != nil && l.origin.Layer > FromFile {
		return strings.ReplaceAll(l.origin.Name, "%", "%%") + ": "
	}
	return ""
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// layer returns the layer that the value of name comes from.
func (b *block) layer(name string) Layer {
	if l := b.leaves.get(b.key(name).name); l != nil {
		return l.origin.Layer
	}
	return FromDefault
}
