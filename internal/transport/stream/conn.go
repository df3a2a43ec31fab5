package stream

import (
	"net"
	"time"

	"natsd/internal/buffer"
)

const readSize = 32 << 10

// Conn is a connection of any kind. One goroutine may read and one may write at a time.
type Conn struct {
	net  net.Conn
	rest []byte // bytes that were read ahead of Receive
}

// New returns a transport for c. rest holds bytes that were already read from it.
func New(c net.Conn, rest []byte) *Conn { return &Conn{net: c, rest: rest} }

// Receive calls consume with the bytes of each read until the connection ends or consume returns an
// error, which it then returns. At the end of the stream that is io.EOF. The bytes are borrowed for
// the time of the call. It never tells of more: the next read may wait.
func (t *Conn) Receive(consume func(p []byte, more bool) error) error {
	if rest := t.rest; len(rest) > 0 {
		t.rest = nil
		if err := consume(rest, false); err != nil {
			return err
		}
	}
	p := buffer.Get(readSize)
	defer buffer.Put(p)
	for {
		n, err := t.net.Read(p[:readSize])
		if n > 0 {
			if stop := consume(p[:n], false); stop != nil {
				return stop
			}
		}
		if err != nil {
			return err
		}
	}
}

// Write sends v in order. Nothing can be sent without waiting, so without wait it takes no bytes.
func (t *Conn) Write(v [][]byte, wait bool) (int, error) {
	if !wait {
		return 0, nil
	}
	sent := 0
	for _, b := range v {
		n, err := t.net.Write(b)
		sent += n
		if err != nil {
			return sent, err
		}
	}
	return sent, nil
}

// SetWriteDeadline bounds writes.
func (t *Conn) SetWriteDeadline(d time.Time) error { return t.net.SetWriteDeadline(d) }

// Close closes the connection.
func (t *Conn) Close() error { return t.net.Close() }
