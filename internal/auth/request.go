package auth

import (
	"crypto/tls"
	"log/slog"
	"net/netip"
)

// ConnType is the kind of a connection as allowed_connection_types names it.
type ConnType string

// The connection types that a user can be limited to.
const (
	Standard   ConnType = "STANDARD"
	Websocket  ConnType = "WEBSOCKET"
	Leafnode   ConnType = "LEAFNODE"
	LeafnodeWS ConnType = "LEAFNODE_WS"
	MQTT       ConnType = "MQTT"
	MQTTWS     ConnType = "MQTT_WS"
	InProcess  ConnType = "IN_PROCESS"
)

// Request is what one connection brings to be let in. It holds secrets and prints none of them.
type Request struct {
	Type   ConnType
	Remote netip.AddrPort // the client, behind a PROXY header too
	TLS    *tls.ConnectionState
	Nonce  []byte // as sent in INFO: the text itself is signed

	// Connected is false when the connection is to be let in without a CONNECT. That is granted
	// where no authentication is configured, and to no_auth_user.
	Connected bool

	// The fields of CONNECT, as they came.
	User, Pass, Token, NKey, Sig, JWT, ProxySig string
}

// String implements [fmt.Stringer] without any secret.
func (r *Request) String() string { return string(r.Type) + " from " + r.Remote.String() }

// GoString implements [fmt.GoStringer] without any secret.
func (r *Request) GoString() string { return r.String() }

// LogValue implements [slog.LogValuer] without any secret.
func (r *Request) LogValue() slog.Value { return slog.StringValue(r.String()) }

// anonymous tells whether the client gave none of the credentials that users are found by.
func (r *Request) anonymous() bool { return r.User == "" && r.Pass == "" && r.Token == "" }

// claimed is the name under which connz shows a client that nobody checked.
func (r *Request) claimed() string {
	switch {
	case r.NKey != "":
		return r.NKey
	case r.User != "":
		return r.User
	case r.Token != "":
		return tokenUser
	default:
		return ""
	}
}
