package api

import "time"

// The states of a [Connection].
const (
	StateOpen   = "open"
	StateClosed = "closed"
)

// Connection is one connection of a client or leaf node, open or closed. Its keys are those of connz, and
// some more.
type Connection struct {
	CID          uint64     `json:"cid"`
	State        string     `json:"state"`
	Kind         string     `json:"kind"`
	Type         string     `json:"type,omitempty"`
	IP           string     `json:"ip"`
	Port         int        `json:"port"`
	Start        time.Time  `json:"start"`
	LastActivity time.Time  `json:"last_activity"`
	Stop         *time.Time `json:"stop,omitempty"`
	Reason       string     `json:"reason,omitempty"` // why it was closed
	RTT          string     `json:"rtt,omitempty"`
	Uptime       string     `json:"uptime"`
	Idle         string     `json:"idle"`
	Pending      int64      `json:"pending_bytes"`
	InMsgs       int64      `json:"in_msgs"`
	OutMsgs      int64      `json:"out_msgs"`
	InBytes      int64      `json:"in_bytes"`
	OutBytes     int64      `json:"out_bytes"`
	Stalls       int64      `json:"stalls,omitempty"`
	Subs         int        `json:"subscriptions"`
	Name         string     `json:"name,omitempty"`
	Lang         string     `json:"lang,omitempty"`
	Version      string     `json:"version,omitempty"`
	User         string     `json:"authorized_user,omitempty"`
	Account      string     `json:"account,omitempty"` // empty until the client has been let in
	TLSVersion   string     `json:"tls_version,omitempty"`
	TLSCipher    string     `json:"tls_cipher_suite,omitempty"`
	TLSFirst     bool       `json:"tls_first,omitempty"`
	TLSPeerCerts []PeerCert `json:"tls_peer_certs,omitempty"`
	JWT          string     `json:"jwt,omitempty"`
	IssuerKey    string     `json:"issuer_key,omitempty"`
	NameTag      string     `json:"name_tag,omitempty"`
	Tags         []string   `json:"tags,omitempty"`
	MQTTClient   string     `json:"mqtt_client,omitempty"`
	Proxy        *Proxy     `json:"proxy,omitempty"`

	// Rates are there once the connection has been watched for a second; it is watched while somebody
	// asks.
	Rates *Rates `json:"rates,omitempty"`

	SubsList   []string       `json:"subscriptions_list,omitempty"`
	SubsDetail []Subscription `json:"subscriptions_list_detail,omitempty"`
}

// PeerCert is a certificate that a client has shown.
type PeerCert struct {
	Subject    string `json:"subject,omitempty"`
	SPKISHA256 string `json:"spki_sha256,omitempty"`
	CertSHA256 string `json:"cert_sha256,omitempty"`
}

// Proxy is the trusted proxy that vouched for a client.
type Proxy struct {
	Key string `json:"key"`
}

// Rates are per second, as means over about one second and about ten.
type Rates struct {
	InMsgs   Rate `json:"in_msgs"`
	OutMsgs  Rate `json:"out_msgs"`
	InBytes  Rate `json:"in_bytes"`
	OutBytes Rate `json:"out_bytes"`
}

// Rate is how fast a counter grows, per second.
type Rate struct {
	Second float64 `json:"1s"`
	Ten    float64 `json:"10s"`
}

// Subscription is one subscription of a connection, or of the server itself: then CID is 0.
type Subscription struct {
	Account    string `json:"account,omitempty"`
	AccountTag string `json:"account_tag,omitempty"`
	Subject    string `json:"subject"`
	Queue      string `json:"qgroup,omitempty"`
	SID        string `json:"sid"`
	Msgs       int64  `json:"msgs"` // delivered
	Max        int64  `json:"max,omitempty"`
	CID        uint64 `json:"cid"`
}

// ClosedSummary counts the closed connections that the server remembers.
type ClosedSummary struct {
	Now    time.Time     `json:"now"`
	Window string        `json:"window,omitempty"` // how far back; all that is remembered when empty
	By     []string      `json:"by"`
	Total  int           `json:"total"`
	Oldest *time.Time    `json:"oldest,omitempty"` // end of the first one that is remembered
	Groups []ClosedGroup `json:"groups"`           // the largest first
}

// ClosedGroup counts closed connections that have something in common. Fields that were not asked for are
// empty.
type ClosedGroup struct {
	Reason  string    `json:"reason,omitempty"`
	Account string    `json:"account,omitempty"`
	User    string    `json:"user,omitempty"`
	IP      string    `json:"ip,omitempty"`
	Count   int       `json:"count"`
	Last    time.Time `json:"last"`
}
