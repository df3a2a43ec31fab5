package config

import "strings"

// Pointer makes a JSON Pointer of the elements of a path.
func Pointer(elems ...string) string {
	var b strings.Builder
	for _, e := range elems {
		b.WriteByte('/')
		b.WriteString(pointerEscape.Replace(e))
	}
	return b.String()
}

// PointerElements takes a JSON Pointer apart.
func PointerElements(pointer string) []string {
	elems := strings.Split(strings.Trim(pointer, "/"), "/")
	for i := range elems {
		elems[i] = pointerUnescape.Replace(elems[i])
	}
	return elems
}

var (
	pointerEscape   = strings.NewReplacer("~", "~0", "/", "~1")
	pointerUnescape = strings.NewReplacer("~1", "/", "~0", "~")
)

// PathPointer is [Pointer] for the path of a key as problems have it: "accounts.A.users[0]".
func PathPointer(path string) string { return Pointer(PathElements(path)...) }

// PathElements takes the path of a key apart, in which an element of an array stands in brackets.
func PathElements(path string) []string {
	return strings.Split(strings.NewReplacer("[", ".", "]", "").Replace(path), ".")
}
