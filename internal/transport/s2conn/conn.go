package s2conn

import (
	"errors"
	"os"
	"sync/atomic"
	"time"

	"natsd/internal/buffer"
)

// blockSize is how much is compressed at a time.
const blockSize = buffer.Max

// Transport is what moves the bytes below.
type Transport interface {
	Receive(consume func(p []byte, more bool) error) error
	Write(v [][]byte, wait bool) (int, error)
	SetWriteDeadline(time.Time) error
	Close() error
}

// Conn compresses what goes over a transport. One goroutine may receive and one may write at a time.
type Conn struct {
	below Transport
	level atomic.Uint32 // a Level; Off until writing is switched

	// owned by the reader
	reads bool
	in    deframer

	// owned by the writer
	begun bool
	out   []byte    // chunks that have not been sent; pooled
	sent  int       // bytes of out that have
	held  int       // bytes at the front of what Write gets that are in out
	vec   [1][]byte // argument of the transport below
}

// New returns a connection that passes bytes as they are.
func New(below Transport) *Conn { return &Conn{below: below} }

// Decompress switches reading: from the next read on the bytes are a stream of chunks. The reader calls
// it, while it consumes what has to be the last bytes before that.
func (c *Conn) Decompress() { c.reads = true }

// SetLevel switches writing, or changes how hard it tries. The first call has to come between two
// writes. Off is for those who never switch.
func (c *Conn) SetLevel(l Level) { c.level.Store(uint32(l)) }

// Receive calls consume with the bytes of each read until the connection ends or consume returns an
// error, which it then returns. The bytes are borrowed for the time of the call. With more, consume is called
// again before Receive waits, be it without bytes. After [os.ErrDeadlineExceeded] it may be called again.
func (c *Conn) Receive(consume func(p []byte, more bool) error) error {
	err := c.below.Receive(func(p []byte, more bool) error {
		if !c.reads {
			return consume(p, more)
		}
		err := c.in.feed(p, func(text []byte) error { return consume(text, true) })
		if err != nil {
			return err
		}
		return consume(nil, more)
	})
	if !errors.Is(err, os.ErrDeadlineExceeded) { // after which it goes on
		buffer.Put(c.in.carry)
		c.in.carry = nil
	}
	return err
}

// Write sends v in order, as far as the transport takes it without waiting, or all of it if wait is set.
// It returns how many bytes are on their way for good; the others must be given to it again, in the same
// order, because some may already be compressed.
func (c *Conn) Write(v [][]byte, wait bool) (int, error) {
	level := Level(c.level.Load())
	if level == Off {
		return c.below.Write(v, wait)
	}
	taken := 0
	v = buffer.Skip(v, c.held)
	scratch := buffer.Get(blockSize)
	defer buffer.Put(scratch)
	for {
		if done, err := c.flush(wait); err != nil || !done {
			return taken, err
		}
		taken += c.held
		c.held = 0
		if len(v) == 0 {
			return taken, nil
		}
		var block []byte
		block, v = nextBlock(scratch, v)
		if !c.begun {
			c.begun = true
			c.out = append(buffer.Grow(c.out, len(streamID)), streamID...)
		}
		c.out = appendChunk(buffer.Grow(c.out, len(block)+headerSize+checksumSize), block, level)
		c.held = len(block)
	}
}

// flush sends the chunks and reports whether nothing is left.
func (c *Conn) flush(wait bool) (bool, error) {
	if len(c.out) == 0 {
		return true, nil
	}
	c.vec[0] = c.out[c.sent:]
	n, err := c.below.Write(c.vec[:], wait)
	c.vec[0] = nil
	c.sent += n
	if c.sent < len(c.out) {
		return false, err
	}
	buffer.Put(c.out)
	c.out, c.sent = nil, 0
	return true, err
}

// nextBlock cuts a block from v; it copies to scratch only to join pieces.
func nextBlock(scratch []byte, v [][]byte) (block []byte, rest [][]byte) {
	if len(v) == 1 || len(v[0]) >= blockSize {
		p := v[0][:min(len(v[0]), blockSize)]
		return p, buffer.Skip(v, len(p))
	}
	scratch = scratch[:0]
	for len(v) > 0 && len(scratch) < blockSize {
		n := min(len(v[0]), blockSize-len(scratch))
		scratch = append(scratch, v[0][:n]...)
		v = buffer.Skip(v, n)
	}
	return scratch, v
}

// SetWriteDeadline bounds writes that wait.
func (c *Conn) SetWriteDeadline(d time.Time) error { return c.below.SetWriteDeadline(d) }

// Close closes the connection.
func (c *Conn) Close() error { return c.below.Close() }
