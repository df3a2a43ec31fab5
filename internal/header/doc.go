// Package header reads and builds the header block of a message:
//
//	NATS/1.0 503 No Responders\r\n
//	Nats-Subject: orders.new\r\n
//	\r\n
//
// The status and its description, and the fields, may all be missing. A server
// passes the blocks of clients on as they are, whatever is in them, and reads
// one only to look for something in particular; so reading never fails: what is
// not well formed is not found.
//
// Names are compared exactly, case included, as nats-server does. Reading
// returns parts of the block, which are borrowed from the caller, and allocates
// nothing. Building appends to a slice of the caller.
//
// The package does no I/O, keeps no state and imports nothing of natsd; every
// package may import it.
package header
