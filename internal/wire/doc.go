// Package wire is the text protocol between clients and the server and between servers: a pull decoder
// for what the other side sends and append functions for what the server sends.
//
// It does no I/O, keeps no policy and logs nothing. A [Decoder] belongs to one connection and is
// driven by that connection's read goroutine. Everything above it may import it.
package wire
