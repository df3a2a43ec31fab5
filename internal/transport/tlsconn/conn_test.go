package tlsconn

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"slices"
	"testing"
	"time"
)

// config returns a server configuration with a throw-away certificate.
func config(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "localhost"},
		NotAfter:     time.Now().Add(time.Hour),
		DNSNames:     []string{"localhost"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return ServerConfig(&tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
}

// pair returns both sides of a TLS connection with small socket buffers, so that writes get stuck.
func pair(t *testing.T) (*Conn, *tls.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	sock, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = sock.(*net.TCPConn).SetReadBuffer(64 << 10)
	client := tls.Client(sock, &tls.Config{InsecureSkipVerify: true})
	accepted, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = accepted.(*net.TCPConn).SetWriteBuffer(64 << 10)
	done := make(chan error, 1)
	go func() { done <- client.Handshake() }()
	c, err := Handshake(context.Background(), accepted.(*net.TCPConn), nil, config(t))
	if err := errors.Join(err, <-done); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		_ = client.Close()
	})
	return c, client
}

// cut splits p into slices of different sizes.
func cut(p []byte) [][]byte {
	var v [][]byte
	for i := 1; len(p) > 0; i++ {
		n := min(len(p), 1+(i*i*37)%40_000)
		v = append(v, slices.Clone(p[:n]))
		p = p[n:]
	}
	return v
}

func TestWriteInPieces(t *testing.T) {
	t.Parallel()
	c, client := pair(t)
	want := make([]byte, 3<<20)
	_, _ = rand.Read(want)
	got := make(chan []byte, 1)
	go func() {
		all := make([]byte, len(want))
		_, err := io.ReadFull(client, all)
		if err != nil {
			all = nil
		}
		got <- all
	}()
	rest := slices.Clone(want)
	stuck := 0
	for len(rest) > 0 {
		n, err := c.Write(cut(rest), false)
		if err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
		if n == 0 || len(rest) > 0 {
			stuck++
			n, err := c.Write(cut(rest[:min(len(rest), 100_000)]), true)
			if err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
	}
	if !bytes.Equal(<-got, want) {
		t.Error("the other side got something else")
	}
	if stuck == 0 {
		t.Error("no write got stuck: the test has not shown anything")
	}
}

func TestReceive(t *testing.T) {
	t.Parallel()
	c, client := pair(t)
	want := make([]byte, 1<<20)
	_, _ = rand.Read(want)
	go func() {
		for _, p := range cut(want) {
			if _, err := client.Write(p); err != nil {
				return
			}
		}
		_ = client.CloseWrite()
	}()
	var got []byte
	err := c.Receive(func(p []byte, _ bool) error {
		got = append(got, p...)
		return nil
	})
	if !errors.Is(err, io.EOF) || !bytes.Equal(got, want) {
		t.Errorf("err %v, %d bytes of %d", err, len(got), len(want))
	}
}

func TestReceiveGoesOnAfterADeadline(t *testing.T) {
	t.Parallel()
	c, client := pair(t)
	stop := errors.New("stop")
	for range 3 {
		_ = c.in.SetReadDeadline(time.Unix(1, 0))
		if err := c.Receive(func([]byte, bool) error { return nil }); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("err %v", err)
		}
		_ = c.in.SetReadDeadline(time.Time{})
		if _, err := client.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		got := ""
		err := c.Receive(func(p []byte, _ bool) error {
			got = string(p)
			return stop
		})
		if !errors.Is(err, stop) || got != "hello" {
			t.Fatalf("got %q, err %v", got, err)
		}
	}
}

// A stream that ends within a record was cut off, also when that is heard of only after a while.
func TestReceiveTellsOfACutRecord(t *testing.T) {
	t.Parallel()
	c, client := pair(t)
	go func() {
		_, _ = client.NetConn().Write([]byte{23, 3, 3})
		time.Sleep(20 * time.Millisecond)
		_ = client.NetConn().Close()
	}()
	if err := c.Receive(func([]byte, bool) error { return nil }); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("err %v", err)
	}
}

func TestReceiveEndsWithTheConsumersError(t *testing.T) {
	t.Parallel()
	c, client := pair(t)
	if _, err := client.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stop")
	if err := c.Receive(func([]byte, bool) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("err %v", err)
	}
}

func TestWriteDeadline(t *testing.T) {
	t.Parallel()
	c, _ := pair(t) // nobody reads
	if err := c.SetWriteDeadline(time.Now().Add(500 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	_, err := c.Write([][]byte{make([]byte, 16<<20)}, true)
	var timeout net.Error
	if !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("err %v, want a timeout", err)
	}
}

func TestCloseWhileAWriteWaits(t *testing.T) {
	t.Parallel()
	c, _ := pair(t) // nobody reads
	done := make(chan error, 1)
	go func() {
		_, err := c.Write([][]byte{make([]byte, 16<<20)}, true)
		done <- err
	}()
	time.Sleep(50 * time.Millisecond) // long enough to fill the socket
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	select {
	case err := <-done:
		if err == nil {
			t.Error("the write says that all is sent")
		}
	case <-time.After(5 * time.Second):
		t.Error("the write goes on waiting")
	}
}

// Answers that TLS itself gives, as to a key update, are sent with the next write. A client must not
// be able to pile them up.
func TestAnswersOfTheProtocolAreBounded(t *testing.T) {
	t.Parallel()
	in := &inner{live: true}
	var err error
	for i := 0; err == nil && i < 1<<20; i++ {
		_, err = in.Write(make([]byte, 26))
	}
	if err == nil {
		t.Errorf("%d bytes are waiting", len(in.cipher))
	}
}

func TestBytesReadAhead(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	sock, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	client := tls.Client(sock, &tls.Config{InsecureSkipVerify: true})
	defer client.Close()
	go func() { _ = client.Handshake() }()
	accepted, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	ahead := make([]byte, 6)
	if _, err := io.ReadFull(accepted, ahead); err != nil {
		t.Fatal(err)
	}
	c, err := Handshake(context.Background(), accepted.(*net.TCPConn), ahead, config(t))
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
}

// Writing costs no garbage. Reading costs two small objects that crypto/tls makes when it asks for more input,
// one for the record and one to hear that there is no other, however many messages are in it.
func TestMessagesDoNotAllocate(t *testing.T) { // not parallel: the counter is of the whole process
	if racing {
		t.Skip("the race detector allocates")
	}
	c, client := pair(t)
	got, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- c.Receive(func([]byte, bool) error {
			got <- struct{}{}
			return nil
		})
	}()
	read := bytes.Repeat([]byte("PUB foo 5\r\nhello\r\n"), 500)
	n := testing.AllocsPerRun(200, func() {
		if _, err := client.Write(read); err != nil {
			t.Fatal(err)
		}
		<-got
	})
	if n > 2 {
		t.Errorf("%v allocs per read", n)
	}
	head, body, v, cipher := []byte("MSG foo 1 5\r\n"), []byte("hello\r\n"), make([][]byte, 2), make([]byte, 1000)
	n = testing.AllocsPerRun(200, func() {
		v[0], v[1] = head, body
		if _, err := c.Write(v, true); err != nil {
			t.Fatal(err)
		}
		if _, err := client.NetConn().Read(cipher); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocs per write", n)
	}
	_ = client.NetConn().Close()
	<-done
}
