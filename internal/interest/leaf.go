package interest

// leaf holds the subscribers of one filter.
type leaf[T comparable] struct {
	filter string
	plain  members[T]
	groups table[members[T]]
	slot   int // in leaves
}

func (l *leaf[T]) add(queue string, v T) bool {
	if queue == "" {
		return l.plain.add(v)
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
	g := l.groups.get([]byte(queue))
	if g == nil || !g.remove(v) {
		return false
	}
	if len(g.list) == 0 {
		l.groups.remove(queue)
	}
	return true
}

func (l *leaf[T]) empty() bool { return len(l.plain.list) == 0 && len(l.groups.list) == 0 }

// collect adds the subscribers to a result. Without one it reports whether there
// are any, which is to say whether there is a leaf.
func (l *leaf[T]) collect(into *Result[T]) (stop bool) {
	if l == nil || into == nil {
		return l != nil
	}
	into.Plain = append(into.Plain, l.plain.list...)
	known := len(into.Groups)
	for i := range l.groups.list {
		g := &l.groups.list[i]
		into.merge(g.name, g.value.list, known)
	}
	return false
}
