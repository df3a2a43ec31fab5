package proxyproto

import (
	"encoding/binary"
	"net/netip"
)

const (
	v2Signature = "\r\n\r\n\x00\r\nQUIT\n"
	v2Fixed     = len(v2Signature) + 4 // signature, version and command, family, length

	v2Local = 0
	v2Proxy = 1

	v2Unspec = 0
	v2Inet   = 1
	v2Inet6  = 2

	v2Stream = 1
)

// parseV2 reads the binary form. Whatever follows the addresses (TLVs) is skipped.
func parseV2(p []byte) (Header, int, Status, error) {
	if len(p) > len(v2Signature) {
		if err := v2Command(p[len(v2Signature)]); err != nil {
			return Header{}, 0, NeedMore, err
		}
	}
	if len(p) < v2Fixed {
		return Header{}, 0, NeedMore, nil
	}
	command, family, transport := p[12]&0xf, p[13]>>4, p[13]&0xf
	length := int(binary.BigEndian.Uint16(p[14:]))
	size, err := v2AddressSize(command, family, transport)
	if err != nil {
		return Header{}, 0, NeedMore, err
	}
	if length < 2*size {
		return Header{}, 0, NeedMore, malformed("%d bytes are too few for the addresses", length)
	}
	n := v2Fixed + length
	if len(p) < n {
		return Header{}, 0, NeedMore, nil
	}
	if size == 0 {
		return Header{}, n, Done, nil
	}
	src, dst := v2Addresses(p[v2Fixed:n], size-2)
	return Header{Source: src, Destination: dst}, n, Done, nil
}

func v2Command(b byte) error {
	if b>>4 != 2 {
		return malformed("version %d in a version 2 header", b>>4)
	}
	if c := b & 0xf; c != v2Local && c != v2Proxy {
		return malformed("unknown command %d", c)
	}
	return nil
}

// v2AddressSize returns the bytes of one address with its port, 0 where the header carries none.
func v2AddressSize(command, family, transport byte) (int, error) {
	switch {
	case command == v2Local || family == v2Unspec:
		return 0, nil // a receiver has to ignore the family of LOCAL
	case transport != v2Stream:
		return 0, malformed("transport %d is not a stream", transport)
	case family == v2Inet:
		return 4 + 2, nil
	case family == v2Inet6:
		return 16 + 2, nil
	default:
		return 0, malformed("unsupported family %d", family)
	}
}

// v2Addresses reads source, destination, source port and destination port from b.
func v2Addresses(b []byte, ip int) (src, dst netip.AddrPort) {
	from, _ := netip.AddrFromSlice(b[:ip])
	to, _ := netip.AddrFromSlice(b[ip : 2*ip])
	return netip.AddrPortFrom(from.Unmap(), binary.BigEndian.Uint16(b[2*ip:])),
		netip.AddrPortFrom(to.Unmap(), binary.BigEndian.Uint16(b[2*ip+2:]))
}
