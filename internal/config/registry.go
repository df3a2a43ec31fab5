package config

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"
)

// section is some keys with the code that moves their values into Options.
type section struct {
	title  string // heading of the documentation; the first key when empty
	intro  string // text below the heading
	keys   []Key
	decode func(root *block, o *Options) // after types were checked and layers merged
	check  func(root *block, o *Options) // after all sections were decoded: rules across options
}

// Keys visits the registry: every key that natsd knows, in the order of the documentation.
func Keys(yield func(*Key) bool) {
	for _, s := range sections() {
		for i := range s.keys {
			if !yield(&s.keys[i]) {
				return
			}
		}
	}
}

// registry is the tree of Keys, built at the first use. It never changes.
var registry = sync.OnceValues(func() (*node, error) { return buildTree(Keys) })

// node is one place in the tree of keys.
type node struct {
	key      *Key
	name     string           // last element of the path, "[]" and "*" included
	path     string           // full path
	names    map[string]*node // keys inside by lower-case name and alias
	children []*node          // keys inside, in order
	item     *node            // what is inside an element of an array of blocks
	any      *node            // what stands under a name that the operator chose
}

// static tells that the path holds neither arrays nor chosen names, so that a flag or an
// environment variable can address the key.
func (n *node) static() bool { return !strings.ContainsAny(n.path, "*[") }

// buildTree sorts keys into a tree by their paths. A malformed registry is a mistake in this
// package that its tests find; it is reported as an error all the same.
func buildTree(keys iter.Seq[*Key]) (*node, error) {
	root := &node{key: &Key{Type: Block}}
	for k := range keys {
		if err := root.insert(k); err != nil {
			return nil, err
		}
	}
	return root, nil
}

func (n *node) insert(k *Key) error {
	elems := splitPath(k.Path)
	at := n
	for _, e := range elems[:len(elems)-1] {
		next := at.child(e)
		if next == nil {
			return fmt.Errorf("registry: %s: %s is not described before it", k.Path, e)
		}
		at = next
	}
	return at.add(elems[len(elems)-1], k)
}

// splitPath gives the elements of a path, "[]" as one of its own.
func splitPath(path string) []string {
	return strings.Split(strings.ReplaceAll(path, "[]", ".[]"), ".")
}

func (n *node) child(name string) *node {
	switch name {
	case "[]":
		if n.item == nil {
			n.item = &node{name: name, path: n.path + "[]", key: &Key{
				Path: n.path + "[]", Type: Block, UnknownText: n.key.UnknownText, Lenient: n.key.Lenient,
			}}
		}
		return n.item
	case "*":
		return n.any
	}
	return n.names[name]
}

func (n *node) add(name string, k *Key) error {
	c := &node{key: k, name: name, path: k.Path}
	if name == "*" {
		n.any = c
		return nil
	}
	for i := -1; i < len(k.Aliases); i++ {
		s := name
		if i >= 0 {
			s = k.Aliases[i]
		}
		if n.names[s] != nil {
			return fmt.Errorf("registry: %s: %s is described twice", k.Path, s)
		}
		put(&n.names, s, c)
	}
	n.children = append(n.children, c)
	return nil
}

// each visits all nodes below n in the order of the registry.
func (n *node) each(visit func(*node)) {
	for _, c := range n.children {
		visit(c)
		c.each(visit)
	}
	if n.item != nil {
		n.item.each(visit)
	}
	if n.any != nil {
		visit(n.any)
		n.any.each(visit)
	}
}

// options returns the names that may stand inside n, sorted.
func (n *node) options() []string {
	var out []string
	for s, c := range n.names {
		if c.key.named() {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return out
}

// normalDefault gives defaults the Go types that the readers of values give.
func normalDefault(v any) any {
	switch v := v.(type) {
	case int:
		return int64(v)
	case nil, bool, int64, string, time.Duration, []string:
		return v
	}
	return fmt.Sprint(v)
}
