// Package subject holds the rules of NATS subjects: which texts are valid, and
// which filter matches which subject.
//
// A subject is a list of tokens parted by dots. A filter is a subject in which
// the whole token "*" stands for any one token, and a whole last token ">" for
// one or more tokens. Everywhere else the two characters are plain text, so
// "foo.*bar" and "b>r" are literal.
//
// Two rules are easy to get wrong and hold throughout:
//
//   - A published subject is always literal text. A message on "foo.*" is
//     matched by the filters "foo.*", "foo.>" and "*.*" because their wildcards
//     match any token, and it is delivered under that very name.
//   - An empty token matches nothing. A message on "foo..bar" reaches nobody,
//     not even a subscriber of ">".
//
// The package decides nothing about who may use a subject (see perm) and keeps
// no index of filters (see interest). It does no I/O, keeps no state, never
// allocates, and all functions may be called at any time from any goroutine.
// Arguments are only read, and never kept. Every package may import it; it
// imports nothing of natsd.
package subject
