package client

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"net"
	"net/netip"
	"os"
	"time"

	"natsd/internal/conn"
	"natsd/internal/status"
	"natsd/internal/transport/proxyproto"
	"natsd/internal/transport/stream"
	"natsd/internal/transport/tcp"
	"natsd/internal/transport/tlsconn"
	"natsd/internal/wire"
)

const (
	proxyPeriod    = 5 * time.Second        // for a PROXY header
	proxySignature = 12                     // bytes after which a header cannot be taken for anything else
	infoPeriod     = 5 * time.Second        // for sending the first INFO
	listenPeriod   = 500 * time.Millisecond // for the words of a client that is turned away
	listenSize     = 8 << 10
	recordHeader   = 6    // bytes that tell TLS from plain text
	tlsHandshake   = 0x16 // first byte of a TLS connection
)

// Greet does what comes before the first operation: the PROXY header, INFO and the TLS handshake, in
// the order that the configuration asks for.
func (s *Session) Greet(ctx context.Context) conn.Reason {
	s.ctx = ctx
	g := greeting{s: s, sock: s.conn.Sock()}
	if why := g.run(ctx); why != conn.Open {
		return why
	}
	s.mu.Lock()
	s.timers.start(s)
	s.mu.Unlock()
	s.debug("Client connection created")
	return conn.Open
}

// greeting is the state of one Greet.
type greeting struct {
	s    *Session
	sock net.Conn
	rest []byte // bytes read ahead
	told bool   // INFO has been sent
}

func (g *greeting) run(ctx context.Context) conn.Reason {
	set := g.s.set
	o := set.Options
	if why := g.banned(); why != conn.Open {
		return why
	}
	if g.s.seated = g.s.link.sit(o.Limits.MaxConnections); !g.s.seated {
		return g.reject(wire.TextMaxConnections)
	}
	if set.tls != nil && !g.s.link.mayHandshake(o.TLS.RateLimit) {
		return g.turnAway(wire.TextThrottled)
	}
	if set.tls == nil || !o.TLS.HandshakeFirst {
		if err := g.info(); err != nil {
			return conn.WriteError
		}
	}
	if o.ProxyProtocol {
		if why := g.proxy(); why != conn.Open {
			return why
		}
		if why := g.banned(); why != conn.Open { // now that its own address is known
			return why
		}
	}
	if set.tls == nil {
		return g.plain()
	}
	deadline := time.Now().Add(o.TLS.Timeout)
	if !g.told && o.TLS.HandshakeFallback > 0 {
		if why := g.waitForClient(o.TLS.HandshakeFallback); why != conn.Open {
			return why
		}
	}
	if o.AllowNonTLS {
		secured, err := g.startsTLS(deadline)
		if err != nil {
			return conn.TLSHandshakeError
		}
		if !secured {
			return g.plain()
		}
	}
	return g.secure(ctx, deadline)
}

// reject says INFO and an error to a client that cannot be served now.
func (g *greeting) reject(text string) conn.Reason {
	g.s.error(text)
	return g.turnAway(text)
}

// banned turns away who may not come from this address.
func (g *greeting) banned() conn.Reason {
	b := g.s.link.Bans.Find(g.s.conn.Facts())
	if b == nil {
		return conn.Open
	}
	b.Hits.Add(1)
	g.s.debug(b.Text())
	g.turnAway(b.Text())
	g.listen()
	return conn.Banned
}

// listen takes what a client says that has been turned away, for a moment: one that finds the connection
// closed while it writes does not read why.
func (g *greeting) listen() {
	if c, ok := g.sock.(*net.TCPConn); ok {
		_ = c.CloseWrite()
	}
	g.until(time.Now().Add(listenPeriod))
	g.rest = g.rest[:0]
	for err := error(nil); err == nil && len(g.rest) < listenSize; {
		err = g.read()
	}
}

// turnAway is reject without a line in the log.
func (g *greeting) turnAway(text string) conn.Reason {
	if g.told || g.info() == nil {
		_, _ = g.sock.Write(wire.AppendErr(nil, text))
	}
	return conn.MaxConnectionsExceeded
}

// info sends the first INFO, before there is a transport.
func (g *greeting) info() error {
	g.told = true
	_ = g.sock.SetWriteDeadline(time.Now().Add(infoPeriod))
	_, err := g.sock.Write(g.s.firstInfo().line())
	_ = g.sock.SetWriteDeadline(time.Time{})
	return err
}

// plain goes on without TLS.
func (g *greeting) plain() conn.Reason {
	if !g.told {
		if err := g.info(); err != nil {
			return conn.WriteError
		}
	}
	t, err := plainTransport(g.sock, g.rest)
	if err != nil {
		return conn.ReadError
	}
	g.s.conn.SetTransport(t)
	return conn.Open
}

func plainTransport(sock net.Conn, rest []byte) (conn.Transport, error) {
	if c, ok := sock.(*net.TCPConn); ok {
		return tcp.New(c, rest)
	}
	return stream.New(sock, rest), nil
}

// proxy reads the PROXY header, if there is one and its sender may send it.
func (g *greeting) proxy() conn.Reason {
	peer := g.s.conn.Facts().Remote.Addr()
	defer g.until(time.Time{})
	g.until(time.Now().Add(proxyPeriod))
	for {
		if err := g.read(); err != nil {
			return readReason(err, conn.ProtocolViolation)
		}
		h, n, found, err := proxyproto.Parse(g.rest)
		begun := found == proxyproto.Done || found == proxyproto.NeedMore && len(g.rest) > proxySignature
		switch {
		case begun && !proxyproto.From(g.s.set.Options.ProxyProtocolFrom, peer):
			g.s.error("PROXY header from an address that proxy_protocol_from does not list")
			return conn.ProtocolViolation
		case err != nil:
			g.s.error(err.Error())
			return conn.ProtocolViolation
		case found == proxyproto.NeedMore:
			continue
		case found == proxyproto.None:
			return conn.Open
		}
		g.rest = g.rest[n:]
		if h.Source.IsValid() {
			g.setRemote(h.Source)
		}
		return conn.Open
	}
}

func (g *greeting) setRemote(a netip.AddrPort) {
	f := *g.s.conn.Facts()
	f.Remote = netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
	g.s.conn.SetFacts(&f)
}

// until bounds how long reads wait; the zero time takes the bound off.
func (g *greeting) until(t time.Time) { _ = g.sock.SetReadDeadline(t) }

// read adds what one read brings to rest.
func (g *greeting) read() error {
	if g.s.conn.Reason() != conn.Open { // Close came before the deadline that holds now
		return net.ErrClosed
	}
	var p [512]byte
	n, err := g.sock.Read(p[:])
	g.rest = append(g.rest, p[:n]...)
	if n > 0 {
		return nil
	}
	return err
}

// waitForClient gives a client that waits for INFO in clear what it waits for, if it stays silent.
func (g *greeting) waitForClient(fallback time.Duration) conn.Reason {
	if len(g.rest) > 0 {
		return conn.Open
	}
	g.until(time.Now().Add(fallback))
	err := g.read()
	g.until(time.Time{})
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded) && g.s.conn.Reason() == conn.Open:
		if g.info() != nil {
			return conn.WriteError
		}
	case err != nil:
		return readReason(err, conn.TLSHandshakeError)
	}
	return conn.Open
}

// startsTLS reports whether the client's first bytes are those of TLS.
func (g *greeting) startsTLS(deadline time.Time) (bool, error) {
	defer g.until(time.Time{})
	g.until(deadline)
	for len(g.rest) < recordHeader {
		if err := g.read(); err != nil {
			return false, err
		}
	}
	return g.rest[0] == tlsHandshake, nil
}

// secure does the TLS handshake.
func (g *greeting) secure(ctx context.Context, deadline time.Time) conn.Reason {
	s := g.s
	c, ok := g.sock.(*net.TCPConn)
	if !ok {
		return conn.TLSHandshakeError
	}
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	s.debug("Starting TLS client connection handshake")
	t, err := tlsconn.Handshake(ctx, c, g.rest, s.set.tls)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		s.error("TLS handshake timeout")
		return conn.TLSHandshakeError
	case err != nil:
		s.error("TLS handshake error: " + err.Error())
		return conn.TLSHandshakeError
	}
	state := t.State()
	if !s.set.pinned(&state) {
		s.error(errNotPinned.Error())
		return conn.TLSHandshakeError
	}
	s.tls = &state
	f := *s.conn.Facts()
	f.TLS = tlsFacts(&state, !g.told)
	s.conn.SetFacts(&f)
	s.conn.SetTransport(t)
	if !g.told {
		i := s.firstInfo()
		i.TLSRequired, i.TLSAvailable = true, false
		s.write(i.line())
		s.conn.Flush()
	}
	return conn.Open
}

// tlsFacts is what monitoring shows of a handshake.
func tlsFacts(state *tls.ConnectionState, first bool) *status.TLS {
	t := &status.TLS{Version: state.Version, CipherSuite: state.CipherSuite, First: first}
	for _, c := range state.PeerCertificates {
		key, whole := sha256.Sum256(c.RawSubjectPublicKeyInfo), sha256.Sum256(c.Raw)
		t.PeerCerts = append(t.PeerCerts, status.PeerCert{
			Subject:    c.Subject.String(),
			SPKISHA256: hex.EncodeToString(key[:]),
			CertSHA256: hex.EncodeToString(whole[:]),
		})
	}
	return t
}

// readReason tells a client that went away from one that did not do what it had to in time.
func readReason(err error, late conn.Reason) conn.Reason {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return late
	}
	return conn.ClientClosed
}
