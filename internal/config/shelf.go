package config

import "slices"

// shelf holds values by name. It is for a few of them: looking at each is fast then, and takes less memory
// than a map. The zero shelf is empty.
type shelf[V any] []shelved[V]

type shelved[V any] struct {
	name  string
	value V
}

func (s shelf[V]) index(name string) int {
	return slices.IndexFunc(s, func(e shelved[V]) bool { return e.name == name })
}

// get returns the value of a name, the zero value when there is none.
func (s shelf[V]) get(name string) (value V) {
	if i := s.index(name); i >= 0 {
		return s[i].value
	}
	return value
}

// put stores a value in place of what the name had.
func (s *shelf[V]) put(name string, value V) {
	if i := s.index(name); i >= 0 {
		(*s)[i].value = value
		return
	}
	*s = append(*s, shelved[V]{name, value})
}

// drop forgets a name.
func (s *shelf[V]) drop(name string) {
	if i := s.index(name); i >= 0 {
		*s = slices.Delete(*s, i, i+1)
	}
}
