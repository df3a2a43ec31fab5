package client

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Target is where a server is asked: its admin API, or the monitoring port.
type Target struct {
	url *url.URL
	// Monitor tells that only the monitoring port answers there, which is read-only and which a
	// nats-server has as well.
	Monitor bool
}

// The schemes of a Target.
const (
	schemeUnix  = "unix"
	schemeHTTP  = "http"
	schemeHTTPS = "https"
)

// ParseTarget reads an address: unix:///path, http://host:port or https://host:port. Without a scheme
// a path is a socket, and host:port is http.
func ParseTarget(text string) (Target, error) {
	switch {
	case text == "":
		return Target{}, errors.New("the address is empty")
	case strings.HasPrefix(text, "/"), strings.HasPrefix(text, "."):
		text = schemeUnix + "://" + text
	case strings.HasPrefix(text, schemeUnix+":/") && !strings.HasPrefix(text, schemeUnix+"://"):
		text = schemeUnix + "://" + strings.TrimPrefix(text, schemeUnix+":")
	case !strings.Contains(text, "://"):
		text = schemeHTTP + "://" + text
	}
	if path, ok := strings.CutPrefix(text, schemeUnix+"://"); ok {
		if path == "" {
			return Target{}, fmt.Errorf("%s names no socket", text)
		}
		return Target{url: &url.URL{Scheme: schemeUnix, Path: path}}, nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return Target{}, errors.New("the address is no URL") // the text may hold a password
	case u.Scheme != schemeHTTP && u.Scheme != schemeHTTPS:
		return Target{}, fmt.Errorf("%s:// is not spoken: use unix://, http:// or https://", u.Scheme)
	case u.Host == "":
		return Target{}, errors.New("the address names no host")
	case u.User != nil:
		return Target{}, errors.New("the address holds credentials: give them with --token-file")
	}
	u.RawQuery, u.Fragment = "", ""
	u.Path = strings.TrimRight(u.Path, "/")
	return Target{url: u}, nil
}

// String returns the address.
func (t Target) String() string {
	switch {
	case t.url == nil:
		return ""
	case t.url.Scheme == schemeUnix:
		return schemeUnix + "://" + t.url.Path
	}
	return t.url.String()
}

// Secure tells that nobody on the way can read what is sent.
func (t Target) Secure() bool {
	switch t.url.Scheme {
	case schemeUnix, schemeHTTPS:
		return true
	}
	host := t.url.Hostname()
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// base is the part of a request's URL before the path of the API.
func (t Target) base() string {
	if t.url.Scheme == schemeUnix {
		return schemeHTTP + "://localhost" // the socket is dialled; the host must name somebody local
	}
	return t.url.String()
}
