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
	next  []edge           // by literal token
	index map[string]*node // the same, when they are many
	any   *node            // by the token "*"
	end   bool             // a subject ends here
	rest  bool             // a subject ends here with ">"
}

type edge struct {
	token string
	to    *node
}

// Going through this many tokens one by one takes as long as a hash lookup.
const fewEdges = 8

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
		token, s, more = cut(s)
		switch string(token) {
		case string(subject.Rest):
			n.rest = true
			return
		case string(subject.Any):
			if n.any == nil {
				n.any = &node{}
			}
			n = n.any
		default:
			n = n.grow(string(token))
		}
	}
	n.end = true
}

// grow returns the node behind a literal token, and makes it if need be.
func (n *node) grow(token string) *node {
	if child := n.literal([]byte(token)); child != nil {
		return child
	}
	child := &node{}
	n.next = append(n.next, edge{token, child})
	if len(n.next) > fewEdges {
		if n.index == nil {
			n.index = make(map[string]*node)
			for _, e := range n.next {
				n.index[e.token] = e.to
			}
		}
		n.index[token] = child
	}
	return child
}

// literal returns the node behind a literal token, or nil.
func (n *node) literal(token []byte) *node {
	if n.index != nil {
		return n.index[string(token)]
	}
	for i := range n.next {
		if n.next[i].token == string(token) {
			return n.next[i].to
		}
	}
	return nil
}

// matches reports whether a subject of m matches s, taken as literal text.
func (m *matcher) matches(s []byte) bool {
	if m == nil {
		return false
	}
	if _, ok := m.literals[string(s)]; ok {
		return true
	}
	return m.wild != nil && m.wild.matches(s) && !subject.HasEmptyToken(s)
}

// matches answers for s, the tokens that are still to be placed. Empty ones are
// taken for tokens like others: the caller looks for them when it has to.
func (n *node) matches(s []byte) bool {
	if n.rest {
		return true
	}
	token, tail, more := cut(s)
	if child := n.literal(token); child != nil && child.follows(tail, more) {
		return true
	}
	return n.any != nil && n.any.follows(tail, more)
}

func (n *node) follows(tail []byte, more bool) bool {
	if more {
		return n.matches(tail)
	}
	return n.end
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
