// Package transcript replays recordings of the wire against a running server and compares every
// line. The format is described in testdata/README.md; the recordings lie beside it.
//
// A Script is parsed once and replayed any number of times. A replay starts the servers that the
// script names, speaks for its clients and stops at the first difference, telling the line of the
// script, what was wanted and what came. It works the same against natsd and against nats-server.
package transcript
