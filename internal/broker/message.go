package broker

import "sync/atomic"

// Kind says what sort of peer a message comes from or a subscription belongs to.
type Kind uint8

// The kinds of peers.
const (
	Client   Kind = iota
	Internal      // the server itself
	Route         // another server of the cluster
	numKinds
)

// reaches is the rule of propagation: whose messages reach whom, [from][to]. Interest takes the same
// ways backwards: a subscription is announced to those whose messages reach it.
var reaches = [numKinds][numKinds]bool{
	Client:   {Client: true, Internal: true, Route: true},
	Internal: {Client: true, Internal: true, Route: true},
	// Every server of a cluster has a route to every other one, so nothing goes on to a second one.
	Route: {Client: true, Internal: true, Route: false},
}

// told lists the publishers whose messages come with a list of queue groups: the server that sends
// them has dealt them out, and other groups have got theirs elsewhere.
var told = [numKinds]bool{Route: true}

// Origin is where messages come from: one value per connection, set once.
type Origin struct {
	Kind Kind
	ID   uint64 // connection id; 0 for the server itself
	Info any    // what a service of the server may ask about the publisher; nil if nothing

	matches atomic.Pointer[matches] // nil: nothing is remembered; what it points to belongs to the publishing goroutine
}

// Msg is one message of a [Run].
type Msg struct {
	Reply []byte
	// Body is the header block and the payload behind it.
	Body      []byte
	HeaderLen int    // bytes of Body that are header; negative when the message has no header block
	HeaderTok []byte // HeaderLen in decimal digits
	SizeTok   []byte // len(Body) in decimal digits, as the publisher wrote it
}

// Run is a run of messages that one origin published to one subject, one after the other: at most
// [RunMax]. Sinks must not change it and must copy what they keep.
type Run struct {
	Subject []byte
	From    *Origin
	Msgs    []Msg

	// Groups are the queue groups that the sending server has chosen this one for, of a run that
	// another server sends. No other group gets it.
	Groups [][]byte

	// Fan is how many receivers the run has at most; a sink shares large bodies if it is above one.
	Fan int
}

// Size is the number of bytes of all bodies.
func (r *Run) Size() int {
	n := 0
	for i := range r.Msgs {
		n += len(r.Msgs[i].Body)
	}
	return n
}

// Sink takes messages for a subscription.
type Sink interface {
	// Deliver hands over r for s and returns how many of its messages were taken. It runs on the
	// publisher's goroutine, must not block and must not keep anything of r.
	Deliver(b *Batch, s *Sub, r *Run) int
}

// Link is a connection to another server, as far as one account goes. However many subscriptions there
// match, it gets one copy of a message.
type Link interface {
	// Forward sends what c says of r and returns how many messages that were. It runs on the
	// publisher's goroutine, must not block and must not keep anything of r or c.
	Forward(b *Batch, r *Run, c *Copy) int
}
