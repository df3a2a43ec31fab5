package perm

import (
	"crypto/sha256"
	"slices"
)

// Set is what a user may do, compiled for fast answers. It is immutable and safe
// for concurrent use. The nil Set allows everything.
type Set struct {
	rules  Rules
	digest [sha256.Size]byte

	// A nil allow list allows everything; a nil deny list denies nothing.
	pubAllow, pubDeny *matcher
	subAllow, subDeny *list
}

// Compile builds the set of r and keeps nothing of it. It returns nil, the set
// that allows everything, when r restricts nothing. The error is an *EntryError
// for the first bad entry.
func Compile(r *Rules) (*Set, error) {
	if r == nil || r.Publish == nil && r.Subscribe == nil && r.Responses == nil {
		return nil, nil
	}
	rules := Rules{r.Publish.clone(), r.Subscribe.clone(), r.Responses.resolve()}
	if rules.Responses != nil {
		if rules.Publish == nil {
			rules.Publish = &SubjectRules{}
		}
		if rules.Publish.Allow == nil {
			rules.Publish.Allow = []string{}
		}
	}
	s := &Set{rules: rules}
	if p := rules.Publish; p != nil {
		for _, e := range append(slices.Clip(p.Allow), p.Deny...) {
			if err := CheckPublish(e); err != nil {
				return nil, err
			}
		}
		if p.Allow != nil {
			s.pubAllow = newMatcher(p.Allow)
		}
		if len(p.Deny) > 0 {
			s.pubDeny = newMatcher(p.Deny)
		}
	}
	if p := rules.Subscribe; p != nil {
		var err error
		if p.Allow != nil {
			if s.subAllow, err = newList(p.Allow); err != nil {
				return nil, err
			}
		}
		if len(p.Deny) > 0 {
			if s.subDeny, err = newList(p.Deny); err != nil {
				return nil, err
			}
		}
	}
	if s.pubAllow == nil && s.pubDeny == nil && s.subAllow == nil && s.subDeny == nil {
		return nil, nil
	}
	s.digest = rules.digest()
	return s, nil
}

// Publish reports whether a message may be published on subject, whose wildcard
// tokens are text. It does not allocate.
func (s *Set) Publish(subject []byte) bool {
	if s == nil {
		return true
	}
	return (s.pubAllow == nil || s.pubAllow.matches(subject)) && !s.pubDeny.matches(subject)
}

// Subscribe reports whether subject may be subscribed to, in the group queue or,
// if that is empty, plainly. The subject need not be valid: permissions are
// checked before syntax. It does not allocate.
func (s *Set) Subscribe(subject, queue []byte) bool {
	if s == nil {
		return true
	}
	return (s.subAllow == nil || s.subAllow.allows(subject, queue)) && !s.subDeny.denies(subject, queue)
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
// and repetition of entries.
func (s *Set) Equal(o *Set) bool { return s.Digest() == o.Digest() }

// Digest identifies the rules of the set: two sets have the same digest when
// they are Equal. It is all zero for the nil Set.
func (s *Set) Digest() [sha256.Size]byte {
	if s == nil {
		return [sha256.Size]byte{}
	}
	return s.digest
}
