package interest

// leaves numbers the leaves, so that a walk over all can be interrupted and
// resumed while others come and go. A leaf keeps its number for life; the number
// of a removed one is given to a new one.
type leaves[T comparable] struct {
	list []*leaf[T] // nil where the number is free
	free []uint32
}

func (s *leaves[T]) add(l *leaf[T]) {
	if n := len(s.free); n > 0 {
		l.slot = s.free[n-1]
		s.free = s.free[:n-1]
		s.list[l.slot] = l
		return
	}
	l.slot = uint32(len(s.list))
	s.list = append(s.list, l)
}

func (s *leaves[T]) remove(l *leaf[T]) {
	s.list[l.slot] = nil
	s.free = append(s.free, l.slot)
	if len(s.free) == len(s.list) {
		*s = leaves[T]{}
	}
}

// Walk calls visit for subscriptions, about n of them per call, without holding
// a lock. It starts with cursor 0, and each call returns the cursor of the next
// page, or 0 after the last. All subscriptions of one filter are on one page, so
// a page may be longer than n, or empty.
//
// Over all pages a subscription that is there all the time is visited exactly
// once, one that comes or goes at most once. If the last subscriber of a filter
// leaves and another one comes, both may be visited.
func (x *Index[T]) Walk(cursor, n int, visit func(filter, queue string, v T)) (next int) {
	type entry struct {
		filter, queue string
		v             T
	}
	var page []entry
	var plain []T
	x.mu.RLock()
	list := x.leaves.list
	i := max(cursor, 0)
	// Free numbers count as well, or else a page of a nearly empty index would
	// hold the lock for long.
	for steps := 0; i < len(list) && len(page) < n && steps < walkSteps; i, steps = i+1, steps+1 {
		l := list[i]
		if l == nil {
			continue
		}
		plain = l.appendPlain(plain[:0])
		for _, v := range plain {
			page = append(page, entry{l.filter, "", v})
		}
		if l.groups == nil {
			continue
		}
		for j := range l.groups.list {
			g := &l.groups.list[j]
			for _, v := range g.value.list {
				page = append(page, entry{l.filter, g.name, v})
			}
		}
	}
	if i >= len(list) {
		i = 0
	}
	x.mu.RUnlock()
	for _, e := range page {
		visit(e.filter, e.queue, e.v)
	}
	return i
}

const walkSteps = 1 << 14
