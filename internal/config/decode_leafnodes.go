package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nats-io/nkeys"

	"natsd/internal/perm"
)

// leafPort is the port of a leafnode address that names none.
const leafPort = "7422"

func decodeLeafnodes(root *block, o *Options) {
	if !root.has("leafnodes") {
		return
	}
	b := root.block("leafnodes")
	l := &Leafnodes{
		Host: b.str("host"), Port: b.int("port"), Pos: b.pos, TLS: decodeTLS(b.block("tls"), tlsLeaf),
		Advertise: b.str("advertise"), NoAdvertise: b.bool("no_advertise"), MinVersion: b.str("min_version"),
		Compression: decodeCompression(b.block("compression")), Isolate: b.bool("isolate_leafnode_interest"),
		Reconnect: b.dur("reconnect"), DialTimeout: b.dur("dial_timeout"),
	}
	l.WriteDeadline, l.WriteTimeout = writePolicy(b, o)
	l.Auth = decodeLeafAuth(b.block("authorization"), l.TLS)
	for _, r := range b.list("remotes") {
		l.Remotes = append(l.Remotes, decodeRemote(r, l))
	}
	o.Leafnodes = l
}

func decodeLeafAuth(b *block, t *TLS) LeafAuth {
	a := LeafAuth{
		User: b.str("user"), Password: b.secret("password"), NKey: b.str("nkey"), Account: b.str("account"),
		Timeout: authTimeout(b, t), ProxyRequired: b.bool("proxy_required"),
	}
	if b.good("nkey") && !nkeys.IsValidPublicUserKey(a.NKey) {
		b.errorf("nkey", "Not a valid public nkey for leafnode authorization")
	}
	if b.has("user") && len(b.list("users")) > 0 {
		b.errorf("users", "can not have a single user/pass and a users array")
	}
	seen := map[string]bool{}
	for _, u := range b.list("users") {
		name := u.str("user")
		if seen[name] {
			u.errorf("user", "duplicate user %q detected in leafnode authorization", name)
		}
		seen[name] = true
		a.Users = append(a.Users, LeafUser{Name: name, Password: u.secret("password"), Account: u.str("account"), ProxyRequired: u.bool("proxy_required"), Pos: u.pos})
	}
	return a
}

func decodeRemote(b *block, l *Leafnodes) LeafRemote {
	r := LeafRemote{
		URLs:    remoteURLs(b),
		Account: b.str("account"), Credentials: expandPath(b.str("credentials")), NKey: b.secret("nkey"),
		TLS: decodeTLS(b.block("tls"), tlsDial), NoRandomize: b.bool("no_randomize"), Hub: b.bool("hub"),
		DenyImports: subjects(b, "deny_imports", perm.CheckPublish), DenyExports: subjects(b, "deny_exports", perm.CheckPublish),
		Compression:   decodeCompression(b.block("compression")),
		WSCompression: b.bool("ws_compression"), WSNoMasking: b.bool("ws_no_masking"),
		Isolate: b.bool("isolate_leafnode_interest"), RequestIsolation: b.bool("request_isolation"),
		FirstInfoTimeout: b.dur("first_info_timeout"), DialTimeout: b.dur("dial_timeout"),
		Disabled: b.bool("disabled"), IgnoreDiscovered: b.bool("ignore_discovered_servers"), Pos: b.pos,
	}
	if r.DialTimeout == 0 {
		r.DialTimeout = l.DialTimeout
	}
	if m := b.block("jetstream_cluster_migrate"); m.present {
		r.MigrateJetStream, r.MigrateDelay = m.bool("enabled"), m.dur("leader_migrate_delay")
	}
	if b.has("credentials") && b.has("nkey") {
		b.errorf("nkey", "Remote leafnode can not have both creds and nkey defined")
	}
	r.Proxy = decodeProxy(b, r)
	checkRemoteURLs(b, r)
	return r
}

// remoteURLs reads the addresses of a remote and gives those of leafnode listeners their port.
func remoteURLs(b *block) []URL {
	list := append(b.urls("url", "leafnode"), b.urls("urls", "leafnode")...)
	for i, u := range list {
		if !u.Websocket() && u.u.Port() == "" {
			c := u.Reveal()
			c.Host += ":" + leafPort
			list[i] = URL{c}
		}
	}
	return list
}

func checkRemoteURLs(b *block, r LeafRemote) {
	if !b.has("url") && !b.has("urls") {
		b.warnf("", "this remote has no url and is never connected to")
	}
	ws := func(u URL) bool { return u.Websocket() }
	plain := func(u URL) bool { return !u.Websocket() }
	if slices.ContainsFunc(r.URLs, ws) && slices.ContainsFunc(r.URLs, plain) {
		b.errorf("", "remote leaf node configuration cannot have a mix of websocket and non-websocket urls: %s", quoteURLs(r.URLs))
	}
}

func quoteURLs(list []URL) string {
	texts := make([]string, len(list))
	for i, u := range list {
		texts[i] = u.String()
	}
	return fmt.Sprintf("%q", texts)
}

func decodeProxy(b *block, r LeafRemote) *HTTPProxy {
	p := b.block("proxy")
	if !p.present {
		return nil
	}
	proxy := &HTTPProxy{User: p.str("username"), Password: p.secret("password"), Timeout: p.dur("timeout")}
	if proxy.Timeout == 0 {
		proxy.Timeout = r.DialTimeout
	}
	if list := p.urls("url", "proxy"); len(list) > 0 {
		proxy.URL = list[0]
		if s := proxy.URL.Scheme(); s != "http" && s != "https" {
			p.errorf("url", "proxy URL scheme must be http or https, got: %s", s)
		}
	}
	if p.has("username") != p.has("password") {
		p.errorf("", "proxy username and password must both be specified or both be empty")
	}
	if len(r.URLs) > 0 && !slices.ContainsFunc(r.URLs, func(u URL) bool { return u.Websocket() }) {
		p.warnf("", "the proxy has no effect: it serves ws:// and wss:// addresses only")
	}
	return proxy
}

// expandPath replaces ~ at the beginning and $VARIABLES. What is not known stays as it is, so that the
// error of opening the file shows it.
func expandPath(path string) string {
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || rest[0] == '/') {
		if home, err := os.UserHomeDir(); err == nil {
			path = filepath.Join(home, rest)
		}
	}
	return os.Expand(path, func(name string) string {
		if v, ok := os.LookupEnv(name); ok {
			return v
		}
		return "$" + name
	})
}

func checkLeafnodes(root *block, o *Options) {
	l, b := o.Leafnodes, root.block("leafnodes")
	if l == nil {
		return
	}
	if o.Operator == nil {
		checkLeafAccounts(b, o)
	}
	first := map[string]Pos{}
	for _, r := range l.Remotes {
		key := fmt.Sprintf("urls=%s, account=%q", quoteURLs(r.URLs), r.Account)
		whole := key + r.Credentials
		for _, u := range r.URLs {
			whole += u.Reveal().String()
		}
		if _, twice := first[whole]; twice && len(r.URLs) > 0 {
			b.d.errorAt(r.Pos, "leafnodes.remotes", "duplicate remote %s", key)
		}
		first[whole] = r.Pos
	}
	if o.Gateway != nil && o.Gateway.Name != "" && !noLeafnodes(b) && !root.has("system_account") {
		b.errorf("", "leaf nodes and gateways (both being defined) require a system account to also be configured")
	}
}

// checkLeafAccounts wants the accounts that leafnodes are bound to.
func checkLeafAccounts(b *block, o *Options) {
	known := func(from *block, where string) {
		if name := from.str("account"); name != "" && !o.knownAccount(name) {
			from.errorf("account", "cannot find local account %q specified in leafnode %s", name, where)
		}
	}
	auth := b.block("authorization")
	known(auth, "authorization")
	for _, u := range auth.list("users") {
		known(u, "authorization")
	}
	for _, r := range b.list("remotes") {
		known(r, "remote")
	}
}
