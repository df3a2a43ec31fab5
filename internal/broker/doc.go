// Package broker knows accounts, their interest, and how a message gets from a publisher to the
// subscriptions that match it.
//
// It is the seam of the data plane. Publishers fill a [Run] of messages and publish it into an
// [Account] within a [Batch], the work of one read. Whoever receives is a [Sink]; what a sink does
// with bytes is its own business. The package has no sockets, no protocol, no clock and no log.
//
// Subscriptions of other servers stand in the index like local ones, each with its [Link]. Which kind
// of peer gets messages of which is one table. An [Observer] hears of the interest that other servers
// are to know.
//
// Memory: everything in a Run is borrowed from the publisher for the time of one call. Locks: those
// of the subscription index are leaves and are never held while a sink is called. An account's interest
// is locked while observers are told of it; under it they lock nothing but their outbound queue.
package broker
