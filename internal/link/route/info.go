package route

import (
	"encoding/json"

	"natsd/internal/wire"
)

// Info is the INFO of a route. The fields from Nonce on differ between connections or between one INFO
// and the next.
type Info struct {
	ServerID     string `json:"server_id"`
	ServerName   string `json:"server_name"`
	Version      string `json:"version"`
	Proto        int    `json:"proto"`
	Go           string `json:"go"`
	Host         string `json:"host"`
	Port         int    `json:"port"`
	Headers      bool   `json:"headers"`
	AuthRequired bool   `json:"auth_required,omitempty"`
	TLSRequired  bool   `json:"tls_required,omitempty"`
	TLSVerify    bool   `json:"tls_verify,omitempty"`
	MaxPayload   int    `json:"max_payload"`
	JetStream    bool   `json:"jetstream,omitempty"`
	IP           string `json:"ip,omitempty"` // as a URL; who tells others of a server fills it in
	Nonce        string `json:"nonce,omitempty"`

	Cluster        string   `json:"cluster,omitempty"`
	ClusterDynamic bool     `json:"cluster_dynamic,omitempty"`
	Domain         string   `json:"domain,omitempty"`
	ConnectURLs    []string `json:"connect_urls,omitempty"`
	WSConnectURLs  []string `json:"ws_connect_urls,omitempty"`
	LameDuck       bool     `json:"ldm,omitempty"`
	Compression    string   `json:"compression,omitempty"`
	Import         *rules   `json:"import,omitempty"`
	Export         *rules   `json:"export,omitempty"`
	LNOC           bool     `json:"lnoc,omitempty"`
	LNOCU          bool     `json:"lnocu,omitempty"`

	Gateway    string   `json:"gateway,omitempty"`
	GatewayURL string   `json:"gateway_url,omitempty"`
	LeafURLs   []string `json:"leafnode_urls,omitempty"`
	PoolSize   int      `json:"route_pool_size,omitempty"`
	PoolIndex  int      `json:"route_pool_idx,omitempty"`
	Account    string   `json:"route_account,omitempty"`
	AddRequest string   `json:"route_acc_add_reqid,omitempty"`
	GossipMode int      `json:"gossip_mode,omitempty"`

	connectedTo string // address that the server was seen at
}

// rules are permissions as INFO shows them.
type rules struct {
	Allow []string `json:"allow,omitempty"`
	Deny  []string `json:"deny,omitempty"`
}

// The values of gossip_mode: what who is told of a server tells others.
const (
	gossipDefault  = 0
	gossipDisabled = 1 // nobody, they have been told
	gossipOverride = 2 // everybody
)

// line returns the INFO line.
func (i *Info) line() []byte {
	text, err := json.Marshal(i)
	if err != nil {
		return nil // unreachable: the type holds strings, numbers and booleans only
	}
	return wire.AppendInfo(nil, text)
}

// connect is CONNECT of the side that has dialed.
type connect struct {
	Echo           bool   `json:"echo"`
	Verbose        bool   `json:"verbose"`
	Pedantic       bool   `json:"pedantic"`
	User           string `json:"user,omitempty"`
	Pass           string `json:"pass,omitempty"`
	TLS            bool   `json:"tls_required"`
	Headers        bool   `json:"headers"`
	Name           string `json:"name"` // id of the server
	Cluster        string `json:"cluster"`
	ClusterDynamic bool   `json:"cluster_dynamic,omitempty"`
	LNOC           bool   `json:"lnoc,omitempty"`
	Gateway        string `json:"gateway,omitempty"` // of those who dialed the wrong port
	Lang           string `json:"lang,omitempty"`    // of clients who did
}

func (c *connect) line() []byte {
	text, err := json.Marshal(c) //nolint:gosec // the password is for the other side
	if err != nil {
		return nil // unreachable, as above
	}
	return append(append([]byte("CONNECT "), text...), wire.CRLF...)
}
