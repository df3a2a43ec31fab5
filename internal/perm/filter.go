package perm

import "bytes"

// Filter decides message by message for one subscription that is wider than what
// its owner may receive. It is immutable and safe for concurrent use. The nil
// Filter denies nothing.
type Filter struct {
	// The deny entries that concern the subscription: the plain ones, and those
	// for its group.
	deny [2]*matcher

	// The allow list, when it does not allow the whole subscription. Then every
	// message must be one that the owner could subscribe to by its name.
	narrow *list
	queue  []byte
}

// Filter returns what delivery has to check for a subscription that [Set.Subscribe]
// accepted, or nil when every message that can match the subscription may be
// delivered. For a subscription that was made although it was refused, as other
// servers make them, it lets through what the rules allow.
func (s *Set) Filter(subject, queue []byte) *Filter {
	if s == nil {
		return nil
	}
	var f Filter
	l := s.lists()
	if deny := l.subDeny; deny != nil {
		if deny.plain.overlaps(subject) {
			f.deny[0] = deny.plain
		}
		if m := deny.forQueue(queue); m.overlaps(subject) {
			f.deny[1] = m
		}
	}
	if allow := l.subAllow; allow != nil && !allow.covers(subject, queue) {
		f.narrow, f.queue = allow, bytes.Clone(queue)
	}
	if f.deny == [2]*matcher{} && f.narrow == nil {
		return nil
	}
	return &f
}

// Denies reports whether a message on subject must not be delivered through the
// subscription. It does not allocate.
func (f *Filter) Denies(subject []byte) bool {
	if f == nil {
		return false
	}
	return f.deny[0].matches(subject) || f.deny[1].matches(subject) ||
		f.narrow != nil && !f.narrow.allows(subject, f.queue)
}
