package reload

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"natsd/internal/config"
)

// Diff returns the differences between two configurations, sorted by path. Nothing in it is secret.
// The verdicts are those of the registry: what a change does at most. The cost of users and accounts
// that are equal is one comparison each.
func Diff(old, next *config.Options) []Field {
	if old == next {
		return nil
	}
	d := &differ{old: old, next: next}
	d.keys()
	d.sides()
	d.users([]string{"authorization", "users"}, ownUsers(old), ownUsers(next))
	d.accounts()
	slices.SortStableFunc(d.out, func(a, b Field) int { return cmp.Compare(a.Path, b.Path) })
	return d.out
}

// differ collects the fields.
type differ struct {
	old, next *config.Options
	out       []Field
}

// add completes a field by what the registry says about its key.
func (d *differ) add(f Field, elems ...string) {
	f.at(elems...)
	if f.Verdict == Noop {
		f.Verdict = classVerdict(elems)
	}
	d.out = append(d.out, f)
}

// classVerdict is what a change of a key does at most.
func classVerdict(elems []string) Verdict {
	k, _ := config.KeyOf(elems...)
	switch k.Reload {
	case config.Restart:
		return Restart
	case config.Disruptive:
		return Disruptive
	case config.Live, config.NewOnly:
	}
	return Live
}

// keys compares all that stands under fixed names.
func (d *differ) keys() {
	seen := map[string]bool{}
	for _, o := range []*config.Options{d.old, d.next} {
		for path := range o.Values {
			if !seen[path] {
				seen[path] = true
				d.key(path)
			}
		}
		for path := range o.Contents {
			if !seen[path] {
				seen[path] = true
				d.key(path)
			}
		}
	}
}

// key compares one of them.
func (d *differ) key(path string) {
	a, inOld := find(d.old, path)
	b, inNext := find(d.next, path)
	elems := elements(path, cmp.Or(a.Name, b.Name))
	f := Field{Old: printable(a.Value.Value), New: printable(b.Value.Value), Origin: b.Origin}
	switch {
	case inOld && inNext:
		if a.Equal(b.Value) {
			return
		}
		if unset(a) {
			f.Op = Add
		}
		if unset(b) {
			f.Op, f.Origin = Remove, a.Origin
		}
	case inNext:
		if byDefault(b, elems) {
			return
		}
		f.Op = Add
	default:
		if byDefault(a, elems) {
			return
		}
		f.Op, f.Origin = Remove, a.Origin
	}
	d.add(f, elems...)
}

func find(o *config.Options, path string) (config.Content, bool) {
	if c, ok := o.Contents[path]; ok {
		return c, true
	}
	v, ok := o.Values[path]
	return config.Content{Value: v}, ok
}

// elements splits a path whose last element may be a name that the operator chose, with dots in it.
func elements(path, name string) []string {
	if name == "" {
		return strings.Split(path, ".")
	}
	return append(strings.Split(strings.TrimSuffix(path, "."+name), "."), name)
}

// unset tells that a key has no value at all.
func unset(c config.Content) bool {
	return c.Equal(config.Value{}) && c.Origin.Layer == config.FromDefault
}

// byDefault tells that a key of a block says what it says without the block.
func byDefault(c config.Content, elems []string) bool {
	if c.Origin.Layer == config.FromDefault {
		return true
	}
	k, ok := config.KeyOf(elems...)
	return ok && k.Default != nil && c.Equal(config.Value{Value: k.Default})
}

// printable is a value in the form for JSON and for people.
func printable(v any) any {
	if t, ok := v.(time.Duration); ok {
		return t.String()
	}
	return v
}

// sides reports files that keys name and that hold something else now. Those of users are part of
// the users.
func (d *differ) sides() {
	for key, path := range d.old.Archive.SideChanges(d.next.Archive) {
		if strings.HasPrefix(key, "authorization.users[") || strings.HasPrefix(key, "accounts.") {
			continue
		}
		elems := config.PathElements(key)
		c, _ := find(d.next, key)
		d.add(Field{Old: path, New: path, Content: true, Origin: c.Origin}, elems...)
	}
}
