package harness

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// Frame is one thing that a server sent: a control line, with header and body for HMSG and MSG.
type Frame struct {
	Verb   string   // upper-case first word
	Line   string   // the whole control line without its end
	Args   []string // the words after the verb
	Header []byte
	Body   []byte
}

// Conn is a raw connection to a client port. It reads only when asked to. One goroutine may read
// and one may write.
type Conn struct {
	net.Conn

	r *bufio.Reader
}

// ErrQuiet says that nothing arrived in time.
var ErrQuiet = errors.New("nothing arrived")

// frameLimit is how long the rest of a frame may take once its first byte is there.
const frameLimit = 10 * time.Second

// Dial opens a raw connection that is closed with the test. A refused connection is tried again
// for two seconds: the log line "ready" may come just before the listener.
func Dial(tb testing.TB, addr string) *Conn {
	tb.Helper()
	c, err := Open(addr)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

// Open is Dial with an error, and without a test that closes the connection.
func Open(addr string) (*Conn, error) {
	var c net.Conn
	var err error
	Eventually(2*time.Second, func() bool {
		c, err = net.DialTimeout("tcp", addr, 5*time.Second)
		return err == nil || !errors.Is(err, syscall.ECONNREFUSED)
	})
	if err != nil {
		return nil, err
	}
	return NewConn(c), nil
}

// NewConn reads frames from a connection that was opened otherwise. It takes over c.
func NewConn(c net.Conn) *Conn {
	return &Conn{Conn: c, r: bufio.NewReaderSize(c, 64<<10)}
}

// StartTLS performs the handshake of a TLS client. Reads and writes go through TLS afterwards,
// also when the handshake failed: the server's answer to it is what the test wants to see.
func (c *Conn) StartTLS(cfg *tls.Config, limit time.Duration) error {
	t := tls.Client(c.Conn, cfg)
	_ = c.SetDeadline(time.Now().Add(limit))
	err := t.Handshake()
	_ = c.SetDeadline(time.Time{})
	c.Conn = t
	c.r.Reset(t)
	return err
}

// Send writes text as it is.
func (c *Conn) Send(text string) error {
	_ = c.SetWriteDeadline(time.Now().Add(20 * time.Second))
	_, err := io.WriteString(c.Conn, text)
	return err
}

// Next returns the next frame. ErrQuiet means that none began within limit, io.EOF that the server
// has closed the connection, in whatever way.
func (c *Conn) Next(limit time.Duration) (*Frame, error) {
	_ = c.SetReadDeadline(time.Now().Add(limit))
	if _, err := c.r.Peek(1); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil, ErrQuiet
		}
		return nil, io.EOF
	}
	_ = c.SetReadDeadline(time.Now().Add(frameLimit))
	line, err := c.r.ReadBytes('\n')
	if err != nil {
		return &Frame{Line: string(line)}, fmt.Errorf("line without an end %q: %w", line, err)
	}
	f := &Frame{Line: string(bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")))}
	if words := bytes.Fields(line); len(words) > 0 {
		f.Verb = string(bytes.ToUpper(words[0]))
		for _, w := range words[1:] {
			f.Args = append(f.Args, string(w))
		}
	}
	return f, c.readBody(f)
}

func (c *Conn) readBody(f *Frame) error {
	sizes := 0
	switch f.Verb {
	case "MSG":
		sizes = 1
	case "HMSG":
		sizes = 2
	default:
		return nil
	}
	if len(f.Args) < sizes {
		return fmt.Errorf("%q has no size", f.Line)
	}
	header := 0
	total, err := strconv.Atoi(f.Args[len(f.Args)-1])
	if err == nil && sizes == 2 {
		header, err = strconv.Atoi(f.Args[len(f.Args)-2])
	}
	if err != nil || header < 0 || header > total {
		return fmt.Errorf("%q has bad sizes", f.Line)
	}
	buf := make([]byte, total+2)
	if n, err := io.ReadFull(c.r, buf); err != nil {
		return fmt.Errorf("%q: body ends after %d bytes: %w", f.Line, n, err)
	}
	if !bytes.HasSuffix(buf, []byte("\r\n")) {
		return fmt.Errorf("%q: body %q does not end in CR LF", f.Line, buf)
	}
	f.Header, f.Body = buf[:header], buf[header:total]
	return nil
}

// Expect returns the next frame and fails the test when there is none or its verb is another. A
// PING of the server is answered and not counted, unless it is what is expected.
func (c *Conn) Expect(tb testing.TB, verb string) *Frame {
	tb.Helper()
	for {
		f, err := c.Next(10 * time.Second)
		if err != nil {
			tb.Fatalf("want %s, got %v", verb, err)
		}
		if f.Verb == "PING" && verb != "PING" {
			c.MustSend(tb, "PONG\r\n")
			continue
		}
		if f.Verb != verb {
			tb.Fatalf("want %s, got %q", verb, f.Line)
		}
		return f
	}
}

// ExpectEOF fails the test unless the server closes the connection within limit. Frames before
// that are returned.
func (c *Conn) ExpectEOF(tb testing.TB, limit time.Duration) []*Frame {
	tb.Helper()
	var frames []*Frame
	for end := time.Now().Add(limit); ; {
		f, err := c.Next(time.Until(end))
		switch {
		case errors.Is(err, ErrQuiet):
			tb.Fatalf("the connection is still open after %v", limit)
		case err != nil:
			return frames
		}
		frames = append(frames, f)
	}
}

// MustSend is Send that fails the test on an error.
func (c *Conn) MustSend(tb testing.TB, text string) {
	tb.Helper()
	if err := c.Send(text); err != nil {
		tb.Fatalf("send: %v", err)
	}
}

// Info is what tests look at in INFO.
type Info struct {
	ID           uint64   `json:"client_id"`
	ServerID     string   `json:"server_id"`
	Version      string   `json:"version"`
	Nonce        string   `json:"nonce"`
	IP           string   `json:"client_ip"`
	AuthRequired bool     `json:"auth_required"`
	TLSRequired  bool     `json:"tls_required"`
	LameDuck     bool     `json:"ldm"`
	MaxPayload   int64    `json:"max_payload"`
	URLs         []string `json:"connect_urls"`
}

// ExpectInfo reads INFO.
func (c *Conn) ExpectInfo(tb testing.TB) Info {
	tb.Helper()
	f := c.Expect(tb, "INFO")
	var info Info
	if err := json.Unmarshal([]byte(f.Line[len("INFO "):]), &info); err != nil {
		tb.Fatalf("INFO: %v", err)
	}
	return info
}

// Client opens a raw connection, reads INFO, sends CONNECT with those fields and waits for the
// answer to a PING.
func Client(tb testing.TB, addr, connect string) (*Conn, Info) {
	tb.Helper()
	c := Dial(tb, addr)
	info := c.ExpectInfo(tb)
	c.MustSend(tb, "CONNECT "+connect+"\r\nPING\r\n")
	c.Expect(tb, "PONG")
	return c, info
}
