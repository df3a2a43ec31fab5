package broker

import "sync/atomic"

// Kind says what sort of peer a message comes from.
type Kind uint8

// The kinds of publishers.
const (
	Client   Kind = iota
	Internal      // the server itself
)

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

// Run is a run of messages that one origin published to one subject, one after the other. Sinks must
// not change it and must copy what they keep.
type Run struct {
	Subject []byte
	From    *Origin
	Msgs    []Msg

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
