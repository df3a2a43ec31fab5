package reload

import (
	"fmt"
	"strings"

	"natsd/internal/config"
)

// Verdict says what becomes of a change. A greater one is worse.
type Verdict uint8

// The verdicts.
const (
	Noop       Verdict = iota // no change that matters
	Live                      // in force at once; nobody is cut off
	Disruptive                // in force at once; some connections end
	Restart                   // kept for the next start
	Rejected                  // refused
)

// String returns the word of the admin API.
func (v Verdict) String() string {
	return [...]string{"noop", "live", "live-disruptive", "restart", "rejected"}[v]
}

// MarshalText implements [encoding.TextMarshaler].
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// Op is what happened to a key.
type Op uint8

// The operations, named as in JSON Patch.
const (
	Replace Op = iota
	Add
	Remove
)

// String returns the word of the admin API.
func (o Op) String() string { return [...]string{"replace", "add", "remove"}[o] }

// MarshalText implements [encoding.TextMarshaler].
func (o Op) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// Field is one difference between two configurations. It holds no secret.
type Field struct {
	Path    string // "authorization.users.alice.permissions"
	Pointer string // the same as JSON Pointer
	Op      Op
	// Old and New are the effective values, ready for JSON; nil when there is none, or when the
	// section is compared as a whole. A secret is "[REDACTED]".
	Old, New any
	// Content tells that a file changed in what it holds and not in its name: a certificate, a
	// password file.
	Content bool

	Verdict   Verdict
	Reason    string // why the verdict is Restart or Rejected
	Component string // that puts it into force; empty when none claims it
	Affected  int    // connections that the change touches
	Dropped   int    // connections that it ends
	Subs      int    // subscriptions that it removes

	// Origin is where the new value comes from; of a removed key, where the old one came from.
	Origin config.Origin
}

// path builds Path and Pointer from the elements, which may hold any character.
func (f *Field) at(elems ...string) {
	f.Path = strings.Join(elems, ".")
	f.Pointer = config.Pointer(elems...)
}

// String says what changed in one line, without secrets.
func (f Field) String() string {
	switch {
	case f.Content:
		return f.Path + " (content)"
	case f.Op == Remove:
		return f.Path + " removed"
	case f.New == nil:
		return f.Path
	}
	return fmt.Sprintf("%s = %v", f.Path, f.New)
}
