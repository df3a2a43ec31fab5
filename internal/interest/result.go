package interest

// Result is who wants a message. Match fills it; it belongs to the caller, and
// its slices stay as they are until the next Match or Reset.
type Result[T any] struct {
	Plain  []T
	Groups []Group[T] // one of each group gets the message; names are unique

	byName  map[string]int // index in Groups, when there are many
	indexed int            // how many of Groups are in byName
}

// Group is a queue group: the subscribers that share a queue name over all
// filters that match. It has at least one member.
type Group[T any] struct {
	Name    string
	Members []T
}

// Reset empties the result, and keeps room for the next one but no subscriber.
func (r *Result[T]) Reset() {
	clear(r.Plain)
	r.Plain = r.Plain[:0]
	for i := range r.Groups {
		g := &r.Groups[i]
		clear(g.Members)
		g.Name, g.Members = "", g.Members[:0]
	}
	r.Groups = r.Groups[:0]
	if r.indexed > 0 {
		clear(r.byName)
		r.indexed = 0
	}
}

// Empty reports whether nobody wants the message.
func (r *Result[T]) Empty() bool { return len(r.Plain) == 0 && len(r.Groups) == 0 }

// merge adds the members of one leaf's group. Groups from known on come from the
// same leaf, so that only the ones before can have the same name.
func (r *Result[T]) merge(name string, members []T, known int) {
	i := r.find(name, known)
	if i < 0 {
		i = len(r.Groups)
		if i < cap(r.Groups) {
			r.Groups = r.Groups[:i+1] // with the room of an earlier result
		} else {
			r.Groups = append(r.Groups, Group[T]{})
		}
		r.Groups[i].Name = name
	}
	r.Groups[i].Members = append(r.Groups[i].Members, members...)
}

// find returns the index of a group among the first n, or -1.
func (r *Result[T]) find(name string, n int) int {
	if n < indexFrom {
		for i := range n {
			if r.Groups[i].Name == name {
				return i
			}
		}
		return -1
	}
	if r.byName == nil {
		r.byName = make(map[string]int)
	}
	for ; r.indexed < n; r.indexed++ {
		r.byName[r.Groups[r.indexed].Name] = r.indexed
	}
	if i, ok := r.byName[name]; ok {
		return i
	}
	return -1
}
