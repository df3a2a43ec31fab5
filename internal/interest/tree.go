package interest

import (
	"bytes"

	"natsd/internal/subject"
)

// node is a place in the tree of wildcard filters: the tokens on the way to it.
// Many nodes have one way on only, hence the pointers.
type node[T comparable] struct {
	next *table[*node[T]] // by literal token
	any  *node[T]         // by the token "*"
	here *leaf[T]         // of the filter that ends here
	rest *leaf[T]         // of the filter that ends here with ">"
}

// insert puts l in place for filter, which must be valid and not be there.
func (n *node[T]) insert(filter []byte, l *leaf[T]) {
	for more := true; more; {
		var token []byte
		token, filter, more = cut(filter)
		if isToken(token, subject.Rest) {
			n.rest = l
			return
		}
		child := n.child(token)
		if child == nil {
			child = &node[T]{}
			if isToken(token, subject.Any) {
				n.any = child
			} else {
				if n.next == nil {
					n.next = &table[*node[T]]{}
				}
				*n.next.add(string(token)) = child
			}
		}
		n = child
	}
	n.here = l
}

// find returns the leaf of filter, or nil.
func (n *node[T]) find(filter []byte) *leaf[T] {
	for more := true; more; {
		var token []byte
		token, filter, more = cut(filter)
		if isToken(token, subject.Rest) && !more {
			return n.rest
		}
		if n = n.child(token); n == nil {
			return nil
		}
	}
	return n.here
}

// remove takes away filter, which must be there, and the nodes that led nowhere
// else.
func (n *node[T]) remove(filter []byte) {
	token, tail, more := cut(filter)
	if isToken(token, subject.Rest) {
		n.rest = nil
		return
	}
	child := n.child(token)
	if more {
		child.remove(tail)
	} else {
		child.here = nil
	}
	switch {
	case *child != node[T]{}:
	case child == n.any:
		n.any = nil
	default:
		if n.next.remove(string(token)); len(n.next.list) == 0 {
			n.next = nil
		}
	}
}

// child follows one token of a filter.
func (n *node[T]) child(token []byte) *node[T] {
	if isToken(token, subject.Any) {
		return n.any
	}
	return n.literal(token)
}

// literal follows one token of a subject by its name.
func (n *node[T]) literal(token []byte) *node[T] {
	if n.next == nil {
		return nil
	}
	if c := n.next.get(token); c != nil {
		return *c
	}
	return nil
}

// match collects the leaves of the filters that match s, the part of the subject
// that lies behind this node, taking an empty token for one like others. It
// reports whether to stop, as collect does.
func (n *node[T]) match(s []byte, into *Result[T]) (stop bool) {
	if n.rest.collect(into) {
		return true
	}
	token, tail, more := cut(s)
	for _, child := range [...]*node[T]{n.literal(token), n.any} {
		switch {
		case child == nil:
		case more && child.match(tail, into), !more && child.here.collect(into):
			return true
		}
	}
	return false
}

// cut takes the first token off s.
func cut(s []byte) (token, tail []byte, more bool) {
	if i := bytes.IndexByte(s, subject.Separator); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, nil, false
}

func isToken(token []byte, c byte) bool { return len(token) == 1 && token[0] == c }
