package config

// KeyOf returns the description of the key with a path whose elements are given: names in place of
// "*", anything in place of "[]". False when there is no such key; inside an array without a
// description of its own it is the array's.
func KeyOf(elems ...string) (Key, bool) {
	n, err := registry()
	if err != nil {
		return Key{}, false
	}
	described := n
	for _, e := range elems {
		switch {
		case n.names[e] != nil:
			n = n.names[e]
		case n.any != nil:
			n = n.any
		case n.item != nil:
			n = n.item
		default:
			return Key{}, false
		}
		if n.key.Doc != "" {
			described = n
		}
	}
	return *described.key, described.key.Doc != ""
}
