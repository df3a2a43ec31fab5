// Package nuid makes unique names: server and nonce ids, subjects for replies,
// and other short random text.
//
// A NUID is 22 characters of 0-9, A-Z and a-z, 12 of them a random prefix and 10
// a counter with a random start and step. Making one costs no system call, and
// the prefix is drawn anew before the counter runs over, so names do not repeat
// in practice, neither within a process nor between machines.
//
// NUIDs are unique, not secret: who sees one can guess the next. What must not
// be guessed is made by [Token], which takes every character from the system's
// random source.
//
// The package imports nothing of natsd and may be imported by everything.
package nuid
