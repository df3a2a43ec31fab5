// Package tcp moves the bytes of plain TCP connections.
//
// Reading waits for readiness without holding a buffer, so an idle connection costs a goroutine and
// nothing else. Writing takes as much as the socket accepts at once, or waits when it is told to.
// The package knows no protocol.
package tcp
