package stream

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// pair returns a transport and what it talks to.
func pair(t *testing.T, rest string) (*Conn, net.Conn) {
	t.Helper()
	near, far := net.Pipe()
	t.Cleanup(func() {
		_ = near.Close()
		_ = far.Close()
	})
	return New(near, []byte(rest)), far
}

func TestReceive(t *testing.T) {
	t.Parallel()
	c, far := pair(t, "read ahead ")
	sent := make(chan error, 1)
	go func() {
		_, err := far.Write(bytes.Repeat([]byte("x"), 3*readSize))
		sent <- errors.Join(err, far.Close())
	}()
	var got []byte
	err := c.Receive(func(p []byte, _ bool) error {
		if len(p) == 0 || len(p) > readSize {
			t.Errorf("%d bytes at once", len(p))
		}
		got = append(got, p...)
		return nil
	})
	if !errors.Is(err, io.EOF) || len(got) != len("read ahead ")+3*readSize || !bytes.HasPrefix(got, []byte("read ahead x")) {
		t.Errorf("%d bytes, err %v", len(got), err)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

func TestReceiveEndsWithTheConsumersError(t *testing.T) {
	t.Parallel()
	stop := errors.New("stop")
	for _, rest := range []string{"", "read ahead"} {
		c, far := pair(t, rest)
		if rest == "" {
			go func() { _, _ = far.Write([]byte("x")) }()
		}
		calls := 0
		err := c.Receive(func([]byte, bool) error { calls++; return stop })
		if !errors.Is(err, stop) || calls != 1 {
			t.Errorf("rest %q: err %v after %d calls", rest, err, calls)
		}
	}
}

// Conn wakes the reader by a deadline in the past.
func TestReceiveEndsWithTheDeadline(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	defer far.Close()
	defer near.Close()
	_ = near.SetReadDeadline(time.Unix(1, 0))
	err := New(near, nil).Receive(func([]byte, bool) error { return nil })
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("err %v", err)
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	c, far := pair(t, "")
	v := [][]byte{[]byte("one "), nil, []byte("two")}
	if n, err := c.Write(v, false); n != 0 || err != nil {
		t.Errorf("without waiting: %d, %v", n, err)
	}
	got := make(chan string, 1)
	go func() {
		p := make([]byte, 7)
		_, _ = io.ReadFull(far, p)
		got <- string(p)
	}()
	if n, err := c.Write(v, true); n != 7 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if text := <-got; text != "one two" {
		t.Errorf("the other side read %q", text)
	}
}

// What was sent before the deadline is counted, so that the rest is offered again from there.
func TestWriteCountsWhatIsGone(t *testing.T) {
	t.Parallel()
	c, far := pair(t, "")
	go func() { _, _ = io.ReadFull(far, make([]byte, 5)) }()
	if err := c.SetWriteDeadline(time.Now().Add(500 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	n, err := c.Write([][]byte{[]byte("123"), []byte("45678")}, true)
	if n != 5 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d, %v", n, err)
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	c, _ := pair(t, "")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([][]byte{[]byte("x")}, true); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("err %v", err)
	}
}
