// Package outbound holds the bytes that wait to be sent on one connection.
//
// Producers append under the queue's lock, on their own goroutines; one writer at a time takes what
// is there and sends it. An empty queue holds no memory. Bodies that go to several connections are
// copied once into a [Shared] and queued by reference.
//
// The package knows neither sockets nor protocols: it sends through a function and leaves limits to
// its callers.
package outbound
