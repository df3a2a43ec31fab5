package proxyproto

import (
	"bytes"
	"net/netip"
	"strconv"
)

const v1Prefix = "PROXY "

// parseV1 reads "PROXY TCP4|TCP6 source destination sport dport" or "PROXY UNKNOWN …", ended by CRLF.
func parseV1(p []byte) (Header, int, Status, error) {
	line, whole, err := v1Line(p)
	if err != nil || !whole {
		return Header{}, 0, NeedMore, err
	}
	n := len(line) + len("\r\n")
	fields := bytes.Split(line[len(v1Prefix):], []byte(" "))
	family := string(fields[0])
	if family == "UNKNOWN" { // the rest of the line is to be ignored
		return Header{}, n, Done, nil
	}
	if family != "TCP4" && family != "TCP6" {
		return Header{}, 0, NeedMore, malformed("unknown family %.12q", family)
	}
	if len(fields) != 5 {
		return Header{}, 0, NeedMore, malformed("%d fields after the family, want 4", len(fields)-1)
	}
	src, err := v1Address(family, fields[1], fields[3])
	if err != nil {
		return Header{}, 0, NeedMore, err
	}
	dst, err := v1Address(family, fields[2], fields[4])
	if err != nil {
		return Header{}, 0, NeedMore, err
	}
	return Header{Source: src, Destination: dst}, n, Done, nil
}

// v1Line returns the line without its CRLF; whole is false while its end is still to come.
func v1Line(p []byte) (line []byte, whole bool, err error) {
	if len(p) > MaxV1 {
		p = p[:MaxV1]
	}
	end := bytes.IndexAny(p, "\r\n")
	switch {
	case end < 0 && len(p) == MaxV1:
		return nil, false, malformed("version 1 line longer than %d bytes", MaxV1)
	case end < 0 || (p[end] == '\r' && end == len(p)-1 && len(p) < MaxV1):
		return nil, false, nil
	case p[end] == '\n' || end == len(p)-1 || p[end+1] != '\n':
		return nil, false, malformed("version 1 line does not end with CR LF")
	}
	return p[:end], true, nil
}

func v1Address(family string, host, port []byte) (netip.AddrPort, error) {
	a, err := netip.ParseAddr(string(host))
	if err != nil || a.Zone() != "" || a.Is4() != (family == "TCP4") {
		return netip.AddrPort{}, malformed("%.50q is no %s address", host, family)
	}
	n, err := v1Port(port)
	if err != nil {
		return netip.AddrPort{}, err
	}
	return netip.AddrPortFrom(a.Unmap(), n), nil
}

// v1Port accepts what the protocol allows: decimal digits without sign and leading zeros.
func v1Port(s []byte) (uint16, error) {
	n, err := strconv.ParseUint(string(s), 10, 16)
	if err != nil || (len(s) > 1 && s[0] == '0') {
		return 0, malformed("%.12q is no port", s)
	}
	return uint16(n), nil
}
