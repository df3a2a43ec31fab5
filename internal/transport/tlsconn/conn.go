//go:build unix

package tlsconn

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"time"

	"natsd/internal/buffer"
	"natsd/internal/transport/tcp"
)

const (
	recordSize = 16 << 10
	aheadSize  = buffer.Max // of one read, however many records it brings

	// maxCipher is how much cipher text is collected: a record that could not be sent yet, and answers
	// of the TLS protocol itself, which a client could ask for without end.
	maxCipher = 4 * recordSize
)

// Conn is one side of a TLS connection. One goroutine may read and one may write at a time.
type Conn struct {
	sock *tcp.Conn
	tls  *tls.Conn
	in   *inner

	// owned by the reader
	more bool // crypto/tls may have text that it has not been asked for

	writing sync.Mutex // held by the writer, and by Close while it says goodbye

	// owned by the writer
	held int // bytes at the front of what Write gets that are encrypted already but not sent
}

func newConn(c *net.TCPConn, in *inner, t *tls.Conn) (*Conn, error) {
	sock, err := tcp.New(c, nil)
	if err != nil {
		return nil, err
	}
	in.live = true
	return &Conn{sock: sock, tls: t, in: in}, nil
}

// State describes the connection.
func (c *Conn) State() tls.ConnectionState { return c.tls.ConnectionState() }

// Receive calls consume with the bytes that have arrived until the connection ends or consume returns
// an error, which it then returns. The bytes are borrowed for the time of the call. With more, consume is called
// again before Receive waits, be it without bytes.
func (c *Conn) Receive(consume func(p []byte, more bool) error) error {
	return c.sock.Pump(c.read, consume)
}

// read fills p with the text of as many records as are there: one by one they would be small turns of
// work. It asks the socket before crypto/tls, which needs more stack than an idle connection has.
func (c *Conn) read(fd uintptr, p []byte) (n int, err error) {
	c.in.fd = fd
	for n < len(p) && err == nil {
		if !c.more && len(c.in.rest) == 0 {
			if err = c.in.fill(); err != nil && !errors.Is(err, io.EOF) { // crypto/tls knows what an end means here
				break
			}
		}
		var got int
		got, err = c.tls.Read(p[n:])
		n += got
		c.more = n == len(p)
	}
	if errors.Is(err, errAgain) {
		err = syscall.EAGAIN
	}
	return n, err
}

// Write sends v in order, as far as the socket takes it without waiting, or all of it if wait is set.
// It returns how many bytes are on their way for good; the others must be given to it again, in the
// same order, because some may already be encrypted.
func (c *Conn) Write(v [][]byte, wait bool) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	sent := 0
	record := buffer.Get(recordSize)
	defer buffer.Put(record)
	v = buffer.Skip(v, c.held)
	for {
		done, err := c.in.flush(c.sock, wait)
		if err != nil || !done {
			return sent, err
		}
		sent += c.held
		c.held = 0
		if len(v) == 0 {
			return sent, nil
		}
		var p []byte
		p, v = nextRecord(record, v)
		if _, err := c.tls.Write(p); err != nil {
			return sent, err
		}
		c.held = len(p)
	}
}

// nextRecord cuts what fits into one record from v; it copies to scratch only to join small pieces.
func nextRecord(scratch []byte, v [][]byte) (record []byte, rest [][]byte) {
	if len(v) == 1 || len(v[0]) >= recordSize {
		p := v[0][:min(len(v[0]), recordSize)]
		return p, buffer.Skip(v, len(p))
	}
	scratch = scratch[:0]
	for len(v) > 0 && len(scratch) < recordSize {
		n := min(len(v[0]), recordSize-len(scratch))
		scratch = append(scratch, v[0][:n]...)
		v = buffer.Skip(v, n)
	}
	return scratch, v
}

// SetWriteDeadline bounds writes that wait.
func (c *Conn) SetWriteDeadline(d time.Time) error { return c.sock.SetWriteDeadline(d) }

// Close says goodbye to the other side, as far as that goes without waiting, and closes the socket. A
// write that waits ends with an error, and then there is no goodbye.
func (c *Conn) Close() error {
	if c.writing.TryLock() {
		_ = c.tls.Close() // only collects the alert
		_, _ = c.in.flush(c.sock, false)
		c.writing.Unlock()
	}
	return c.sock.Close()
}

// inner is the connection that crypto/tls works on. During the handshake it is the socket. When live,
// reads answer errAgain where they would wait, and writes collect cipher text.
type inner struct {
	net.Conn
	live bool

	// owned by the reader
	fd     uintptr
	record record // at rest
	rest   []byte // read ahead and not yet taken
	ahead  []byte // pooled buffer that rest is a piece of

	vec [1][]byte // owned by the writer

	mu     sync.Mutex // a leaf
	cipher []byte     // collected and not yet sent; pooled
}

func (i *inner) Read(p []byte) (int, error) {
	p = p[:min(len(p), i.record.rest())]
	if len(i.rest) == 0 {
		if !i.live {
			n, err := i.Conn.Read(p)
			i.record.pass(p[:n])
			return n, err
		}
		if err := i.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, i.rest)
	i.record.pass(p[:n])
	if i.rest = i.rest[n:]; len(i.rest) == 0 {
		buffer.Put(i.ahead)
		i.ahead, i.rest = nil, nil
	}
	return n, nil
}

// fill reads ahead what is there.
func (i *inner) fill() error {
	i.ahead = buffer.Get(aheadSize)
	for {
		n, err := tcp.Read(i.fd, i.ahead[:aheadSize])
		switch {
		case n > 0:
			i.rest = i.ahead[:n]
			return nil
		case errors.Is(err, syscall.EINTR):
			continue
		case err == nil:
			err = io.EOF
		case errors.Is(err, syscall.EAGAIN):
			err = errAgain
		}
		buffer.Put(i.ahead)
		i.ahead = nil
		return err
	}
}

func (i *inner) Write(p []byte) (int, error) {
	if !i.live {
		return i.Conn.Write(p)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.cipher)+len(p) > maxCipher {
		return 0, errFull
	}
	i.cipher = append(buffer.Grow(i.cipher, len(p)), p...)
	return len(p), nil
}

// SetWriteDeadline is called by crypto/tls when it closes; deadlines of the socket are the transport's.
func (i *inner) SetWriteDeadline(d time.Time) error {
	if !i.live {
		return i.Conn.SetWriteDeadline(d)
	}
	return nil
}

// Close leaves the socket to the transport.
func (i *inner) Close() error {
	if !i.live {
		return i.Conn.Close()
	}
	return nil
}

// flush sends the collected cipher text and reports whether nothing is left.
func (i *inner) flush(sock *tcp.Conn, wait bool) (bool, error) {
	i.mu.Lock()
	out := i.cipher
	i.cipher = nil
	i.mu.Unlock()
	if len(out) == 0 {
		return true, nil
	}
	i.vec[0] = out
	n, err := sock.Write(i.vec[:], wait)
	i.vec[0] = nil
	if n == len(out) {
		buffer.Put(out)
		return true, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	left := out[:copy(out, out[n:])]
	i.cipher = append(buffer.Grow(left, len(i.cipher)), i.cipher...)
	return false, err
}

// errFull ends a connection whose client makes TLS answer and answer.
var errFull = errors.New("too many TLS messages without data")

// errAgain tells crypto/tls that there is nothing to read now. It has to be temporary in the sense
// of net.Error, else the TLS connection would be broken for good.
var errAgain = againError{}

type againError struct{}

func (againError) Error() string   { return "nothing to read now" }
func (againError) Timeout() bool   { return false }
func (againError) Temporary() bool { return true }
