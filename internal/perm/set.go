package perm

import "sync/atomic"

// Set is what a user may do, for fast answers. It is immutable and safe for
// concurrent use. The nil Set allows everything.
type Set struct {
	rules Rules
	made  atomic.Pointer[lists] // at the first question: most users of many are not here
}

// lists are the rules in the form that answers.
type lists struct {
	// A nil allow list allows everything; a nil deny list denies nothing.
	pubAllow, pubDeny *matcher
	subAllow, subDeny *list
}

// Compile checks r and makes a set of it. The set goes on using r, which must not
// be changed any more. It returns nil, the set that allows everything, when r
// restricts nothing. The error is an *EntryError for the first bad entry.
func Compile(r *Rules) (*Set, error) {
	if r == nil {
		return nil, nil
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	rules := Rules{r.Publish, r.Subscribe, r.Responses.resolve()}
	if p := rules.Publish; rules.Responses != nil && (p == nil || p.Allow == nil) {
		rules.Publish = &SubjectRules{Allow: []string{}}
		if p != nil {
			rules.Publish.Deny = p.Deny
		}
	}
	if !rules.Publish.restricts() && !rules.Subscribe.restricts() {
		return nil, nil
	}
	return &Set{rules: rules}, nil
}

// lists returns the lists, and makes them when they are asked for the first time.
// Who asks at the same time makes the same.
func (s *Set) lists() *lists {
	if l := s.made.Load(); l != nil {
		return l
	}
	l := &lists{}
	if p := s.rules.Publish; p != nil {
		if p.Allow != nil {
			l.pubAllow = newMatcher(p.Allow)
		}
		if len(p.Deny) > 0 {
			l.pubDeny = newMatcher(p.Deny)
		}
	}
	if p := s.rules.Subscribe; p != nil {
		if p.Allow != nil {
			l.subAllow = newList(p.Allow)
		}
		if len(p.Deny) > 0 {
			l.subDeny = newList(p.Deny)
		}
	}
	s.made.Store(l)
	return l
}

// Publish reports whether a message may be published on subject, whose wildcard
// tokens are text. It does not allocate.
func (s *Set) Publish(subject []byte) bool {
	if s == nil {
		return true
	}
	l := s.lists()
	return (l.pubAllow == nil || l.pubAllow.matches(subject)) && !l.pubDeny.matches(subject)
}

// Subscribe reports whether subject may be subscribed to, in the group queue or,
// if that is empty, plainly. The subject need not be valid: permissions are
// checked before syntax. It does not allocate.
func (s *Set) Subscribe(subject, queue []byte) bool {
	if s == nil {
		return true
	}
	l := s.lists()
	return (l.subAllow == nil || l.subAllow.allows(subject, queue)) && !l.subDeny.denies(subject, queue)
}

// Responses returns the right to answer requests, with defaults filled in, or
// nil. The caller must not change it.
func (s *Set) Responses() *Responses {
	if s == nil {
		return nil
	}
	return s.rules.Responses
}

// Rules returns what the set was compiled from, defaults filled in, for showing
// to people. The caller must not change it. It is nil for the nil Set.
func (s *Set) Rules() *Rules {
	if s == nil {
		return nil
	}
	return &s.rules
}

// Equal reports whether both sets come from the same rules, apart from the order
// and repetition of entries. It takes its time when they are not one object.
func (s *Set) Equal(o *Set) bool {
	if s == nil || o == nil {
		return s == o
	}
	return s == o || s.rules.digest() == o.rules.digest()
}
