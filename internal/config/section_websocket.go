package config

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

var websocketSection = section{decode: decodeWebsocket, check: checkWebsocket, keys: slices.Concat(
	[]Key{
		{Path: "websocket", Aliases: []string{"ws"}, Type: Block, Pending: "WebSocket connections", Refuse: true, Idle: noPort, Doc: "Listener for clients over WebSocket."},
	},
	listenKeys("websocket", "WebSocket clients"),
	tlsKeys("websocket.tls"),
	listenerAuthKeys("websocket.authorization"),
	under("websocket.", []Key{
		{Path: "advertise", Type: Text, Check: checkPeerAdvertise("Websocket.Advertise"), Doc: "Address told to clients."},
		{Path: "no_tls", Type: Bool, Default: false, Doc: "Permits a listener without TLS."},
		{Path: "same_origin", Type: Bool, Default: false, Doc: "The Origin header must name this host."},
		{Path: "allowed_origins", Aliases: []string{"allowed_origin", "allow_origins", "allow_origin", "origins", "origin"}, Type: Strings, Doc: "Origins that may connect; all when not set."},
		{Path: "handshake_timeout", Type: WholeSeconds, Check: checkAtLeast0("handshake_timeout"), Doc: "Time that the upgrade may take; 0 is no limit."},
		{Path: "compression", Aliases: []string{"compress"}, Type: Bool, Default: false, Doc: "Compresses messages for clients that can read it."},
		{Path: "no_auth_user", Type: Text, Doc: "User or nkey that WebSocket clients without credentials become."},
		{Path: "jwt_cookie", Type: Text, Doc: "Cookie that holds a user JWT."},
		{Path: "user_cookie", Type: Text, Doc: "Cookie that holds the user name."},
		{Path: "pass_cookie", Type: Text, Doc: "Cookie that holds the password."},
		{Path: "token_cookie", Type: Text, Doc: "Cookie that holds the token."},
		{Path: "headers", Type: Names, Doc: "Headers of the answer to the upgrade."},
		{Path: "headers.*", Type: Text, Doc: "Value of the header."},
		{Path: "ping_interval", Type: DurationOrSeconds, Check: checkAtLeast0("ping_interval"), Doc: "Time between pings; the top-level value when not set."},
	}),
)}

// listenerAuthKeys describes the authorization block of a listener that has its own.
func listenerAuthKeys(prefix string) []Key {
	return under(prefix, []Key{
		{Path: "", Aliases: []string{"authentication"}, Type: Block, Doc: "The only user, or the token, of clients of this listener; the top-level block when not set."},
		{Path: ".user", Aliases: []string{"username"}, Type: Text, Doc: "User name."},
		{Path: ".password", Aliases: []string{"pass"}, Type: Text, Secret: true, Doc: "Password, in clear or as bcrypt hash."},
		{Path: ".token", Type: Text, Secret: true, Doc: "Token."},
		{Path: ".timeout", Type: PlainSeconds, Check: checkAtLeast0("timeout"), Reload: NewOnly, Doc: "Time in which a client must prove who it is; that of the top-level block when not set."},
	})
}

func decodeListenerAuth(b *block) ListenerAuth {
	return ListenerAuth{User: b.str("user"), Password: b.secret("password"), Token: b.secret("token"), Timeout: b.dur("timeout")}
}

func decodeWebsocket(root *block, o *Options) {
	if !root.has("websocket") {
		return
	}
	b := root.block("websocket")
	w := &Websocket{
		Host: b.str("host"), Port: b.int("port"), Advertise: b.str("advertise"), NoTLS: b.bool("no_tls"),
		TLS: decodeTLS(b.block("tls"), tlsListen), SameOrigin: b.bool("same_origin"),
		HandshakeTimeout: b.dur("handshake_timeout"), Compression: b.bool("compression"), PingInterval: b.dur("ping_interval"),
		Auth: decodeListenerAuth(b.block("authorization")), NoAuthUser: b.str("no_auth_user"),
		JWTCookie: b.str("jwt_cookie"), UserCookie: b.str("user_cookie"), PassCookie: b.str("pass_cookie"), TokenCookie: b.str("token_cookie"),
		Pos: b.pos,
	}
	if w.PingInterval == 0 {
		w.PingInterval = o.Limits.PingInterval
	}
	for i, s := range b.strs("allowed_origins") {
		origin, err := parseOrigin(s)
		if err != nil {
			b.d.errorAt(elementPos(b, "allowed_origins", i), "websocket.allowed_origins", "%s", err)
			continue
		}
		w.AllowedOrigins = append(w.AllowedOrigins, origin)
	}
	for _, h := range b.names("headers") {
		value, ok := h.Plain.(string)
		if !ok {
			continue // told already
		}
		if forbiddenHeader(h.Name) {
			b.d.errorAt(h.Pos, "websocket.headers", "websocket: invalid header %q not allowed", h.Name)
			continue
		}
		if w.Headers == nil {
			w.Headers = map[string]string{}
		}
		w.Headers[h.Name] = value
	}
	o.Websocket = w
}

func parseOrigin(s string) (string, error) {
	u, err := url.ParseRequestURI(s)
	if err != nil {
		return "", fmt.Errorf("unable to parse allowed origin %q: it is not a URL", s)
	}
	scheme := strings.ToLower(u.Scheme)
	if (scheme != "http" && scheme != "https") || u.Host == "" {
		return "", fmt.Errorf("unable to parse allowed origin %q: allowed origins must be absolute URLs with http or https scheme", s)
	}
	return scheme + "://" + strings.ToLower(u.Host), nil
}

// forbiddenHeader names headers that belong to the upgrade itself.
func forbiddenHeader(name string) bool {
	name = strings.ToLower(strings.TrimSpace(name))
	return slices.Contains([]string{"host", "content-length", "connection", "upgrade", "nats-no-masking"}, name) ||
		strings.HasPrefix(name, "sec-websocket-")
}

func checkWebsocket(root *block, o *Options) {
	w, b := o.Websocket, root.block("websocket")
	if w == nil || w.Port == 0 {
		return
	}
	if w.TLS == nil && !w.NoTLS && !b.has("tls") {
		b.errorf("", "websocket requires TLS configuration")
	}
	if w.JWTCookie != "" && o.Operator == nil && !root.has("operator") && !root.has("trusted_keys") {
		b.errorf("jwt_cookie", "trusted operators or trusted keys configuration is required for JWT authentication via cookie %q", w.JWTCookie)
	}
	checkListenerAuth(b, "websocket", o)
	checkListenerNoAuthUser(b, w.NoAuthUser, o)
}

// checkListenerAuth refuses a listener's own user or token beside users of the whole server.
func checkListenerAuth(b *block, listener string, o *Options) {
	a := b.block("authorization")
	if len(o.allUsers()) == 0 {
		return
	}
	if a.str("user") != "" {
		a.errorf("user", "%s authentication username not compatible with presence of users/nkeys", listener)
	}
	if a.str("token") != "" {
		a.errorf("token", "%s authentication token not compatible with presence of users/nkeys", listener)
	}
}

func checkListenerNoAuthUser(b *block, name string, o *Options) {
	users := o.allUsers()
	switch {
	case name == "":
	case o.Operator != nil:
		b.errorf("no_auth_user", "no_auth_user not compatible with Trusted Operator")
	case len(users) == 0:
		b.errorf("no_auth_user", "no_auth_user: %q present, but users/nkeys are not defined", name)
	case !slices.ContainsFunc(users, func(u User) bool { return u.Name == name || u.NKey == name }):
		b.errorf("no_auth_user", "no_auth_user: %q not present as user or nkey in authorization block or account configuration", name)
	}
}
