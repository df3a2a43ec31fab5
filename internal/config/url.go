package config

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"natsd/internal/config/syntax"
)

// URL is the address of another server. It may hold credentials, so every way of printing it hides
// them; only [URL.Reveal] hands them out.
type URL struct{ u *url.URL }

// Reveal returns the address with its credentials, to the code that dials it. The caller owns it.
func (u URL) Reveal() *url.URL {
	c := *u.u
	return &c
}

// Scheme returns the part before "://", in lower case.
func (u URL) Scheme() string { return strings.ToLower(u.u.Scheme) }

// Hostname returns the host without port and brackets.
func (u URL) Hostname() string { return u.u.Hostname() }

// Websocket tells that the address is dialled as a WebSocket.
func (u URL) Websocket() bool { return u.Scheme() == "ws" || u.Scheme() == "wss" }

// String implements [fmt.Stringer]. The password is hidden.
func (u URL) String() string {
	if u.u == nil {
		return ""
	}
	c := *u.u
	if c.User != nil {
		c.User = url.User(redacted)
	}
	return strings.Replace(c.String(), url.User(redacted).String(), redacted, 1)
}

// GoString implements [fmt.GoStringer].
func (u URL) GoString() string { return u.String() }

// MarshalText implements [encoding.TextMarshaler].
func (u URL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

func (u URL) equal(o URL) bool { return u.u.String() == o.u.String() }

// parseURL reads one address. Errors do not show credentials.
func parseURL(text, kind string) (URL, error) {
	u, err := url.Parse(text)
	if err != nil || (u.Host == "" && u.Scheme != "") {
		return URL{}, fmt.Errorf("error parsing %s url [%q]", kind, maskCredentials(text))
	}
	return URL{u}, nil
}

// maskCredentials hides what stands before the host of something that may be a URL.
func maskCredentials(text string) string {
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return text
	}
	scheme := ""
	if i := strings.Index(text, "://"); i >= 0 && i < at {
		scheme = text[:i+3]
	}
	return scheme + redacted + text[at:]
}

// urls reads the addresses under name, whether one string or an array. Equal ones are kept once, with
// a warning at the repetition.
func (b *block) urls(name, kind string) []URL {
	v := b.raw(name)
	if v == nil || !b.good(name) {
		return nil
	}
	items := v.Items
	if v.Kind == syntax.String {
		items = []*syntax.Value{v}
	}
	var out []URL
	path := join(b.path, name)
	for _, item := range items {
		u, err := parseURL(strings.TrimSpace(item.Str), kind)
		switch {
		case err != nil && b.prefix(name) != "":
			b.errorf(name, "%s", err)
		case err != nil:
			b.d.errorAt(item.Pos, path, "%s", err)
		case slices.ContainsFunc(out, u.equal):
			b.d.warnAt(item.Pos, path, "invalid use of field %q: Duplicate %s entry detected", u, kind)
		default:
			out = append(out, u)
		}
	}
	return out
}
