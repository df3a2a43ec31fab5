package conn

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	"natsd/internal/broker"
	"natsd/internal/buffer"
	"natsd/internal/event"
	"natsd/internal/outbound"
	"natsd/internal/status"
	"natsd/internal/task"
)

const (
	flushRounds    = 4                      // writes made in place before a writer goroutine takes over
	writePiece     = 128 << 10              // offered to a socket that is waited for, so that progress is seen soon
	farewellPeriod = 100 * time.Millisecond // for sending what is queued at the end
)

// Conn is one connection.
type Conn struct {
	ID       uint64
	Out      outbound.Queue
	Counters Counters

	// immutable
	sock     net.Conn
	session  Session
	registry *Registry
	tasks    *task.Group
	settings func() *Settings
	send     outbound.Send // without waiting
	sendAll  outbound.Send // waiting

	// set by the read goroutine while it greets, immutable afterwards
	transport Transport
	ended     func() // called at last

	// owned by the writer that waits
	owed int       // bytes that the write deadline is for
	due  time.Time // the write deadline

	// owned by the read goroutine
	batch *broker.Batch // goes on with the next read; nil mostly
	told  time.Time     // when the last stall was published

	facts  atomic.Pointer[status.Facts]
	cancel atomic.Pointer[context.CancelFunc] // of what the read goroutine waits for; nil mostly
	reason atomic.Uint32
	grown  atomic.Bool // the read goroutine has had a stack for work since it was started
}

// Counters are written once per batch and read by anyone.
type Counters struct {
	InMsgs, InBytes atomic.Int64 // what goes out is counted by the outbound queue

	Stalls       atomic.Int64
	Subs         atomic.Int64
	RTT          atomic.Int64 // nanoseconds; 0 is not measured
	LastActivity atomic.Int64 // Unix nanoseconds
}

// New makes a connection over sock with the next id of the registry. The caller calls Start and then
// Serve.
func New(sock net.Conn, r *Registry, tasks *task.Group, settings func() *Settings) *Conn {
	c := &Conn{sock: sock, registry: r, tasks: tasks, settings: settings}
	c.send = func(v [][]byte) (int, error) { return c.transport.Write(v, false) }
	c.sendAll = c.writeWaiting
	c.ID = r.nextID()
	return c
}

// Start gives the connection its session and first facts and makes it visible in the registry.
func (c *Conn) Start(s Session, f *status.Facts) {
	c.session = s
	c.facts.Store(f)
	c.Counters.LastActivity.Store(f.Start.UnixNano())
	c.registry.add(c)
}

// SetTransport sets what moves the bytes. Only a session's Greet may call it.
func (c *Conn) SetTransport(t Transport) { c.transport = t }

// Transport returns what moves the bytes.
func (c *Conn) Transport() Transport { return c.transport }

// Sock is the network connection below the transport.
func (c *Conn) Sock() net.Conn { return c.sock }

// Facts returns what is known of the connection; it must not be changed.
func (c *Conn) Facts() *status.Facts { return c.facts.Load() }

// SetFacts replaces the facts.
func (c *Conn) SetFacts(f *status.Facts) { c.facts.Store(f) }

// Session is the protocol side.
func (c *Conn) Session() Session { return c.session }

// Serve runs the connection from its first byte to its last and returns why it ended. Start must have
// been called.
func (c *Conn) Serve(ctx context.Context) Reason {
	done := make(chan struct{})
	c.Run(ctx, func() { close(done) })
	<-done
	return c.Reason()
}

// Run is Serve for a caller that need not wait: it may return before the connection has ended, which goes
// on on another goroutine then (see [Conn.Renew]). At last ended is called.
func (c *Conn) Run(ctx context.Context, ended func()) {
	c.ended = ended
	if why := c.session.Greet(ctx); why != Open {
		c.Close(why)
	}
	if c.Reason() != Open { // Greet has its own use for deadlines, which are what Close wakes by
		c.finish()
		return
	}
	c.receive(ctx)
}

// receive takes what comes until the connection ends, or is to go on on another goroutine.
func (c *Conn) receive(context.Context) {
	err := c.transport.Receive(c.consume)
	c.endBatch()
	if errors.Is(err, os.ErrDeadlineExceeded) && c.Reason() == Open {
		_ = c.sock.SetReadDeadline(time.Time{})
		if c.Reason() == Open { // Close may not have seen that
			c.tasks.Go("receive", c.receive)
			return
		}
	}
	c.Close(reasonOf(err))
	c.finish()
}

// Renew moves the connection to a new goroutine as soon as it waits for input, if it has done anything on
// the one that it has, and reports whether that is so. Work takes a stack of which Go keeps 4 KB at least;
// a goroutine that has only ever waited has 2 KB. Any goroutine may call it.
func (c *Conn) Renew() bool {
	if !c.grown.Swap(false) {
		return false
	}
	_ = c.sock.SetReadDeadline(longAgo)
	return true
}

// errEnded ends Receive once the connection has a reason to close.
var errEnded = errors.New("connection ended")

// consume takes the bytes of one read. The batch that they are worked on in ends with it, or with a later read
// that comes at once.
func (c *Conn) consume(p []byte, more bool) error {
	if !c.grown.Load() {
		c.grown.Store(true)
	}
	why := Open
	if len(p) > 0 {
		if c.batch == nil {
			c.batch = broker.Begin()
		}
		why = c.session.Consume(c.batch, p)
	}
	if !more || why != Open || c.batch == nil || !c.batch.Another() {
		c.endBatch()
	}
	if why != Open {
		c.Close(why)
	}
	if c.Reason() != Open {
		return errEnded
	}
	return nil
}

// endBatch flushes what the batch has brought, if there is one.
func (c *Conn) endBatch() {
	b := c.batch
	if b == nil {
		return
	}
	c.batch = nil
	if b.End(c.settings().Stall) {
		c.registry.Stalls.Add(1)
		c.stalled(c.Counters.Stalls.Add(1))
	}
}

// stallPeriod is how often at most a stalled connection is told of.
const stallPeriod = time.Second

func (c *Conn) stalled(n int64) {
	if !c.registry.Events.Wants(event.ConnectionStalled) {
		return
	}
	if now := time.Now(); now.Sub(c.told) >= stallPeriod {
		c.told = now
		c.registry.Events.Publish(event.Stalled{Facts: c.Facts(), Stalls: n})
	}
}

// Reason is why the connection is closing, or Open.
func (c *Conn) Reason() Reason { return Reason(c.reason.Load()) }

// Interruptible returns a context for something that the read goroutine is going to wait for: it ends
// after d, with its parent, and when the connection is closed. The caller calls done afterwards.
func (c *Conn) Interruptible(parent context.Context, d time.Duration) (ctx context.Context, done func()) {
	ctx, cancel := context.WithTimeout(parent, d)
	c.cancel.Store(&cancel)
	if c.Reason() != Open { // Close may not have seen it
		cancel()
	}
	return ctx, func() {
		c.cancel.Store(nil)
		cancel()
	}
}

// longAgo is a deadline that has passed.
var longAgo = time.Unix(1, 0)

// Close ends the connection. The first reason counts; the result tells whether it was this one. Close
// returns at once and may be called by any goroutine: the read goroutine says the last words and
// cleans up.
func (c *Conn) Close(why Reason) bool {
	if !c.reason.CompareAndSwap(uint32(Open), uint32(why)) {
		return false
	}
	if !why.flushes() {
		c.Out.Close()
	}
	_ = c.sock.SetReadDeadline(longAgo) // wakes the reader
	if cancel := c.cancel.Load(); cancel != nil {
		(*cancel)()
	}
	if !why.flushes() {
		_ = c.sock.SetWriteDeadline(longAgo) // and the writer
	}
	return true
}

// CloseSlow is Close for a connection that has pending bytes waiting, more than it may. Subject is that
// of the message that was one too many.
func (c *Conn) CloseSlow(subject []byte, pending int) bool {
	if !c.Close(SlowConsumerPendingBytes) {
		return false
	}
	if c.registry.Events.Wants(event.ConnectionSlow) {
		c.registry.Events.Publish(event.Slow{
			Facts: c.Facts(), Subject: string(subject), Pending: pending, Reason: SlowConsumerPendingBytes.String(),
		})
	}
	return true
}

// finish is the end of every connection.
func (c *Conn) finish() {
	why := c.Reason()
	c.session.Farewell(why)
	if why.flushes() && c.transport != nil {
		c.lastFlush()
	}
	closed := c.registry.remove(c, why)
	c.session.Closed(why)
	if why == SlowConsumerWriteDeadline {
		c.registry.Events.Publish(event.Slow{Facts: closed.Facts, Pending: int(closed.Pending), Reason: closed.Reason})
	}
	c.registry.Events.Publish(event.Closed{Closed: closed})
	c.Out.Close()
	if c.transport != nil {
		_ = c.transport.Close()
	}
	_ = c.sock.Close()
	c.ended()
}

// lastFlush sends what is queued, for at most farewellPeriod.
func (c *Conn) lastFlush() {
	_ = c.transport.SetWriteDeadline(time.Now().Add(farewellPeriod))
	timeout := time.NewTimer(farewellPeriod)
	defer timeout.Stop()
	for {
		c.Flush()
		c.Out.Lock()
		if c.Out.PendingLocked() == 0 || c.Out.ClosedLocked() {
			c.Out.Unlock()
			return
		}
		drained := c.Out.DrainedLocked()
		c.Out.Unlock()
		select {
		case <-drained:
		case <-timeout.C:
			return
		}
	}
}

// Flush sends what is queued as far as that goes without blocking; for the rest it starts a goroutine
// that waits for the socket. It may be called by any goroutine.
func (c *Conn) Flush() {
	left, err := c.Out.Flush(c.send, flushRounds)
	if err != nil {
		c.Close(writeReason(err))
	}
	if left {
		c.tasks.Go("write", c.write)
	}
}

// write sends until nothing is left. It is the only writer while it runs.
func (c *Conn) write(context.Context) {
	for {
		left, err := c.Out.Resume(c.sendAll, 1)
		if err != nil {
			c.Close(writeReason(err))
		}
		if !left {
			return
		}
	}
}

// writeWaiting sends the next piece of v. All of v has to be sent within the write deadline, by as many calls
// as that takes.
func (c *Conn) writeWaiting(v [][]byte) (int, error) {
	s := c.settings()
	if c.owed == 0 || s.RetryWrites {
		c.owed, c.due = 0, time.Now().Add(s.WriteDeadline)
		for _, p := range v {
			c.owed += len(p)
		}
	}
	if c.Reason() == Open {
		_ = c.transport.SetWriteDeadline(c.due)
	}
	n, err := c.transport.Write(buffer.First(v, writePiece), true)
	c.owed = max(c.owed-n, 0)
	if c.Reason() == Open {
		_ = c.transport.SetWriteDeadline(time.Time{}) // it would fail later writes that do not wait
	}
	if n > 0 && s.RetryWrites && errors.Is(err, os.ErrDeadlineExceeded) && c.Reason() == Open {
		return n, nil
	}
	return n, err
}

// reasonOf turns the end of Receive into a reason.
func reasonOf(err error) Reason {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed), errors.Is(err, io.ErrClosedPipe):
		return ClientClosed
	default:
		return ReadError
	}
}

func writeReason(err error) Reason {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return SlowConsumerWriteDeadline
	}
	return WriteError
}
