package status

import (
	"net/netip"
	"time"
)

// Kind says what is at the other end of a connection.
type Kind uint8

// The kinds of connections; the zero Kind is a client.
const (
	Client Kind = iota
	Leafnode
	Router
	Gateway
	System
	JetStream
	AccountKind
)

// String returns the name that monitoring shows.
func (k Kind) String() string {
	switch k {
	case Client:
		return "Client"
	case Leafnode:
		return "Leafnode"
	case Router:
		return "Router"
	case Gateway:
		return "Gateway"
	case System:
		return "System"
	case JetStream:
		return "JetStream"
	case AccountKind:
		return "Account"
	}
	return "Unknown"
}

// The protocols of client connections, values of Facts.Type.
const (
	TypeNATS      = "nats"
	TypeMQTT      = "mqtt"
	TypeWebsocket = "websocket"
)

// Facts are what is known of a connection and rarely changes: at accept, after the TLS handshake,
// after CONNECT, after a reload that grants something else. A Facts value is immutable once it is
// published; its connection replaces it as a whole.
type Facts struct {
	CID    uint64 // one counter for all kinds of connections
	Kind   Kind
	Type   string         // one of the Type constants for clients, empty for others
	Remote netip.AddrPort // the client's own address when a PROXY header told it
	Start  time.Time

	Name    string // from CONNECT; of a leaf node the name of the remote server
	Lang    string
	Version string

	TLS *TLS // nil on plain connections and before the handshake is done

	// User is shown as authorized_user: user name, public nkey, subject of a JWT. For a token it is
	// "[REDACTED]"; a secret must never stand here.
	User       string
	Account    string   // empty before authentication
	AccountTag string   // display name of the account; plain accounts have their own name
	JWT        string   // user JWT; empty for bearer JWTs, which are secrets
	IssuerKey  string   // signing key or account key of a JWT; the account's name for nkey users
	Tags       []string // of the user JWT

	MQTTClient string // MQTT client id
	ProxyKey   string // public key of the trusted proxy that vouched for the client
}

// TLS describes the secured side of a connection.
type TLS struct {
	Version     uint16 // as in crypto/tls
	CipherSuite uint16
	First       bool // the handshake came before INFO
	PeerCerts   []PeerCert
}

// PeerCert is a certificate that the client showed.
type PeerCert struct {
	Subject    string `json:"subject,omitempty"`
	SPKISHA256 string `json:"spki_sha256,omitempty"` // lower-case hex
	CertSHA256 string `json:"cert_sha256,omitempty"` // lower-case hex
}

// Conn is one row: the facts of a connection and its counters at one moment.
type Conn struct {
	Facts *Facts

	Traffic
	Stalls       int64
	Pending      int64         // bytes in the outbound queue
	Subs         int           // number of subscriptions
	RTT          time.Duration // 0 is not measured yet
	LastActivity int64         // Unix nanoseconds; moved by messages, SUB and UNSUB, not by PING and PONG
}

// Closed is a connection that has ended, frozen at that moment. It is immutable.
type Closed struct {
	Conn
	Stop   time.Time
	Reason string // text of the close reason, "Client Closed"
	// Subscriptions holds what it was subscribed to, with account. Whoever fills it may keep only the
	// first ones to bound memory; Conn.Subs stays the true number.
	Subscriptions []Sub
}

// Sub is one subscription.
type Sub struct {
	Account    string `json:"account,omitempty"`
	AccountTag string `json:"account_tag,omitempty"`
	Subject    string `json:"subject"`
	Queue      string `json:"qgroup,omitempty"`
	SID        string `json:"sid"`
	Msgs       int64  `json:"msgs"`          // delivered
	Max        int64  `json:"max,omitempty"` // auto-unsubscribe limit
	CID        uint64 `json:"cid"`
}
