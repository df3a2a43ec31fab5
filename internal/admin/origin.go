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

// The headers that pages of other origins may send and read.
const (
	corsSent = "Accept, Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, X-Request-Id"
	corsRead = "ETag, Idempotency-Replayed, Link, Location, Retry-After, X-Request-Id"
)

// permitOrigin tells a browser that a page of that origin may read the answer, if that is so.
func (s *settings) permitOrigin(h http.Header, origin string) bool {
	if !s.allowed[origin] {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", corsRead)
	h.Add("Vary", "Origin")
	return true
}

// preflight answers browsers that ask, without a credential, what a page of another origin may do before
// they send its request.
func (a *API) preflight(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method, h := r.Header.Get("Access-Control-Request-Method"), w.Header()
		if r.Method != http.MethodOptions || method == "" || !a.settings.Load().permitOrigin(h, r.Header.Get("Origin")) {
			next.ServeHTTP(w, r)
			return
		}
		h.Set("Access-Control-Allow-Methods", method) // whether the path takes it shows when it comes
		h.Set("Access-Control-Allow-Headers", corsSent)
		h.Set("Access-Control-Max-Age", "600")
		w.WriteHeader(http.StatusNoContent)
	})
}
