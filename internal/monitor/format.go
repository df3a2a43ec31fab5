package monitor

import (
	"crypto/tls"
	"fmt"
	"net/netip"
	"strconv"
	"time"
)

// uptimeText prints whole seconds as 1y20d4h0m9s: from the highest unit that is not zero downwards,
// a year being 365 days. Negative durations, from a clock that was set back, print as 0s.
func uptimeText(d time.Duration) string {
	s := max(int64(d/time.Second), 0)
	units := [...]struct {
		seconds int64
		name    byte
	}{{365 * 86400, 'y'}, {86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}}

	var buf [32]byte
	out := buf[:0]
	for _, u := range units {
		if n := s / u.seconds; n > 0 || len(out) > 0 || u.seconds == 1 {
			out = append(strconv.AppendInt(out, n, 10), u.name)
		}
		s %= u.seconds
	}
	return string(out)
}

// rttText prints a round trip time; below a millisecond the nanoseconds are noise.
func rttText(d time.Duration) string {
	if d > time.Microsecond && d < time.Millisecond {
		d = d.Truncate(time.Microsecond)
	}
	return d.String()
}

// tlsVersionText prints the version as 1.3.
func tlsVersionText(v uint16) string {
	switch v {
	case tls.VersionTLS10:
		return "1.0"
	case tls.VersionTLS11:
		return "1.1"
	case tls.VersionTLS12:
		return "1.2"
	case tls.VersionTLS13:
		return "1.3"
	}
	return fmt.Sprintf("Unknown [0x%x]", v)
}

// hostPort splits an address; an IPv4 address mapped to IPv6 is shown as IPv4.
func hostPort(a netip.AddrPort) (ip string, port int) {
	if !a.IsValid() {
		return "", int(a.Port())
	}
	return a.Addr().Unmap().String(), int(a.Port())
}
