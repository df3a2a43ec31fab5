package proxyproto

import (
	"errors"
	"fmt"
	"net/netip"
)

// The longest headers of both versions, in bytes. A caller that buffers MaxV2 bytes never has to
// grow further.
const (
	MaxV1 = 107
	MaxV2 = v2Fixed + 1<<16 - 1
)

// Status is what [Parse] found at the start of the bytes.
type Status uint8

// The results of [Parse] that are not errors.
const (
	NeedMore Status = iota // the bytes may be the start of a header
	None                   // the bytes are not a header: they belong to the client, replay them
	Done                   // a whole header was read
)

// Header is one parsed PROXY header.
type Header struct {
	// Source is the address of the client as the proxy saw it. It is invalid when the header
	// tells none (LOCAL, UNKNOWN, UNSPEC): then the address of the socket counts.
	Source netip.AddrPort
	// Destination is where the client connected to; invalid when Source is.
	Destination netip.AddrPort
}

// ErrMalformed is wrapped by every error of [Parse].
var ErrMalformed = errors.New("malformed PROXY header")

// Parse looks for a header at the start of p, which holds all bytes that came so far. With [Done],
// n is the length of the header and p[n:] belongs to the client. An error means that a header was
// begun and is wrong; the connection cannot be used. Parse keeps nothing of p, and it decides as
// early as the bytes allow, so a client that speaks NATS is never held up.
func Parse(p []byte) (h Header, n int, s Status, err error) {
	switch {
	case startsWith(p, v1Prefix):
		return parseV1(p)
	case startsWith(p, v2Signature):
		return parseV2(p)
	default:
		return Header{}, 0, None, nil
	}
}

// From tells whether peer, the address of the socket, is in one of the networks. IPv4 addresses
// that come mapped into IPv6 count as IPv4.
func From(networks []netip.Prefix, peer netip.Addr) bool {
	peer = peer.Unmap().WithZone("")
	for _, n := range networks {
		if n.Contains(peer) {
			return true
		}
	}
	return false
}

// startsWith tells whether p agrees with prefix as far as both reach.
func startsWith(p []byte, prefix string) bool {
	if len(p) > len(prefix) {
		p = p[:len(prefix)]
	}
	return string(p) == prefix[:len(p)]
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, args...)...)
}
