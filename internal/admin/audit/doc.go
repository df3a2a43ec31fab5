// Package audit keeps the record of what operators did: one JSON line each, in a file or, without one,
// the last ones in memory.
//
// A record is on disk for good when [Log.Append] returns. Each one holds the digest of the one before, so
// that nobody can change, take out or put in one unseen; only the end can be cut off. Files are put aside
// when they are large, and the chain goes on in the next one. What a crash has left of a last line is
// taken away and told in a record.
//
// The package knows no HTTP and does not decide what is recorded. Package admin uses it.
package audit
