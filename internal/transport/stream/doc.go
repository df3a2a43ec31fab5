// Package stream moves the bytes of any net.Conn, with a buffer held while it waits to read and with
// writes that always wait. It serves connections that have no file descriptor to wait on: in-memory
// pipes, and TLS where no readiness is to be had.
package stream
