package perm

import "natsd/internal/subject"

// list is an allow or a deny list of subscriptions. It is immutable. The nil
// list denies nothing.
type list struct {
	plain  *matcher
	queued []entry // usually none or a few, so they are gone through one by one
}

// newList needs valid entries.
func newList(texts []string) *list {
	l := &list{}
	var plain []string
	for _, t := range texts {
		e, _ := parseEntry(t)
		if e.queue == "" {
			plain = append(plain, e.subject)
		} else {
			l.queued = append(l.queued, e)
		}
	}
	if plain != nil {
		l.plain = newMatcher(plain)
	}
	return l
}

// allows answers for an allow list.
func (l *list) allows(filter, queue []byte) bool {
	plain := l.plain.matches(filter)
	if len(queue) == 0 {
		return plain
	}
	for _, e := range l.queued {
		if !subject.Matches(e.subject, filter) {
			continue
		}
		if queueMatches(e.queue, queue) {
			return true
		}
		plain = false // the groups of this subject are named, and this is none of them yet
	}
	return plain
}

// covers reports whether the allow list allows the whole of the subscription,
// with everything that its wildcards stand for.
func (l *list) covers(filter, queue []byte) bool {
	return l.allows(filter, queue) && (l.plain.covers(filter) || l.forQueue(queue).covers(filter))
}

// denies answers for a deny list.
func (l *list) denies(filter, queue []byte) bool {
	if l == nil {
		return false
	}
	if l.plain.matches(filter) {
		return true
	}
	if len(queue) == 0 {
		return false
	}
	for _, e := range l.queued {
		if queueMatches(e.queue, queue) && subject.Matches(e.subject, filter) {
			return true
		}
	}
	return false
}

// forQueue returns the entries that speak about the group only, or nil.
func (l *list) forQueue(queue []byte) *matcher {
	var subjects []string
	if len(queue) > 0 {
		for _, e := range l.queued {
			if queueMatches(e.queue, queue) {
				subjects = append(subjects, e.subject)
			}
		}
	}
	if subjects == nil {
		return nil
	}
	return newMatcher(subjects)
}

// queueMatches reports whether pattern, which may have wildcards, stands for the
// group queue. Unlike a subject the name of a group may have empty tokens, and
// wildcards take them: otherwise a client would get round a denied pattern by
// calling its group "a..b".
func queueMatches(pattern string, queue []byte) bool {
	for {
		token, morePattern := pattern, false
		for i := range len(pattern) {
			if pattern[i] == subject.Separator {
				token, pattern, morePattern = pattern[:i], pattern[i+1:], true
				break
			}
		}
		if !morePattern && token == string(subject.Rest) {
			return true
		}
		name, rest, moreQueue := cut(queue)
		if token != string(subject.Any) && token != string(name) {
			return false
		}
		if !morePattern || !moreQueue {
			return morePattern == moreQueue
		}
		queue = rest
	}
}
