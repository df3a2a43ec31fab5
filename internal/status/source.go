package status

import "iter"

// Source gives the state of one server. Package server implements it.
//
// All methods may be called by any number of goroutines at any time between the making of the server
// and the end of the process, also while it starts, drains or has stopped. None may wait for a lock
// that is held during I/O, delivery of messages or a reload; a lock is held only to copy pointers or
// numbers of one shard. Slices and pointers that are handed out belong to the reader but what they
// point to ([Facts], [Closed]) is shared and immutable.
type Source interface {
	// Server returns identity and facts of the server as they are now.
	Server() Server

	// Counters returns the totals of the server: a sum of atomics. Traffic counters never decrease,
	// also not when a connection ends or the configuration is reloaded.
	Counters() Counters

	// Conns yields every open connection of a client or leaf node, in any order. The cost per row is a few
	// atomic loads: no formatting, no subscriptions, no memory. A connection that is still in its handshake
	// or not yet authenticated is included. It holds no lock while it yields, as ConnSubs.
	Conns() iter.Seq[Conn]

	// AppendRoutes appends every open connection to another server of the cluster, in any order.
	AppendRoutes(dst []Route) []Route

	// AppendClosed appends the remembered closed connections of clients and leaf nodes, oldest first.
	// See [Ring].
	AppendClosed(dst []*Closed) []*Closed

	// ConnSubs yields the subscriptions of one open connection, also of a route, nothing if it is gone. The
	// implementation copies them page by page and holds no lock while it yields, so a subscription
	// that comes or goes meanwhile may or may not be seen. Account and AccountTag stay empty.
	ConnSubs(cid uint64) iter.Seq[Sub]

	// Accounts returns the accounts that exist, with their totals, in any order. $G and the system
	// account are among them.
	Accounts() []Account

	// HasAccount tells whether an account of that name exists, without the cost of Accounts.
	HasAccount(name string) bool

	// Account returns one account in detail; ok is false if there is none of that name.
	Account(name string) (detail AccountDetail, ok bool)

	// IndexStats returns the statistics of the subscription index of one account, or the sum over all
	// accounts for "". An unknown account gives zeros.
	IndexStats(account string) IndexStats

	// Subs yields the local subscriptions of an account, or of all accounts for "": those of clients,
	// leaf nodes and the server itself, not those of routes and gateways. Account and AccountTag are
	// set. It holds no lock while it yields, as ConnSubs.
	Subs(account string) iter.Seq[Sub]

	// NotReady names the listeners that should accept connections and do not: "server" (clients),
	// "monitoring", "profiling", "route", "gateway", "leafnode", "websocket", "mqtt". Nil means healthy. In lame duck mode and
	// during a shutdown the closed listeners are named.
	NotReady() []string
}
