package proxyproto

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"net/netip"
	"testing"

	oracle "github.com/pires/go-proxyproto"
)

// FuzzParse checks two things for any bytes: that they may come in any pieces, and that an accepted
// header is one for the oracle too, with the same addresses and length.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"PROXY TCP4 192.0.2.10 198.51.100.1 4321 4222\r\nPING\r\n",
		"PROXY TCP6 2001:db8::1 ::1 1 65535\r\n",
		"PROXY UNKNOWN\r\n", "PROXY UNKNOWN a b c d\r\n", "PROXY\r\n", "PROXY TCP4\r\n", "PING\r\n", "\r\n\r\n",
		v2Signature + "!\x11\x00\x0c\xc0\x00\x02c\xc63d\x01\x10\xe1\x10~PING\r\n",
		v2Signature + "!\x11\x00\x10\xc0\x00\x02c\xc63d\x01\x10\xe1\x10~\x04\x00\x01z",
		v2Signature + " \x00\x00\x00", v2Signature + "!\x31\x00\x00",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		h, n, s, err := Parse(p)
		checkPieces(t, p, h, n, s, err)
		if err == nil && s == Done {
			checkOracle(t, p, h, n)
		}
	})
}

// checkPieces feeds p byte by byte: the first decision must be the one that Parse takes of the whole.
func checkPieces(t *testing.T, p []byte, h Header, n int, s Status, err error) {
	t.Helper()
	for i := range len(p) + 1 {
		ph, pn, ps, perr := Parse(p[:i])
		if perr == nil && ps == NeedMore {
			continue
		}
		if ph != h || pn != n || ps != s || (perr == nil) != (err == nil) {
			t.Fatalf("decided %v %d %d %v after %d bytes, %v %d %d %v of all", ph, pn, ps, perr, i, h, n, s, err)
		}
		if perr != nil && !errors.Is(perr, ErrMalformed) {
			t.Fatalf("error %v does not wrap ErrMalformed", perr)
		}
		return
	}
}

func checkOracle(t *testing.T, p []byte, h Header, n int) {
	t.Helper()
	r := bufio.NewReaderSize(bytes.NewReader(p), MaxV2+1)
	want, err := oracle.Read(r)
	if err != nil {
		if local := p[0] == '\r' && p[12]&0xf == v2Local; local || !h.Source.IsValid() {
			return // the oracle looks at what has to be ignored
		}
		t.Fatalf("oracle refuses %q: %v", p[:n], err)
	}
	if want.TransportProtocol == oracle.TCPv4 || want.TransportProtocol == oracle.TCPv6 {
		if !want.Command.IsLocal() && (!same(h.Source, want.SourceAddr) || !same(h.Destination, want.DestinationAddr)) {
			t.Fatalf("%q: got %v, oracle %v", p[:n], h, want)
		}
	} else if h.Source.IsValid() {
		t.Fatalf("%q: got %v, oracle has no address", p[:n], h)
	}
	if rest := len(p) - n; r.Buffered() != rest {
		t.Fatalf("%q: %d bytes left, oracle %d", p, rest, r.Buffered())
	}
}

func same(a netip.AddrPort, b net.Addr) bool {
	tcp, ok := b.(*net.TCPAddr)
	if !ok {
		return false
	}
	other := tcp.AddrPort()
	return a == netip.AddrPortFrom(other.Addr().Unmap(), other.Port())
}
