package conn

import (
	"context"
	"time"

	"natsd/internal/broker"
	"natsd/internal/status"
)

// Session is the protocol side of a connection. The connection's read goroutine (one after the other if it
// is renewed) makes all calls, one at a time and in this order: Greet, Consume any number of times, Farewell, Closed.
type Session interface {
	// Greet does all that comes before the protocol proper and sets the transport. A reason other
	// than Open ends the connection.
	Greet(ctx context.Context) Reason
	// Consume takes the bytes of one read; p is borrowed. A reason other than Open ends the
	// connection. It is called once per read, never once per message.
	Consume(b *broker.Batch, p []byte) Reason
	// Farewell queues last words.
	Farewell(why Reason)
	// Closed undoes whatever the session has done elsewhere. It is the last call.
	Closed(why Reason)
	// Subscriptions returns what the connection is subscribed to, at most limit, or all for a
	// negative limit. It may be called by any goroutine.
	Subscriptions(limit int) []status.Sub
}

// Transport moves the bytes of a connection. One goroutine may receive and one may write at a time.
type Transport interface {
	// Receive calls consume with the bytes of each read until the connection ends or consume returns
	// an error, and returns that error. With more, consume is called again before Receive waits, be it
	// without bytes. It holds no buffer while it waits. After [os.ErrDeadlineExceeded] it may be called
	// again; no byte is lost.
	Receive(consume func(p []byte, more bool) error) error
	// Write sends v in order, as far as that goes without waiting, or all of it if wait is set, and
	// returns how many bytes are gone; the rest is offered again. It may change the slices in v.
	Write(v [][]byte, wait bool) (int, error)
	SetWriteDeadline(time.Time) error
	Close() error
}

// Settings are the limits of a connection's life that may change while it lives.
type Settings struct {
	WriteDeadline time.Duration
	// RetryWrites keeps a connection past the write deadline as long as it takes anything at all.
	RetryWrites bool
	// Stall is how long a publisher is held up for receivers that are nearly full.
	Stall time.Duration
}
