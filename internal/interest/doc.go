// Package interest keeps who subscribes to what, and answers who wants a
// message.
//
// An [Index] maps filters to subscribers of any comparable type, plain ones and
// members of queue groups. It is the one large structure of the data plane, so
// its cost is designed:
//
//   - A literal filter is found by one hash lookup, whatever else is in the
//     index, and costs less than 200 bytes.
//   - Filters with wildcards live in a tree of tokens. A match visits each node
//     of the tree at most once, and none if there are no wildcards.
//   - Insert and Remove take constant time in the number of subscribers of a
//     filter, so that a mass of connections can leave at once.
//   - Match allocates nothing once its [Result] has grown to size.
//
// Callers on the hot path keep results and ask again only when
// [Index.Generation] has moved, which costs one atomic load:
//
//	if g := index.Generation(); cached.generation != g {
//		index.Match(subject, &cached.result)
//		cached.generation = g // the one read before the match
//	}
//
// All methods may be called at any time from any goroutine. The index has one
// lock, which is taken after all others and is never held during a callback.
//
// The package knows no connections, accounts or permissions, and does not choose
// the member of a group that gets a message: see broker. It imports package
// subject only.
package interest
