// Package broker knows accounts, their interest, and how a message gets from a publisher to the
// subscriptions that match it.
//
// It is the seam of the data plane. Publishers fill a [Run] of messages and publish it into an
// [Account] within a [Batch], the work of one read. Whoever receives is a [Sink]; what a sink does
// with bytes is its own business. The package has no sockets, no protocol, no clock and no log.
//
// Memory: everything in a Run is borrowed from the publisher for the time of one call. Locks: those
// of the subscription index are leaves and are never held while a sink is called.
package broker
