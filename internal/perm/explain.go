package perm

import "natsd/internal/subject"

// The lists that can decide, values of Ruling.List.
const (
	ListAllow     = "allow"
	ListDeny      = "deny"
	ListResponses = "allow_responses"
)

// Ruling is a decision with its reason, for people.
type Ruling struct {
	Allowed bool
	// List is the list that decided; empty when nothing restricts. An allow list of which no entry fits
	// decides too: then Index is -1.
	List  string
	Index int    // of the entry in its list, or -1
	Entry string // as it stands in the rules
	// Narrowed tells that a subscription is allowed but does not get all that its wildcards stand for.
	Narrowed bool
}

var unrestricted = Ruling{Allowed: true, Index: -1}

// ExplainPublish decides as [Set.Publish] does and tells why. It is slow.
func (s *Set) ExplainPublish(subj string) Ruling {
	if s == nil || s.rules.Publish == nil {
		return unrestricted
	}
	fits := func(e string) bool { return subject.Matches(e, subj) }
	r := s.rules.Publish
	if i := first(r.Deny, fits); i >= 0 {
		return Ruling{List: ListDeny, Index: i, Entry: r.Deny[i]}
	}
	if r.Allow == nil {
		return unrestricted
	}
	if i := first(r.Allow, fits); i >= 0 {
		return Ruling{Allowed: true, List: ListAllow, Index: i, Entry: r.Allow[i]}
	}
	if s.rules.Responses != nil && len(r.Allow) == 0 {
		return Ruling{List: ListResponses, Index: -1}
	}
	return Ruling{List: ListAllow, Index: -1}
}

// ExplainSubscribe decides as [Set.Subscribe] does and tells why. It is slow.
func (s *Set) ExplainSubscribe(subj, queue string) Ruling {
	if s == nil || s.rules.Subscribe == nil {
		return unrestricted
	}
	r := s.rules.Subscribe
	if i := first(r.Deny, func(e string) bool { return alone(e).denies([]byte(subj), []byte(queue)) }); i >= 0 {
		return Ruling{List: ListDeny, Index: i, Entry: r.Deny[i]}
	}
	out := unrestricted
	if r.Allow != nil {
		out = Ruling{List: ListAllow, Index: -1, Allowed: s.lists().subAllow.allows([]byte(subj), []byte(queue))}
		fits := func(e string) bool { return alone(e).allows([]byte(subj), []byte(queue)) }
		i := first(r.Allow, func(e string) bool { return len(alone(e).queued) > 0 && fits(e) }) // says more than a plain one
		if i < 0 {
			i = first(r.Allow, fits)
		}
		if out.Allowed && i >= 0 {
			out.Index, out.Entry = i, r.Allow[i]
		}
	}
	out.Narrowed = out.Allowed && s.Filter([]byte(subj), []byte(queue)) != nil
	return out
}

// alone is a list of one entry, which has been checked.
func alone(entry string) *list {
	return newList([]string{entry})
}

func first(entries []string, fits func(string) bool) int {
	for i, e := range entries {
		if fits(e) {
			return i
		}
	}
	return -1
}
