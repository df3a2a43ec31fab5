package interest

// leaf holds the subscribers of one filter.
//
// Nearly all filters of a large index have one plain subscriber. That one has
// its place in the leaf, which has room for little else, and a match finds it
// there without another cache miss.
type leaf[T comparable] struct {
	filter string
	one    T           // the plain subscriber, if single
	many   *members[T] // the plain subscribers, if there have been more
	groups *table[members[T]]
	slot   uint32 // in leaves
	single bool
}

func (l *leaf[T]) add(queue string, v T) bool {
	if queue == "" {
		return l.addPlain(v)
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

func (l *leaf[T]) addPlain(v T) bool {
	switch {
	case l.many != nil:
		return l.many.add(v)
	case !l.single:
		l.one, l.single = v, true
		return true
	case l.one == v:
		return false
	}
	l.many = &members[T]{}
	l.many.add(l.one)
	l.many.add(v)
	var none T
	l.one, l.single = none, false
	return true
}

func (l *leaf[T]) removePlain(v T) bool {
	if l.many == nil {
		if !l.single || l.one != v {
			return false
		}
		var none T
		l.one, l.single = none, false
		return true
	}
	was := l.many.remove(v)
	if len(l.many.list) == 0 {
		l.many = nil
	}
	return was
}

func (l *leaf[T]) remove(queue string, v T) bool {
	if queue == "" {
		return l.removePlain(v)
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

func (l *leaf[T]) empty() bool { return !l.single && l.many == nil && l.groups == nil }

// appendPlain appends the plain subscribers to dst.
func (l *leaf[T]) appendPlain(dst []T) []T {
	switch {
	case l.single:
		return append(dst, l.one)
	case l.many != nil:
		return append(dst, l.many.list...)
	default:
		return dst
	}
}

// collect adds the subscribers to a result. Without one it reports whether there
// are any, which is to say whether there is a leaf.
func (l *leaf[T]) collect(into *Result[T]) (stop bool) {
	if l == nil || into == nil {
		return l != nil
	}
	into.Plain = l.appendPlain(into.Plain)
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
