// Package status is the contract of monitoring: plain data about a running server and the interface
// through which it is read.
//
// Who does what: package server implements [Source]; package monitor (and later the $SYS services and
// the admin API) read it. Connections keep their [Facts] and publish them here unchanged, so one
// immutable value serves the connection, its row in connz and its entry in the ring of closed ones.
//
// It is not a place for rendering, for HTTP, for counters that somebody increments, or for policy. It
// imports nothing of natsd and any layer above may import it.
//
// Types whose JSON form is exactly their data carry JSON tags and are printed as they are; all others
// are rendered by package monitor.
package status
