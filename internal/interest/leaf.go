package interest

// leaf holds the subscribers of one filter.
//
// Nearly all filters of a large index have one plain subscriber. That one has
// its place in the leaf, where a match finds it without another cache miss.
type leaf[T comparable] struct {
	plain  members[T]
	one    [1]T // first memory of plain.list
	groups *table[members[T]]
	filter string
	slot   int // in leaves
}

func newLeaf[T comparable](filter string) *leaf[T] {
	l := &leaf[T]{filter: filter}
	l.plain.list = l.one[:0]
	return l
}

func (l *leaf[T]) add(queue string, v T) bool {
	if queue == "" {
		added := l.plain.add(v)
		if len(l.plain.list) > 1 { // which has memory of its own now
			clear(l.one[:])
		}
		return added
	}
	if l.groups == nil {
		l.groups = &table[members[T]]{}
	}
	g := l.groups.get([]byte(queue))
	if g == nil {
		g = l.groups.add(queue)
	}
	return g.add(v)
}

func (l *leaf[T]) remove(queue string, v T) bool {
	if queue == "" {
		return l.plain.remove(v)
	}
	if l.groups == nil {
		return false
	}
	g := l.groups.get([]byte(queue))
	if g == nil || !g.remove(v) {
		return false
	}
	if len(g.list) == 0 {
		l.groups.remove(queue)
	}
	if len(l.groups.list) == 0 {
		l.groups = nil
	}
	return true
}

func (l *leaf[T]) empty() bool { return len(l.plain.list) == 0 && l.groups == nil }

// collect adds the subscribers to a result. Without one it reports whether there
// are any, which is to say whether there is a leaf.
func (l *leaf[T]) collect(into *Result[T]) (stop bool) {
	if l == nil || into == nil {
		return l != nil
	}
	into.Plain = append(into.Plain, l.plain.list...)
	if l.groups == nil {
		return false
	}
	known := len(into.Groups)
	for i := range l.groups.list {
		g := &l.groups.list[i]
		into.merge(g.name, g.value.list, known)
	}
	return false
}
