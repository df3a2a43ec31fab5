package client

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// tlsBlock is a tls block with a throw-away certificate; more goes into it.
func tlsBlock(t *testing.T, more string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return fmt.Sprintf("\ntls { cert_file: %q, key_file: %q\n%s }\n",
		write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", secret), more)
}

// secure goes over to TLS.
func (p *peer) secure() {
	p.t.Helper()
	c := tls.Client(p.Conn, &tls.Config{InsecureSkipVerify: true})
	if err := c.Handshake(); err != nil {
		p.t.Fatal(err)
	}
	p.Conn, p.in = c, bufio.NewReader(c)
}

// info reads INFO and checks what is in it; a text that begins with ! must not be.
func (p *peer) info(want ...string) {
	p.t.Helper()
	line := p.line()
	if !strings.HasPrefix(line, "INFO {") {
		p.t.Fatalf("read %q, want INFO", line)
	}
	for _, w := range want {
		if text, not := strings.CutPrefix(w, "!"); strings.Contains(line, text) == not {
			p.t.Errorf("%s in %s", w, line)
		}
	}
}

// works makes sure that the client is served.
func (p *peer) works() {
	p.t.Helper()
	p.say("CONNECT {\"verbose\":false}\r\nSUB x 1\r\nPUB x 2\r\nhi\r\n")
	p.expect("MSG x 1 2", "hi")
	p.sync()
}

// hello are the bytes that a TLS client begins with; the client goes on on the returned connection.
func hello(t *testing.T, p *peer, before string) *peer {
	t.Helper()
	c := tls.Client(&prefixed{Conn: p.Conn, before: []byte(before)}, &tls.Config{InsecureSkipVerify: true})
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	return &peer{Conn: c, t: t, in: bufio.NewReader(c)}
}

// prefixed sends something before and together with the first bytes.
type prefixed struct {
	net.Conn
	before []byte
}

func (c *prefixed) Write(p []byte) (int, error) {
	if c.before != nil {
		if _, err := c.Conn.Write(append(c.before, p...)); err != nil {
			return 0, err
		}
		c.before = nil
		return len(p), nil
	}
	return c.Conn.Write(p)
}

const viaProxy = "PROXY TCP4 6.6.6.6 127.0.0.1 1234 4222\r\n"

func TestGreetings(t *testing.T) {
	t.Parallel()
	const proxied = "proxy_protocol: true\nproxy_protocol_from: \"127.0.0.0/8\"\n"
	shown := func(t *testing.T, h *house, secured bool) {
		t.Helper()
		f := h.registry.Get(1).Facts()
		if (f.TLS != nil) != secured {
			t.Errorf("TLS: %+v", f.TLS)
		}
		if ip := f.Remote.Addr().String(); ip != "6.6.6.6" && ip != "127.0.0.1" {
			t.Errorf("remote %s", ip)
		}
	}
	for name, tt := range map[string]struct {
		conf string
		do   func(t *testing.T, h *house)
	}{
		"plain": {"", func(t *testing.T, h *house) {
			p := h.raw()
			p.info(`"client_ip":"127.0.0.1"`, "!tls_", "!nonce")
			p.works()
			shown(t, h, false)
		}},
		"TLS": {tlsBlock(t, ""), func(t *testing.T, h *house) {
			p := h.raw()
			p.info(`"tls_required":true`, "!tls_available")
			p.secure()
			p.works()
			shown(t, h, true)
		}},
		"clear text where TLS is required": {tlsBlock(t, ""), func(t *testing.T, h *house) {
			p := h.raw()
			p.info()
			p.say("CONNECT {}\r\n")
			_ = p.ended() // a TLS alert
			if why := h.reason(1); why != "TLS Handshake Failure" {
				t.Error(why)
			}
		}},
		"silence where TLS is required": {tlsBlock(t, "timeout: 0.1"), func(t *testing.T, h *house) {
			p := h.raw()
			p.info()
			_ = p.ended()
			if why := h.reason(1); why != "TLS Handshake Failure" {
				t.Error(why)
			}
		}},
		"half a handshake": {tlsBlock(t, "timeout: 0.1") + "allow_non_tls: true", func(t *testing.T, h *house) {
			p := h.raw()
			p.info()
			p.say("\x16\x03\x01")
			_ = p.ended()
			if why := h.reason(1); why != "TLS Handshake Failure" {
				t.Error(why)
			}
		}},
		"either": {tlsBlock(t, "") + "allow_non_tls: true", func(t *testing.T, h *house) {
			p := h.raw()
			p.info("!tls_required", `"tls_available":true`)
			p.secure()
			p.works()
			shown(t, h, true)
			p = h.raw()
			p.info()
			p.works()
		}},
		"handshake first": {tlsBlock(t, "handshake_first: true"), func(t *testing.T, h *house) {
			p := h.raw()
			p.secure()
			p.info(`"tls_required":true`, "!tls_available")
			p.works()
			shown(t, h, true)
		}},
		"handshake first, eager and silent": {tlsBlock(t, `handshake_first: "100ms"`), func(t *testing.T, h *house) {
			p := h.raw()
			p.secure()
			p.info(`"tls_required":true`)
			p.works()
			p = h.raw()
			p.info(`"tls_required":true`)
			p.secure()
			p.works()
			shown(t, h, true)
		}},
		"handshake first, either": {tlsBlock(t, `handshake_first: "50ms"`) + "allow_non_tls: true", func(t *testing.T, h *house) {
			p := h.raw()
			p.info(`"tls_available":true`)
			p.works()
			p = h.raw()
			p.say("CONNECT {\"verbose\":false}\r\n") // does not wait for INFO
			p.info()
			p.works()
		}},
		"PROXY": {proxied, func(t *testing.T, h *house) {
			p := h.raw()
			p.info("!client_ip")
			p.say(viaProxy + "CONNECT {\"verbose\":false,\"protocol\":1}\r\nPING\r\n")
			p.expect("PONG")
			p.info(`"client_ip":"6.6.6.6"`)
			p.works()
			shown(t, h, false)
			p = h.raw()
			p.info()
			p.works() // without a header
		}},
		"PROXY in pieces": {proxied, func(t *testing.T, h *house) {
			p := h.raw()
			p.info()
			for _, c := range viaProxy + "CONNECT {\"verbose\":false}\r\n" {
				p.say(string(c))
			}
			p.works()
			shown(t, h, false)
		}},
		"PROXY from who may not": {"proxy_protocol: true\nproxy_protocol_from: \"10.0.0.0/8\"", func(t *testing.T, h *house) {
			p := h.raw()
			p.info()
			p.say(viaProxy)
			if text := p.ended(); text != "" {
				t.Errorf("read %q", text)
			}
			if why := h.reason(1); why != "Protocol Violation" {
				t.Error(why)
			}
		}},
		"malformed PROXY": {proxied, func(t *testing.T, h *house) {
			p := h.raw()
			p.info()
			p.say("PROXY TCP4 ::1 127.0.0.1 1 2\r\n")
			if text := p.ended(); text != "" {
				t.Errorf("read %q", text)
			}
			if why := h.reason(1); why != "Protocol Violation" {
				t.Error(why)
			}
		}},
		"PROXY, then TLS": {proxied + tlsBlock(t, ""), func(t *testing.T, h *house) {
			p := h.raw()
			p.info("!client_ip", `"tls_required":true`)
			p = hello(t, p, viaProxy)
			p.works()
			shown(t, h, true)
		}},
		"PROXY, then TLS first": {proxied + tlsBlock(t, "handshake_first: true"), func(t *testing.T, h *house) {
			p := hello(t, h.raw(), viaProxy)
			p.info(`"tls_required":true`)
			p.works()
			shown(t, h, true)
		}},
		"PROXY, then TLS first or not": {proxied + tlsBlock(t, `handshake_first: "50ms"`), func(t *testing.T, h *house) {
			p := hello(t, h.raw(), viaProxy)
			p.info(`"tls_required":true`)
			p.works()
			p = h.raw()
			p.say(viaProxy)
			p.info(`"tls_required":true`)
			p.secure()
			p.works()
			shown(t, h, true)
		}},
		"PROXY, then either": {proxied + tlsBlock(t, "") + "allow_non_tls: true", func(t *testing.T, h *house) {
			p := h.raw()
			p.info()
			p = hello(t, p, viaProxy)
			p.works()
			p = h.raw()
			p.info()
			p.say(viaProxy)
			p.works()
			shown(t, h, true)
		}},
		"too many handshakes": {tlsBlock(t, "connection_rate_limit: 1"), func(t *testing.T, h *house) {
			text := ""
			for range 3 {
				p := h.raw()
				p.info()
				_ = p.Conn.(*net.TCPConn).CloseWrite()
				text += p.ended()
			}
			if !strings.Contains(text, "-ERR 'Connection throttling is active. Please try again later.'\r\n") {
				t.Errorf("read %q", text)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.do(t, open(t, tt.conf))
		})
	}
}

func TestDeadlines(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ conf, say, want, why string }{
		"CONNECT":             {"authorization { user: u, password: p, timeout: 0.1 }", "", "-ERR 'Authentication Timeout'\r\n", "Authentication Timeout"},
		"the rest of CONNECT": {"authorization { user: u, password: p, timeout: 0.1 }", "CONN", "-ERR 'Authentication Timeout'\r\n", "Authentication Timeout"},
		"the first line":      {"first_line_timeout: \"100ms\"", "CON", "-ERR 'Authentication Timeout'\r\n", "Authentication Timeout"},
		"PONG": {
			"ping_interval: \"50ms\"\nping_max: 2", "CONNECT {\"verbose\":false}\r\n",
			"PING\r\nPING\r\n-ERR 'Stale Connection'\r\n", "Stale Connection",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, tt.conf)
			p := h.dial()
			p.say(tt.say)
			if text := p.ended(); text != tt.want {
				t.Errorf("read %q, want %q", text, tt.want)
			}
			if why := h.reason(1); why != tt.why {
				t.Errorf("ended with %q, want %q", why, tt.why)
			}
		})
	}
}

// A client that answers PING stays, and the round trip is known.
func TestPong(t *testing.T) {
	t.Parallel()
	h := open(t, "ping_interval: \"100ms\"\nping_max: 4")
	p := h.dial()
	p.say("CONNECT {\"verbose\":false}\r\n")
	for range 6 { // idle clients are asked again: the round trip is not what counts alone
		p.expect("PING")
		p.say("PONG\r\n")
	}
	if rtt := h.registry.Get(1).Status().RTT; rtt <= 0 {
		t.Errorf("round trip %v", rtt)
	}
}

// An idle connection gives back the stack that answering a PING has taken; a busy one keeps it.
func TestKeepAliveRenews(t *testing.T) {
	t.Parallel()
	h := open(t, "")
	p := h.enter("")
	p.sync()
	if n := h.tasks.Counts()["receive"]; n != 0 {
		t.Errorf("%d moved that have just come", n)
	}
	h.registry.Get(1).Counters.LastActivity.Store(0)
	p.say("PING\r\nPING\r\n")
	p.expect("PONG", "PONG")
	if n := h.tasks.Counts()["receive"]; n != 0 {
		t.Errorf("%d moved that say more than an idle client does", n)
	}
	p.sync()
	until(t, "the connection to move", func() bool { return h.tasks.Counts()["receive"] == 1 })
	p.sync()
}

// A TLS client that has stopped to read can be sent away.
func TestKickOfStuckTLS(t *testing.T) {
	t.Parallel()
	h := open(t, tlsBlock(t, "")+"write_deadline: 30s")
	p := h.raw()
	p.info()
	p.secure()
	p.works()
	s := h.registry.Get(1).Session().(*Session)
	pub := h.raw()
	pub.info()
	pub.secure()
	go func() { _, _ = io.Copy(io.Discard, pub.in) }()
	text := "CONNECT {\"verbose\":false}\r\n" + strings.Repeat("PUB x 100000\r\n"+strings.Repeat("x", 100_000)+"\r\n", 150)
	pub.say(text)
	until(t, "bytes to pile up", func() bool { return s.conn.Out.Pending() > 1<<20 })
	start := time.Now()
	s.conn.Close(1)
	h.reason(1)
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %v", d)
	}
}
