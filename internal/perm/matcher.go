package perm

import (
	"bytes"

	"natsd/internal/subject"
)

// matcher holds subjects and answers whether any of them matches a text: the
// literal ones by one hash lookup, the others in a tree of tokens. It is
// immutable. The nil matcher matches nothing.
type matcher struct {
	subjects []string // all, for questions that are asked once per subscription
	literals map[string]struct{}
	wild     *node // nil without wildcard subjects
}

// A node stands for the tokens on the way to it. Each one is visited at most
// once per question, however many wildcards the subjects have.
type node struct {
	next map[string]*node
	any  *node // after the token "*"
	end  bool  // a subject ends here
	rest bool  // a subject ends here with ">"
}

// newMatcher needs valid subjects.
func newMatcher(subjects []string) *matcher {
	m := &matcher{subjects: subjects, literals: make(map[string]struct{})}
	for _, s := range subjects {
		if subject.Literal(s) {
			m.literals[s] = struct{}{}
			continue
		}
		if m.wild == nil {
			m.wild = &node{}
		}
		m.wild.insert([]byte(s))
	}
	return m
}

func (n *node) insert(s []byte) {
	for more := true; more; {
		var token []byte
		token, s, more = bytes.Cut(s, []byte{subject.Separator})
		switch {
		case string(token) == string(subject.Rest):
			n.rest = true
			return
		case string(token) == string(subject.Any):
			if n.any == nil {
				n.any = &node{}
			}
			n = n.any
		default:
			child := n.next[string(token)]
			if child == nil {
				if n.next == nil {
					n.next = make(map[string]*node)
				}
				child = &node{}
				n.next[string(token)] = child
			}
			n = child
		}
	}
	n.end = true
}

// matches reports whether a subject of m matches s, taken as literal text.
func (m *matcher) matches(s []byte) bool {
	if m == nil {
		return false
	}
	if _, ok := m.literals[string(s)]; ok {
		return true
	}
	return m.wild != nil && !subject.HasEmptyToken(s) && m.wild.matches(s)
}

// matches answers for s, the tokens that are still to be placed.
func (n *node) matches(s []byte) bool {
	if n.rest {
		return true
	}
	token, s, more := cut(s)
	for _, child := range [...]*node{n.next[string(token)], n.any} {
		if child == nil {
			continue
		}
		if more && child.matches(s) || !more && child.end {
			return true
		}
	}
	return false
}

// covers reports whether one subject of m covers the filter s as a whole.
func (m *matcher) covers(s []byte) bool {
	return m != nil && anyOf(m.subjects, s, subject.Covers[string, []byte])
}

// overlaps reports whether a message that s wants can be on a subject of m.
func (m *matcher) overlaps(s []byte) bool {
	if m == nil {
		return false
	}
	if subject.Literal(s) {
		return m.matches(s)
	}
	return anyOf(m.subjects, s, subject.Overlaps[string, []byte])
}

func anyOf(subjects []string, s []byte, relation func(string, []byte) bool) bool {
	for _, t := range subjects {
		if relation(t, s) {
			return true
		}
	}
	return false
}

// cut takes the first token off s.
func cut(s []byte) (token, rest []byte, more bool) {
	if i := bytes.IndexByte(s, subject.Separator); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, nil, false
}
