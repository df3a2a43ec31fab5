// Package perm decides which subjects a connection may publish to and subscribe
// to.
//
// A [Set] is made once per user from its [Rules], is immutable, and is shared by
// all connections of that user. Its lists take their fast form when the first
// question comes: a user who never connects costs no more than the rules. A nil
// *Set allows everything. The questions come from three places:
//
//   - a publisher asks [Set.Publish] about the literal subject of a message;
//   - a subscriber asks [Set.Subscribe], and keeps the [Filter] of the new
//     subscription;
//   - delivery asks [Filter.Denies] about each message for that subscription.
//
// The third exists because a subscription may be wider than what it is meant to
// receive: "orders.>" is fine although "orders.secret" is denied, but messages
// on "orders.secret" must not arrive through it. Queue subscriptions take the
// same way.
//
// # How lists decide
//
// Without an allow list everything is allowed; with one, even an empty one, only
// what it names. A deny entry always wins. An entry of a subscribe list may name
// a queue after the subject, "orders.* workers.>"; then it speaks about queue
// subscriptions of matching groups only:
//
//   - as an allow entry it allows these, and where it covers the subject it
//     takes away the freedom that a plain entry gives to all other groups;
//   - as a deny entry it denies these and no others. A plain deny entry denies
//     the plain subscription and every group.
//
// A subscription is compared with an entry as if its wildcards were literal
// tokens, so the entry "orders.*" concerns the subscription "orders.>". Clients
// of nats-server rely on both sides of this: under deny "orders.*" the
// subscription "orders.>" is refused, and under allow "orders.*" it is accepted.
// In the second case the Filter narrows it to what the entry really covers.
//
// # Replies
//
// [Replies] holds the temporary rights of a connection with allow_responses: the
// reply subjects of the requests it was given.
//
// The package does not know connections, accounts or the texts of errors. It
// starts no goroutine and writes no log. It imports package subject only, and
// may be imported by everything above: auth, broker, the links, server.
package perm
