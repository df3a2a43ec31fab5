package admin

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"natsd/internal/admin/api"
)

// checkHost refuses requests that were meant for somebody else: a web page whose name was made to point
// to this machine still says its own name. The unix socket has no name.
func (c *call) checkHost() error {
	if peerOf(c.r.Context()) != nil {
		return nil
	}
	host := c.r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if c.settings.answersTo(host, c.r) {
		return nil
	}
	return api.Problemf(api.Misdirected, "this server does not answer for the host %q", host)
}

// answersTo tells whether the API is reached under that name or address: loopback, the address it
// listens on, the address the client has reached, or a name of the certificate that it was shown.
func (s *settings) answersTo(host string, r *http.Request) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	if listen, _, err := net.SplitHostPort(s.options.Listen); err == nil && strings.EqualFold(listen, host) {
		return true
	}
	addr, err := netip.ParseAddr(host)
	if err == nil {
		local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
		return addr.IsLoopback() || ok && local.AddrPort().Addr().Unmap() == addr.Unmap()
	}
	return r.TLS != nil && s.certifies(host)
}

// certifies tells whether a certificate of the API is for that name.
func (s *settings) certifies(host string) bool {
	t := s.options.TLS
	if t == nil {
		return false
	}
	for i := range t.Config.Certificates {
		if leaf := t.Config.Certificates[i].Leaf; leaf != nil && leaf.VerifyHostname(host) == nil {
			return true
		}
	}
	return false
}

// checkOrigin refuses changes that another web page wants to make in the name of who looks at it.
func (c *call) checkOrigin() error {
	if err := c.settings.origins.Check(c.r); err != nil {
		return api.Problemf(api.Forbidden, "a page of another origin may not do this; admin.cors_origins lists those that may")
	}
	return nil
}
