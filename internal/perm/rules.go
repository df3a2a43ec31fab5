package perm

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode"

	"natsd/internal/subject"
)

// Rules describe what a user may do. A nil part restricts nothing of its kind.
type Rules struct {
	Publish, Subscribe *SubjectRules

	// Responses, when given, takes away the general right to publish: without
	// an allow list of its own the user may then answer requests only.
	Responses *Responses
}

// SubjectRules are an allow and a deny list of subjects, wildcards included.
// Entries of a subscribe list may be "subject queue".
type SubjectRules struct {
	Allow []string // nil allows everything, an empty list nothing
	Deny  []string
}

// Responses describe the right to answer requests on their reply subject.
type Responses struct {
	Max     int           // answers per request; 0 is DefaultMax, negative no limit
	Expires time.Duration // since the request; 0 is DefaultExpires, negative no limit
}

// What allow_responses means when it does not say more.
const (
	DefaultMax     = 1
	DefaultExpires = 2 * time.Minute
)

// CheckPublish says what is wrong with an entry of a publish list.
func CheckPublish(entry string) error {
	if !subject.Valid(entry) {
		return &EntryError{entry}
	}
	return nil
}

// CheckSubscribe says what is wrong with an entry of a subscribe list.
func CheckSubscribe(entry string) error {
	_, err := parseEntry(entry)
	return err
}

// EntryError reports an entry of a list that is not a subject, nor, where that
// is allowed, a subject and a queue.
type EntryError struct{ Entry string }

func (e *EntryError) Error() string {
	return fmt.Sprintf("subject %q is not a valid subject", e.Entry)
}

// An entry is one line of a list. Queue is empty for a plain entry and may hold
// wildcards otherwise.
type entry struct{ subject, queue string }

func (e entry) String() string {
	if e.queue == "" {
		return e.subject
	}
	return e.subject + " " + e.queue
}

func parseEntry(text string) (entry, error) {
	if !strings.ContainsFunc(text, unicode.IsSpace) { // nearly always
		if !subject.Valid(text) {
			return entry{}, &EntryError{text}
		}
		return entry{subject: text}, nil
	}
	fields := strings.Fields(text)
	if n := len(fields); n < 1 || n > 2 || !subject.Valid(fields[0]) {
		return entry{}, &EntryError{text}
	}
	if len(fields) == 1 {
		return entry{subject: fields[0]}, nil
	}
	return entry{fields[0], fields[1]}, nil
}

// resolve fills in the defaults, so that equal rules look equal.
func (r *Responses) resolve() *Responses {
	if r == nil {
		return nil
	}
	out := *r
	if out.Max == 0 {
		out.Max = DefaultMax
	}
	if out.Expires == 0 {
		out.Expires = DefaultExpires
	}
	out.Max, out.Expires = max(out.Max, -1), max(out.Expires, -1)
	return &out
}

// check returns an *EntryError for the first bad entry.
func (r *Rules) check() error {
	if p := r.Publish; p != nil {
		if err := cmp.Or(checkAll(p.Allow, CheckPublish), checkAll(p.Deny, CheckPublish)); err != nil {
			return err
		}
	}
	if p := r.Subscribe; p != nil {
		return cmp.Or(checkAll(p.Allow, CheckSubscribe), checkAll(p.Deny, CheckSubscribe))
	}
	return nil
}

func checkAll(entries []string, check func(string) error) error {
	for _, e := range entries {
		if err := check(e); err != nil {
			return err
		}
	}
	return nil
}

// restricts reports whether the rules forbid anything.
func (r *SubjectRules) restricts() bool { return r != nil && (r.Allow != nil || len(r.Deny) > 0) }
