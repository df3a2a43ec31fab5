package interest

// table maps names to values. Most tables have one or a few names, for which a
// list takes a tenth of the memory of a map and is quicker.
type table[V any] struct {
	list []named[V]
	at   map[string]uint32 // index in list; only for long lists
}

type named[V any] struct {
	name  string
	value V
}

// get returns the value of name, valid until the next change, or nil.
func (t *table[V]) get(name []byte) *V {
	if t.at != nil {
		if i, ok := t.at[string(name)]; ok {
			return &t.list[i].value
		}
		return nil
	}
	for i := range t.list {
		if t.list[i].name == string(name) {
			return &t.list[i].value
		}
	}
	return nil
}

// add gives name, which must be new, the zero value, and returns it as get does.
func (t *table[V]) add(name string) *V {
	t.list = append(t.list, named[V]{name: name})
	n := len(t.list)
	switch {
	case t.at != nil:
		t.at[name] = uint32(n - 1)
	case n >= indexFrom:
		t.reindex()
	}
	return &t.list[n-1].value
}

// remove takes away name, which must be there.
func (t *table[V]) remove(name string) {
	end := len(t.list) - 1
	i := end
	if t.at != nil {
		i = int(t.at[name])
	} else {
		for t.list[i].name != name {
			i--
		}
	}
	t.list[i] = t.list[end]
	clear(t.list[end:])
	t.list = t.list[:end]
	if t.at != nil {
		delete(t.at, name)
		if i < end {
			t.at[t.list[i].name] = uint32(i)
		}
	}
	switch {
	case end == 0:
		*t = table[V]{}
	case shrinkable(end, cap(t.list)):
		t.list = append(make([]named[V], 0, end), t.list...)
		t.reindex()
	case end < indexFrom/2:
		t.at = nil
	}
}

func (t *table[V]) reindex() {
	t.at = nil
	if len(t.list) < indexFrom {
		return
	}
	t.at = make(map[string]uint32, len(t.list))
	for i := range t.list {
		t.at[t.list[i].name] = uint32(i)
	}
}
