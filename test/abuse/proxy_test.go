package abuse

import (
	"strings"
	"testing"
	"time"

	"natsd/test/harness"
)

const proxyLine = "PROXY TCP4 6.6.6.6 198.51.100.1 4321 4222\r\n"

// proxyV2 is the binary form for 6.6.6.7 -> 198.51.100.1.
const proxyV2 = "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\x06\x06\x06\x07\xc6\x33\x64\x01\x10\xe1\x10\x7e"

// TestProxySpoof: a PROXY header counts from the addresses that may send it and from nobody else.
func TestProxySpoof(t *testing.T) {
	t.Parallel()
	natsdOnly(t, "no PROXY protocol in 2.9.10")
	seen := func(t *testing.T, s *harness.Server, ip string) bool {
		t.Helper()
		conns, err := s.Connz("state=all")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range conns {
			if c.IP == ip {
				return true
			}
		}
		return false
	}
	t.Run("from a stranger", func(t *testing.T) {
		t.Parallel()
		s := start(t, "proxy_protocol: true\nproxy_protocol_from: [\"192.0.2.0/24\"]")
		for _, header := range []string{proxyLine, proxyV2} {
			c := harness.Dial(t, s.Addr)
			c.MustSend(t, header+"CONNECT "+hello+"\r\nPING\r\n")
			for _, f := range c.ExpectEOF(t, 7*time.Second) {
				if f.Verb == "PONG" {
					t.Errorf("header %q was accepted from a stranger", header)
				}
			}
		}
		if seen(t, s, "6.6.6.6") || seen(t, s, "6.6.6.7") {
			t.Error("the address of a spoofed header is shown")
		}
	})
	t.Run("from a friend", func(t *testing.T) {
		t.Parallel()
		s := start(t, "proxy_protocol: true\nproxy_protocol_from: [\"127.0.0.0/8\"]")
		for header, ip := range map[string]string{proxyLine: "6.6.6.6", proxyV2: "6.6.6.7"} {
			c := harness.Dial(t, s.Addr)
			c.MustSend(t, header+"CONNECT "+hello+"\r\nPING\r\n")
			c.Expect(t, "INFO")
			c.Expect(t, "PONG")
			if !seen(t, s, ip) {
				t.Errorf("connz does not show %s", ip)
			}
		}
	})
	t.Run("off", func(t *testing.T) {
		t.Parallel()
		s := start(t, "")
		c := harness.Dial(t, s.Addr)
		c.MustSend(t, proxyLine+"PING\r\n")
		c.Expect(t, "INFO")
		c.Expect(t, "-ERR")
		c.ExpectEOF(t, 5*time.Second)
	})
}

// TestProxyBroken: malformed, oversized and unfinished headers end their connection, in time.
func TestProxyBroken(t *testing.T) {
	t.Parallel()
	natsdOnly(t, "no PROXY protocol in 2.9.10")
	s := start(t, "proxy_protocol: true")
	for _, header := range []string{
		"PROXY TCP4 ::1 198.51.100.1 4321 4222\r\n", "PROXY TCP9 1.1.1.1 2.2.2.2 1 2\r\n",
		"PROXY TCP4 1.1.1.1 2.2.2.2 99999 2\r\n", "PROXY " + strings.Repeat("x", 200) + "\r\n",
		strings.Replace(proxyV2, "\x21", "\x31", 1), strings.Replace(proxyV2, "\x00\x0c", "\x00\x02", 1),
		proxyV2[:20], "PROXY TCP4 1.1.1.1 ",
	} {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			c := harness.Dial(t, s.Addr)
			c.MustSend(t, header)
			for _, f := range c.ExpectEOF(t, 8*time.Second) {
				if f.Verb != "INFO" {
					t.Errorf("%q was answered with %q", header, f.Line)
				}
			}
		})
	}
}
