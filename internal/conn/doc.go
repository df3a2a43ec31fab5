// Package conn runs connections: bytes and life cycles, whatever protocol they speak.
//
// A [Conn] ties together a [Transport], which moves bytes, a [Session], which knows what they mean,
// and an outbound queue. Its life is one function, [Conn.Serve]. The [Registry] holds those that are
// open and remembers those that were closed; monitoring reads it without disturbing traffic.
//
// Goroutines: one per connection, which reads, and a second one only while bytes are stuck because
// the other side reads too slowly. Locks: the outbound queue and the shards of the registry, all
// leaves.
package conn
