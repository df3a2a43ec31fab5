package status

import "time"

// Server is what a server says about itself. Values that come straight from the configuration are not
// repeated here: readers take them from the options snapshot.
type Server struct {
	ID           string // 56 characters, a public server nkey, new for each process
	Name         string // configured name, or ID
	Version      string // what INFO tells clients; begins with the nats-server release it matches
	NatsdVersion string
	Commit       string // first 7 digits of the revision, or empty

	Started      time.Time
	ConfigLoaded time.Time // Started, then the last successful reload

	// Ports that are bound, where the configuration may have asked for a free one; 0 is not
	// listening.
	Port, HTTPPort, HTTPSPort int

	ConnectURLs   []string // as in INFO, empty when nothing is advertised
	WSConnectURLs []string

	Cluster Cluster

	AuthRequired  bool
	SystemAccount string    // empty without one
	CertNotAfter  time.Time // end of the first certificate of the client listener; zero without TLS
}

// Counters are the totals of a server since it started, except for those named current.
type Counters struct {
	Connections      int // current, clients only
	TotalConnections uint64
	Routes           int    // current, each pooled connection counts
	Remotes          int    // current, distinct remote servers
	Leafnodes        int    // current
	Subs             uint32 // current, over all accounts, internal ones included

	Traffic Traffic // over connections of every kind
	Clients Traffic // client connections only

	SlowConsumers    KindCounts
	StaleConnections KindCounts
	Stalls           int64 // times a producer was held up for slow receivers

	// Connections that have ended, by reason; reasons that occurred.
	Closed, RoutesClosed map[string]uint64
	// Those among them that were never let in: wrong credentials, none, a distrusted proxy.
	Refused, RoutesRefused map[string]uint64

	PinnedAccountFails uint64

	Log LogCounters
}

// LogCounters says how the log fares.
type LogCounters struct {
	Written    uint64 `json:"written"`    // lines
	Dropped    uint64 `json:"dropped"`    // lines that the disk or the syslog server did not take
	Suppressed uint64 `json:"suppressed"` // repeated lines that were counted instead of written
	Rotated    uint64 `json:"rotated"`    // files
	Failing    bool   `json:"failing"`    // lines are being lost at the moment
}

// Traffic counts messages and their bytes, headers included, protocol overhead not.
type Traffic struct {
	InMsgs, InBytes   int64 // received by the server
	OutMsgs, OutBytes int64 // sent by the server
}

// Add returns the sum of both.
func (t Traffic) Add(o Traffic) Traffic {
	return Traffic{t.InMsgs + o.InMsgs, t.InBytes + o.InBytes, t.OutMsgs + o.OutMsgs, t.OutBytes + o.OutBytes}
}

// KindCounts counts something per kind of connection.
type KindCounts struct {
	Clients  uint64 `json:"clients"`
	Routes   uint64 `json:"routes"`
	Gateways uint64 `json:"gateways"`
	Leafs    uint64 `json:"leafs"`
}

// Total is the sum over all kinds.
func (k KindCounts) Total() uint64 { return k.Clients + k.Routes + k.Gateways + k.Leafs }
