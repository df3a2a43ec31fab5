package abuse

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"natsd/test/harness"
)

// TestSlowloris: an incomplete first line is given first_line_timeout, from its first byte,
// whether or not authentication is on. Silence on an open server is allowed.
func TestSlowloris(t *testing.T) {
	t.Parallel()
	natsdOnly(t, "no limit on the first line")
	for _, c := range []struct{ name, conf string }{
		{"open", ""},
		{"with users", "authorization { user: u, password: p, timeout: 30 }"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			const limit = 600 * time.Millisecond
			s := start(t, "first_line_timeout: \"600ms\"\n"+c.conf)
			silent := harness.Dial(t, s.Addr)
			silent.Expect(t, "INFO")
			open(t, s, 100, func(_ int, conn *harness.Conn) error { return drip(conn, limit) })
			if f, err := silent.Next(50 * time.Millisecond); err != harness.ErrQuiet { //nolint:errorlint // not wrapped
				t.Errorf("a silent connection was not left alone: %v %v", f, err)
			}
			connect := hello
			if c.conf != "" {
				connect = `{"verbose":false,"user":"u","pass":"p"}`
			}
			healthy(t, s, connect)
		})
	}
}

// drip sends a first line a byte at a time and never ends it. The server must close no sooner than
// the limit and not much later.
func drip(c *harness.Conn, limit time.Duration) error {
	if f, err := c.Next(5 * time.Second); err != nil || f.Verb != "INFO" {
		return fmt.Errorf("want INFO, got %v %w", f, err)
	}
	began := time.Now()
	for _, b := range []byte(`CONNECT {"verbose":false,"name":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx`) {
		_ = c.Send(string(b))
		_, err := c.Next(100 * time.Millisecond)
		if err == io.EOF { //nolint:errorlint // not wrapped
			break
		}
	}
	took := time.Since(began)
	if took < limit-50*time.Millisecond || took > limit+2*time.Second {
		return fmt.Errorf("a first line without an end was cut after %v, want %v", took, limit)
	}
	return nil
}

// TestLateFirstLine: the time counts from the first byte of the line, not from the connection.
func TestLateFirstLine(t *testing.T) {
	t.Parallel()
	natsdOnly(t, "no limit on the first line")
	s := start(t, `first_line_timeout: "400ms"`)
	c := harness.Dial(t, s.Addr)
	c.Expect(t, "INFO")
	time.Sleep(700 * time.Millisecond)
	c.MustSend(t, "CONNECT "+hello+"\r\nPI")
	// The line is complete; what follows may take as long as it likes.
	time.Sleep(700 * time.Millisecond)
	c.MustSend(t, "NG\r\n")
	c.Expect(t, "PONG")
}

// TestTLSStall: a handshake that does not go on is cut after the TLS timeout, wherever it stopped.
func TestTLSStall(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"", `, handshake_first: true`} {
		t.Run("first"+first, func(t *testing.T) {
			t.Parallel()
			if first != "" {
				natsdOnly(t, "no handshake_first in 2.9.10")
			}
			s := start(t, `tls { cert_file: "<certs>/server.pem", key_file: "<certs>/server.key", timeout: 0.7`+first+` }`)
			for _, sent := range []string{"", "\x16", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "\x16\x03\x01"} {
				c := harness.Dial(t, s.Addr)
				if first == "" {
					c.Expect(t, "INFO")
				}
				began := time.Now()
				c.MustSend(t, sent)
				c.ExpectEOF(t, patience)
				if took := time.Since(began); took < 400*time.Millisecond || took > 3*time.Second {
					t.Errorf("a handshake of %d bytes was cut after %v, want 0.7s", len(sent), took)
				}
			}
			// A stalled handshake holds nobody else up.
			c := harness.Dial(t, s.Addr)
			c.MustSend(t, "\x16\x03\x01")
			good := harness.Dial(t, s.Addr)
			if first == "" {
				good.Expect(t, "INFO")
			}
			if err := good.StartTLS(harness.Certs(t).Client(t, ""), time.Second); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestHugeConnect: a line without an end is cut at max_control_line and costs no memory.
func TestHugeConnect(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	c := harness.Dial(t, s.Addr)
	c.Expect(t, "INFO")
	_ = c.Send(`CONNECT {"name":"` + strings.Repeat("x", 100_000) + `"}` + "\r\n")
	if f := c.Expect(t, "-ERR"); f.Line != "-ERR 'maximum control line exceeded'" {
		t.Errorf("got %q", f.Line)
	}
	c.ExpectEOF(t, 5*time.Second)
	before := s.RSS()
	open(t, s, 50, func(_ int, c *harness.Conn) error {
		_ = c.Send("CONNECT {" + strings.Repeat(" ", 2*mib))
		return nil
	})
	rise := s.RSS() - before
	bounded(t, rise <= 24*mib, "50 endless lines cost %d MiB", rise/mib)
	healthy(t, s, hello)
}

// TestDeepJSON: a CONNECT of nested brackets is refused, quickly and without much memory, even
// where a large line is allowed.
func TestDeepJSON(t *testing.T) {
	t.Parallel()
	natsdOnly(t, "no limit on the first line")
	const depth = 5_000_000
	s := start(t, "max_control_line: 16MB\nfirst_line_timeout: \"10s\"")
	before := s.RSS()
	c := harness.Dial(t, s.Addr)
	c.Expect(t, "INFO")
	began := time.Now()
	_ = c.Send(`CONNECT {"x":` + strings.Repeat("[", depth) + "\r\n")
	c.ExpectEOF(t, 10*time.Second)
	t.Logf("refused after %v", time.Since(began).Round(time.Millisecond))
	rise := s.PeakRSS() - before
	bounded(t, rise <= 200*mib, "it cost %d MiB", rise/mib)
	healthy(t, s, hello)
}

// TestGarbage: random bytes close their connection and nothing else.
func TestGarbage(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	open(t, s, 300, func(i int, c *harness.Conn) error {
		junk := make([]byte, 200)
		x := uint32(i)*2654435761 + 1
		for j := range junk {
			x = x*1664525 + 1013904223
			junk[j] = byte(x >> 24)
		}
		_ = c.Send(string(junk) + "\r\n\r\n")
		return nil
	})
	healthy(t, s, hello)
}
