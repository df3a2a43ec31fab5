// Package route connects the servers of one cluster: every server has routes to every other one.
//
// A [Link] holds what all routes of a server share: whom to dial, which servers there are, the name of
// the cluster. A [Session] is one connection. For each account that it carries it has a lane: the lane
// announces the interest of local subscriptions there (as a [broker.Observer]), keeps the subscriptions
// of the other server in the index here, and sends what matches them (as a [broker.Link]).
//
// Accounts are spread over the connections of a pool by their names, and some have a connection of their
// own; all messages and all interest of an account and direction take the same connection, so they stay
// in order.
//
// Goroutines: that of each connection, and one for each server that is being dialed. Locks: the link's
// guards who is connected; under it only outbound queues are locked. A lane's is taken before that of the
// account's interest. All others are leaves.
//
// Only package server may import it.
package route
