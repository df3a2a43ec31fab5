package interest

// indexFrom is the size from which a list keeps an index of its elements. Below
// half of it the index is dropped again.
const indexFrom = 16

// members is a set in a list, quick to copy and, however long, to remove from.
// The order has no meaning.
type members[T comparable] struct {
	list []T
	at   map[T]uint32 // index in list; only for long lists
}

func (m *members[T]) add(v T) bool {
	if m.find(v) >= 0 {
		return false
	}
	m.list = append(m.list, v)
	switch n := len(m.list); {
	case m.at != nil:
		m.at[v] = uint32(n - 1)
	case n >= indexFrom:
		m.reindex()
	}
	return true
}

func (m *members[T]) remove(v T) bool {
	i := m.find(v)
	if i < 0 {
		return false
	}
	end := len(m.list) - 1
	last := m.list[end]
	m.list[i] = last
	clear(m.list[end:])
	m.list = m.list[:end]
	if m.at != nil {
		m.at[last] = uint32(i)
		delete(m.at, v)
	}
	switch {
	case end == 0:
		*m = members[T]{}
	case shrinkable(end, cap(m.list)):
		m.list = append(make([]T, 0, end), m.list...)
		m.reindex()
	case end < indexFrom/2:
		m.at = nil
	}
	return true
}

func (m *members[T]) find(v T) int {
	if m.at != nil {
		if i, ok := m.at[v]; ok {
			return int(i)
		}
		return -1
	}
	for i, w := range m.list {
		if v == w {
			return i
		}
	}
	return -1
}

func (m *members[T]) reindex() {
	m.at = nil
	if len(m.list) < indexFrom {
		return
	}
	m.at = make(map[T]uint32, len(m.list))
	for i, v := range m.list {
		m.at[v] = uint32(i)
	}
}
