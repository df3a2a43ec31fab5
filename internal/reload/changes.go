package reload

import (
	"cmp"
	"slices"
	"strings"

	"natsd/internal/config"
)

// changes is what an attempt knows about the differences: first what the registry says, then what
// components say over it. It stays sorted by path.
type changes []Field

// find returns the index of a path, or where it belongs.
func (c changes) find(path string) (int, bool) {
	return slices.BinarySearchFunc(c, path, func(f Field, path string) int { return cmp.Compare(f.Path, path) })
}

// put adds a field, or replaces the one of the same path.
func (c *changes) put(f Field) {
	if f.Pointer == "" {
		f.at(strings.Split(f.Path, ".")...)
	}
	i, ok := c.find(f.Path)
	if !ok {
		*c = slices.Insert(*c, i, f)
		return
	}
	if f.Old == nil && f.New == nil {
		f.Old, f.New, f.Op = (*c)[i].Old, (*c)[i].New, (*c)[i].Op
	}
	if f.Origin == (config.Origin{}) {
		f.Origin = (*c)[i].Origin
	}
	f.Pointer = (*c)[i].Pointer
	(*c)[i] = f
}

// below calls visit for the fields of a key: its own, and all that are inside it.
func (c changes) below(key string, visit func(*Field)) (found bool) {
	if i, ok := c.find(key); ok {
		visit(&c[i])
		found = true
	}
	i, _ := c.find(key + ".")
	for ; i < len(c) && strings.HasPrefix(c[i].Path, key+"."); i++ {
		visit(&c[i])
		found = true
	}
	return found
}

// cause returns the field that an effect comes from: the one of its path, the nearest above, or else
// the first inside. Nil when there is none.
func (c changes) cause(path string) *Field {
	for up := path; up != ""; up = parent(up) {
		if i, ok := c.find(up); ok {
			return &c[i]
		}
	}
	if i, _ := c.find(path + "."); path != "" && i < len(c) && below(c[i].Path, path) {
		return &c[i]
	}
	return nil
}

// below tells that path is key or inside it.
func below(path, key string) bool {
	return strings.HasPrefix(path, key) && (len(path) == len(key) || path[len(key)] == '.')
}

// reject marks the fields of a key; a key that nobody reported gets a field of its own.
func (c *changes) reject(path string, v Verdict, reason string) {
	if path == "" {
		return
	}
	if !c.below(path, func(f *Field) { f.Verdict, f.Reason = v, reason }) {
		c.put(Field{Path: path, Verdict: v, Reason: reason})
	}
}

// attribute names the component of each change, by the longest key that one claims.
func (c changes) attribute(components []Component) {
	owned := map[string]string{}
	claim(owned, components)
	for i := range c {
		if c[i].Component == "" {
			c[i].Component = owner(owned, c[i].Path)
		}
	}
}
