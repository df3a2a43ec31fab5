package reload

import (
	"net/netip"
	"slices"
	"strings"

	"natsd/internal/config"
	"natsd/internal/config/syntax"
)

// guard lists what next would take away that only somebody who means it may take away. A file that
// was cut off between two blocks is a valid file that says just this.
func guard(old, next *config.Options) []syntax.Problem {
	var out []syntax.Problem
	refuse := func(key, message string) {
		out = append(out, syntax.Problem{Pos: syntax.Pos{File: next.Shown}, Key: key, Message: message, Hint: guardHint})
	}
	removed := authenticates(old) && !authenticates(next)
	switch {
	case removed:
		refuse("authorization", "this would take away all authentication: everybody could connect")
	case knows(old) && !knows(next):
		refuse("authorization", "this would take away all users: everybody with a certificate could connect and do everything")
	}
	if len(old.Accounts) > 0 && len(next.Accounts) == 0 {
		refuse("accounts", "this would take away all accounts")
	}
	was := map[string]listener{}
	for _, l := range listeners(old) {
		was[l.key] = l
	}
	for _, l := range listeners(next) {
		before, ok := was[l.key]
		if !ok {
			continue
		}
		if before.tls && !l.tls {
			refuse(l.tlsKey, "this would take TLS away from the listener for "+l.what)
		}
		if before.closed && !l.closed && l.own && !removed {
			refuse(l.key+".authorization", "this would take away all authentication of the listener for "+l.what)
		}
		if loopback(before.host) && !loopback(l.host) && !l.closed {
			refuse(l.hostKey, "this would open the listener for "+l.what+" on "+l.host+" to everybody: there is no authentication")
		}
	}
	return out
}

const guardHint = "if it is meant: allow_auth_removal: true in the configuration that runs permits it, and so does a restart"

// authenticates tells that clients have to show something to be let in.
func authenticates(o *config.Options) bool {
	return knows(o) || o.Authorization.ProxyRequired || !o.AllowNonTLS && mutual(o.TLS)
}

// knows tells that clients have to be somebody whom the configuration knows.
func knows(o *config.Options) bool {
	hasUsers := func(a config.Account) bool { return len(a.Users) > 0 }
	return o.Authorization.Enabled() || slices.ContainsFunc(o.Accounts, hasUsers) || o.Operator != nil
}

// mutual tells that a client without the right certificate gets nowhere.
func mutual(t *config.TLS) bool { return t != nil && (t.Verify || len(t.PinnedCerts) > 0) }

// listener is what the guard has to know of one.
type listener struct {
	key, what       string
	host            string
	hostKey, tlsKey string
	tls             bool
	closed          bool // not everybody is let in
	own             bool // its authentication is not that of the clients
}

// listeners returns those that o switches on.
func listeners(o *config.Options) (out []listener) {
	auth := authenticates(o)
	add := func(on bool, l listener) {
		if on {
			out = append(out, l)
		}
	}
	add(true, listener{key: "client", what: "clients", host: o.Host, hostKey: "host", tlsKey: "tls", tls: o.TLS != nil, closed: auth})
	add(o.Monitoring.HTTPPort != 0, listener{key: "http", what: "monitoring", host: o.Monitoring.HTTPHost, hostKey: "http", closed: o.Monitoring.Auth})
	add(o.Monitoring.HTTPSPort != 0, listener{key: "https", what: "monitoring", host: o.Monitoring.HTTPSHost, hostKey: "https", closed: o.Monitoring.Auth})
	add(o.ProfPort != 0, listener{key: "profiles", what: "profiles", host: o.Host, hostKey: "host"}) // never asks
	if c := o.Cluster; c != nil && c.Port != 0 {
		add(true, peers("cluster", "routes", c.Host, c.TLS, c.Auth.User != "" || mutual(c.TLS)))
	}
	if g := o.Gateway; g != nil && g.Port != 0 {
		add(true, peers("gateway", "gateways", g.Host, g.TLS, g.Auth.User != "" || mutual(g.TLS)))
	}
	if l := o.Leafnodes; l != nil && l.Port != 0 {
		add(true, peers("leafnodes", "leafnodes", l.Host, l.TLS, auth || l.Auth.User != "" || l.Auth.NKey != "" || len(l.Auth.Users) > 0 || mutual(l.TLS)))
	}
	if w := o.Websocket; w != nil && w.Port != 0 {
		add(true, peers("websocket", "WebSocket clients", w.Host, w.TLS, auth || w.Auth.User != "" || w.Auth.Token != "" || mutual(w.TLS)))
	}
	if m := o.MQTT; m != nil && m.Port != 0 {
		add(true, peers("mqtt", "MQTT clients", m.Host, m.TLS, auth || m.Auth.User != "" || m.Auth.Token != "" || mutual(m.TLS)))
	}
	return out
}

func peers(key, what, host string, t *config.TLS, closed bool) listener {
	return listener{key: key, what: what, host: host, hostKey: key + ".host", tlsKey: key + ".tls", tls: t != nil, closed: closed, own: true}
}

// loopback tells that an address can be reached from this machine only.
func loopback(host string) bool {
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
