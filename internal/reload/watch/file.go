package watch

import (
	"cmp"
	"path/filepath"
	"slices"
	"time"
)

// Kind says what a file is for.
type Kind uint8

// The kinds of files. Only those of the first kind are text of the configuration: a change of the
// others leaves its digest as it was.
const (
	Configuration Kind = iota // the configuration file and what it includes
	Certificates              // certificates, their keys, authorities
	Secrets                   // passwords, tokens, credentials, JWTs
)

// String returns the word that State shows.
func (k Kind) String() string {
	switch k {
	case Configuration:
		return "configuration"
	case Certificates:
		return "certificates"
	case Secrets:
		return "secrets"
	}
	return "unknown"
}

// MarshalText implements [encoding.TextMarshaler].
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// File is one file to watch.
type File struct {
	Path string // absolute
	Kind Kind
	// Glob says that the last element of Path is a pattern, and all files that match it are meant.
	// Names that begin with a dot do not match unless the pattern does too.
	Glob bool
}

// among tells whether a file is one of a set, by name or by pattern.
func (f File) among(set []File) bool {
	return slices.ContainsFunc(set, func(s File) bool {
		return s == f || s.Glob && s.Kind == f.Kind && filepath.Dir(s.Path) == filepath.Dir(f.Path) &&
			matches(filepath.Base(s.Path), filepath.Base(f.Path))
	})
}

// compare orders files by path and kind.
func compare(a, b File) int {
	return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Kind, b.Kind))
}

// Change says what differs from what was loaded last.
type Change struct {
	// Files lists the files with other contents, those that are gone and those that are new included,
	// sorted by path. A file may be named although its contents are the same, when it was touched
	// while it was being loaded.
	Files []File
	// First is when the first sign of the change was seen.
	First time.Time
}

// Has tells whether a file of that kind is among the changed ones.
func (c Change) Has(k Kind) bool {
	return slices.ContainsFunc(c.Files, func(f File) bool { return f.Kind == k })
}
