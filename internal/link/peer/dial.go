package peer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"time"
)

// DialTimeout bounds how long one try to connect may take.
const DialTimeout = time.Second

// ErrSelf says that an address leads back to this server.
var ErrSelf = errors.New("the address is this server's own")

// Dial connects to a host and port. Of the addresses of a name a random one is taken, but none that self
// claims: those are this server's own.
func Dial(ctx context.Context, hostPort string, self func(netip.AddrPort) bool) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, DialTimeout)
	defer cancel()
	addr, err := resolve(ctx, hostPort, self)
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", addr.String())
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", hostPort, err)
	}
	return c, nil
}

// resolve returns one address of a host that is not this server's own.
func resolve(ctx context.Context, hostPort string, self func(netip.AddrPort) bool) (netip.AddrPort, error) {
	host, text, err := net.SplitHostPort(hostPort)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("dial: %w", err)
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("dial %s: port %q is not a number", hostPort, text)
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("dial %s: %w", hostPort, err)
	}
	rand.Shuffle(len(addrs), func(i, j int) { addrs[i], addrs[j] = addrs[j], addrs[i] })
	for _, a := range addrs {
		if ap := netip.AddrPortFrom(a.Unmap(), uint16(port)); !self(ap) {
			return ap, nil
		}
	}
	return netip.AddrPort{}, fmt.Errorf("dial %s: %w", hostPort, ErrSelf)
}

// LocalAddrs returns the addresses of this machine.
func LocalAddrs() map[netip.Addr]bool {
	own := map[netip.Addr]bool{}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return own
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(n.IP); ok {
				own[ip.Unmap()] = true
			}
		}
	}
	return own
}
