package proxyproto

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
)

const sig = v2Signature

func TestParse(t *testing.T) {
	t.Parallel()
	inet := "\xc0\x00\x02c\xc63d\x01\x10\xe1\x10~" // 192.0.2.99:4321 to 198.51.100.1:4222
	inet6 := "\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11) + "\x01" + strings.Repeat("\x00", 15) + "\x01\x00\x07\x10\x7e"
	mapped := strings.Repeat("\x00", 10) + "\xff\xff\x0a\x00\x00\x01" + strings.Repeat("\x00", 15) + "\x01\x00\x07\x10\x7e"
	for _, c := range []struct {
		name, in string
		n        int // bytes left for the client when status is Done
		status   Status
		src, dst string
		bad      bool
	}{
		{name: "empty", in: "", status: NeedMore},
		{name: "a CONNECT", in: "CONNECT {}\r\n", status: None},
		{name: "a PING", in: "PING\r\n", status: None},
		{name: "a P may be both", in: "P", status: NeedMore},
		{name: "PR", in: "PR", status: NeedMore},
		{name: "PROXY without blank", in: "PROXY\r\n", status: None},
		{name: "TLS", in: "\x16\x03\x01", status: None},
		{name: "an empty line", in: "\r\n", status: NeedMore},
		{name: "an empty line and a verb", in: "\r\nP", status: None},

		{name: "v1 TCP4", in: "PROXY TCP4 192.0.2.10 198.51.100.1 4321 4222\r\nPING\r\n", n: 6, status: Done, src: "192.0.2.10:4321", dst: "198.51.100.1:4222"},
		{name: "v1 TCP6", in: "PROXY TCP6 2001:db8::1 ::1 1 65535\r\n", status: Done, src: "[2001:db8::1]:1", dst: "[::1]:65535"},
		{name: "v1 TCP6 of a mapped address", in: "PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", status: Done, src: "192.0.2.1:1", dst: "[::1]:2"},
		{name: "v1 UNKNOWN", in: "PROXY UNKNOWN\r\n", status: Done},
		{name: "v1 UNKNOWN with addresses", in: "PROXY UNKNOWN ffff::1 x  y\r\nA", n: 1, status: Done},
		{name: "v1 part", in: "PROXY TCP4 192.0.2.10", status: NeedMore},
		{name: "v1 before LF", in: "PROXY UNKNOWN\r", status: NeedMore},
		{name: "v1 longest", in: "PROXY UNKNOWN" + strings.Repeat(" ", MaxV1-15) + "\r\n", status: Done},
		{name: "v1 too long", in: "PROXY UNKNOWN" + strings.Repeat(" ", MaxV1-14) + "\r\n", bad: true},
		{name: "v1 too long without end", in: "PROXY UNKNOWN" + strings.Repeat(" ", MaxV1-13), bad: true},
		{name: "v1 TCP4 with an IPv6 address", in: "PROXY TCP4 ::1 198.51.100.1 4321 4222\r\n", bad: true},
		{name: "v1 TCP6 with an IPv4 address", in: "PROXY TCP6 1.2.3.4 ::1 4321 4222\r\n", bad: true},
		{name: "v1 zone", in: "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n", bad: true},
		{name: "v1 host name", in: "PROXY TCP4 localhost 127.0.0.1 1 2\r\n", bad: true},
		{name: "v1 no ports", in: "PROXY TCP4 1.2.3.4 1.2.3.4\r\n", bad: true},
		{name: "v1 two blanks", in: "PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n", bad: true},
		{name: "v1 extra field", in: "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n", bad: true},
		{name: "v1 port 65536", in: "PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n", bad: true},
		{name: "v1 signed port", in: "PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n", bad: true},
		{name: "v1 leading zero", in: "PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n", bad: true},
		{name: "v1 UDP", in: "PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n", bad: true},
		{name: "v1 bare LF", in: "PROXY UNKNOWN\n", bad: true},
		{name: "v1 bare CR", in: "PROXY UNKNOWN\rPING\r\n", bad: true},

		{name: "v2 signature", in: sig, status: NeedMore},
		{name: "v2 IPv4", in: sig + "!\x11\x00\x0c" + inet + "PING", n: 4, status: Done, src: "192.0.2.99:4321", dst: "198.51.100.1:4222"},
		{name: "v2 IPv4 with TLVs", in: sig + "!\x11\x00\x10" + inet + "\x04\x00\x01zPING", n: 4, status: Done, src: "192.0.2.99:4321", dst: "198.51.100.1:4222"},
		{name: "v2 TLVs still to come", in: sig + "!\x11\xff\xff" + inet, status: NeedMore},
		{name: "v2 IPv6", in: sig + "!\x21\x00\x24" + inet6, status: Done, src: "[2001:db8::1]:7", dst: "[::1]:4222"},
		{name: "v2 IPv6 of a mapped address", in: sig + "!\x21\x00\x24" + mapped, status: Done, src: "10.0.0.1:7", dst: "[::1]:4222"},
		{name: "v2 LOCAL", in: sig + " \x00\x00\x00", status: Done},
		{name: "v2 LOCAL with an unknown family", in: sig + " \x99\x00\x02ab", status: Done},
		{name: "v2 UNSPEC", in: sig + "!\x00\x00\x01a", status: Done},
		{name: "v2 version 1", in: sig + "\x11", bad: true},
		{name: "v2 command 2", in: sig + "\x22", bad: true},
		{name: "v2 datagram", in: sig + "!\x12\x00\x0c" + inet, bad: true},
		{name: "v2 unix", in: sig + "!\x31\x00\xd8", bad: true},
		{name: "v2 short addresses", in: sig + "!\x11\x00\x0b" + inet, bad: true},
		{name: "v2 short IPv6 addresses", in: sig + "!\x21\x00\x0c" + inet, bad: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h, n, s, err := Parse([]byte(c.in))
			if c.bad {
				if !errors.Is(err, ErrMalformed) {
					t.Fatalf("got %v, status %d, err %v; want ErrMalformed", h, s, err)
				}
				return
			}
			if err != nil || s != c.status {
				t.Fatalf("status %d, err %v; want %d", s, err, c.status)
			}
			if s == Done && n != len(c.in)-c.n {
				t.Errorf("header of %d bytes, want %d", n, len(c.in)-c.n)
			}
			if got := address(h.Source); got != c.src {
				t.Errorf("source %s, want %s", got, c.src)
			}
			if got := address(h.Destination); got != c.dst {
				t.Errorf("destination %s, want %s", got, c.dst)
			}
		})
	}
}

func TestFrom(t *testing.T) {
	t.Parallel()
	nets := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for addr, want := range map[string]bool{
		"127.0.0.1": true, "::ffff:127.0.0.1": true, "fd00::1%eth0": true,
		"10.0.0.1": false, "::1": false,
	} {
		if got := From(nets, netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: %v, want %v", addr, got, want)
		}
	}
	if From(nil, netip.MustParseAddr("127.0.0.1")) {
		t.Error("an empty list admits an address")
	}
}

func address(a netip.AddrPort) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}
