//go:build unix

package tcp

import (
	"io"
	"net"
	"syscall"
	"time"

	"natsd/internal/buffer"
)

// readSize is what one read may bring. The more it is, the fewer and larger are the writes to those who
// get the messages; beyond this the buffers leave the cache. The buffer is held while its bytes are
// processed, not longer.
const readSize = 2 * buffer.Max

// Conn is a TCP connection. One goroutine may read and one may write at a time.
type Conn struct {
	tcp *net.TCPConn
	raw syscall.RawConn

	rest []byte // bytes that were read ahead of Receive

	// owned by the writer
	out     [][]byte
	wait    bool
	sent    int
	failure error
	step    func(fd uintptr) bool // writeStep, made once
}

// New returns a transport for c. rest holds bytes that were already read from it.
func New(c *net.TCPConn, rest []byte) (*Conn, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	t := &Conn{tcp: c, raw: raw, rest: rest}
	t.step = t.writeStep
	return t, nil
}

// Receive calls consume with the bytes of each read until the connection ends or consume returns an
// error, which it then returns. At the end of the stream that is [io.EOF]. The bytes are borrowed for
// the time of the call. With more, there is likely more to read, and consume is called again before Receive
// waits, be it without bytes.
func (t *Conn) Receive(consume func(p []byte, more bool) error) error {
	if rest := t.rest; len(rest) > 0 {
		t.rest = nil
		if err := consume(rest, false); err != nil {
			return err
		}
	}
	return t.Pump(func(fd uintptr, p []byte) (int, error) {
		n, err := Read(fd, p)
		if n == 0 && err == nil {
			err = io.EOF
		}
		return n, err
	}, consume)
}

// Pump is Receive with a read function of its own: it waits until the socket has something to read
// and calls read until that returns [syscall.EAGAIN].
func (t *Conn) Pump(read func(fd uintptr, p []byte) (int, error), consume func(p []byte, more bool) error) error {
	var end error
	more := false // consume expects to be called
	err := t.raw.Read(func(fd uintptr) bool {
		for {
			var n int
			p := buffer.Get(readSize)
			n, end = read(fd, p[:readSize])
			if n > 0 || more {
				more = n == readSize
				if stop := consume(p[:max(n, 0)], more); stop != nil {
					end = stop
				}
			}
			buffer.Put(p)
			switch end {
			case nil, syscall.EINTR:
			case syscall.EAGAIN:
				return false
			default:
				return true
			}
		}
	})
	if err != nil {
		return err
	}
	return end
}

// Write sends v in order, as far as the socket takes it without waiting, or all of it if wait is set,
// and returns the number of bytes. It changes the slices in v but not the bytes.
func (t *Conn) Write(v [][]byte, wait bool) (int, error) {
	t.out, t.wait, t.sent, t.failure = v, wait, 0, nil
	err := t.raw.Write(t.step)
	t.out = nil
	if err == nil {
		err = t.failure
	}
	return t.sent, err
}

// writeStep writes what the socket takes; false asks to be called again when it takes more.
func (t *Conn) writeStep(fd uintptr) bool {
	for len(t.out) > 0 {
		n, err := writev(fd, t.out)
		switch err {
		case nil:
			t.sent += n
			t.out = buffer.Skip(t.out, n)
		case syscall.EINTR:
		case syscall.EAGAIN:
			return !t.wait
		default:
			t.failure = err
			return true
		}
	}
	return true
}

// SetWriteDeadline bounds writes that wait.
func (t *Conn) SetWriteDeadline(d time.Time) error { return t.tcp.SetWriteDeadline(d) }

// Close closes the socket.
func (t *Conn) Close() error { return t.tcp.Close() }
