package tcp

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// pair returns both ends of a connection.
func pair(t testing.TB) (here *Conn, there *net.TCPConn, sock *net.TCPConn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(accepted.(*net.TCPConn), []byte("ahead "))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		_ = client.Close()
	})
	return c, client.(*net.TCPConn), accepted.(*net.TCPConn)
}

func TestReceiveStartsWithBytesReadAhead(t *testing.T) {
	t.Parallel()
	c, client, _ := pair(t)
	go func() {
		for _, s := range []string{"one ", "two ", "three"} {
			_, _ = client.Write([]byte(s))
			time.Sleep(5 * time.Millisecond) // separate reads
		}
		_ = client.Close()
	}()
	var got []byte
	err := c.Receive(func(p []byte, _ bool) error {
		got = append(got, p...)
		return nil
	})
	if !errors.Is(err, io.EOF) || string(got) != "ahead one two three" {
		t.Errorf("err %v, got %q", err, got)
	}
}

// After a read that filled the buffer consume is called again before Receive waits.
func TestReceiveTellsOfMore(t *testing.T) {
	t.Parallel()
	c, client, sock := pair(t)
	total := 0
	if err := sock.SetReadBuffer(8 * readSize); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Write(make([]byte, 2*readSize)); err != nil {
		t.Fatal(err)
	}
	var calls []bool
	err := c.Receive(func(p []byte, more bool) error {
		if total += len(p); more != (len(p) == readSize) {
			t.Errorf("more is %v after %d bytes", more, len(p))
		}
		calls = append(calls, more)
		if !more && total == len("ahead ")+2*readSize { // it would wait now
			return io.ErrUnexpectedEOF
		}
		return nil
	})
	if !errors.Is(err, io.ErrUnexpectedEOF) || len(calls) < 2 {
		t.Errorf("%d calls, err %v", len(calls), err)
	}
}

func TestReceiveEnds(t *testing.T) {
	t.Parallel()
	stop := errors.New("stop")
	tests := []struct {
		name string
		do   func(c *Conn, sock *net.TCPConn)
		want error
	}{
		{"by a deadline", func(_ *Conn, s *net.TCPConn) { _ = s.SetReadDeadline(time.Unix(1, 0)) }, os.ErrDeadlineExceeded},
		{"by close", func(c *Conn, _ *net.TCPConn) { _ = c.Close() }, net.ErrClosed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, _, sock := pair(t)
			err := c.Receive(func([]byte, bool) error {
				tt.do(c, sock)
				return nil
			})
			if !errors.Is(err, tt.want) {
				t.Errorf("err %v, want %v", err, tt.want)
			}
		})
	}
	c, _, _ := pair(t)
	if err := c.Receive(func([]byte, bool) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("err %v, want the consumer's", err)
	}
}

func TestWriteTakesWhatTheSocketTakes(t *testing.T) {
	t.Parallel()
	c, client, _ := pair(t)
	want := make([]byte, 20<<20)
	_, _ = rand.Read(want)
	got := make(chan []byte, 1)
	start := make(chan struct{})
	go func() {
		<-start
		all := make([]byte, len(want))
		_, _ = io.ReadFull(client, all)
		got <- all
	}()
	n, err := c.Write([][]byte{want[:5], want[5:100_000], want[100_000:]}, false)
	if err != nil || n == 0 || n == len(want) {
		t.Fatalf("first write: %d bytes, err %v", n, err)
	}
	if again, err := c.Write([][]byte{want[n:]}, false); err != nil || again != 0 {
		t.Fatalf("full socket took %d bytes, err %v", again, err)
	}
	close(start)
	if m, err := c.Write([][]byte{want[n : n+1000], want[n+1000:]}, true); err != nil || n+m != len(want) {
		t.Fatalf("waiting write: %d bytes, err %v", m, err)
	}
	if !bytes.Equal(<-got, want) {
		t.Error("the other side got something else")
	}
}

func TestWriteDeadline(t *testing.T) {
	t.Parallel()
	c, _, _ := pair(t)
	much := [][]byte{make([]byte, 64<<20)}
	_ = c.SetWriteDeadline(time.Now().Add(500 * time.Millisecond))
	n, err := c.Write(much, true)
	if !errors.Is(err, os.ErrDeadlineExceeded) || n == 0 {
		t.Errorf("%d bytes, err %v", n, err)
	}
}

func TestWriteToOneThatIsGone(t *testing.T) {
	t.Parallel()
	c, client, _ := pair(t)
	_ = client.SetLinger(0)
	_ = client.Close()
	for range 100 {
		if _, err := c.Write([][]byte{[]byte("x")}, false); err != nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Error("no error in 100 writes")
}

func TestWriteDoesNotAllocate(t *testing.T) {
	c, client, _ := pair(t)
	go func() { _, _ = io.Copy(io.Discard, client) }()
	one, many := make([][]byte, 1), make([][]byte, 4)
	n := testing.AllocsPerRun(200, func() {
		one[0] = []byte("hello")[:5:5]
		if _, err := c.Write(one, true); err != nil {
			t.Fatal(err)
		}
		for i := range many {
			many[i] = one0[:]
		}
		if _, err := c.Write(many, true); err != nil {
			t.Fatal(err)
		}
	})
	if n > 1 { // the literal above
		t.Errorf("%v allocs per two writes", n)
	}
}

func TestReceiveDoesNotAllocate(t *testing.T) {
	c, client, _ := pair(t)
	got, done := make(chan int), make(chan error, 1)
	go func() {
		done <- c.Receive(func(p []byte, _ bool) error {
			got <- len(p)
			return nil
		})
	}()
	<-got // what was read ahead
	p := []byte("hello")
	n := testing.AllocsPerRun(200, func() {
		if _, err := client.Write(p); err != nil {
			t.Fatal(err)
		}
		if n := <-got; n != len(p) {
			t.Errorf("read of %d bytes", n)
		}
	})
	if n != 0 {
		t.Errorf("%v allocs per read", n)
	}
	_ = client.Close()
	<-done
}

var one0 = [5]byte{'h', 'e', 'l', 'l', 'o'}
