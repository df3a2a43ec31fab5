package status

import "time"

// Account is the summary of one account: atomics and facts, cheap for tens of thousands of them.
type Account struct {
	Name string
	Tag  string // display name; plain accounts have their own name

	Clients   int    // local client connections, without those of the system account's own services
	Leafnodes int    // local leaf node connections
	Subs      uint32 // entries of its index

	Sent     AccountTraffic // out to clients, leaf nodes, routes and gateways
	Received AccountTraffic

	SlowConsumers int64
}

// AccountTraffic counts messages of an account in one direction; the parts of gateways, routes and
// leaf nodes are included in the totals.
type AccountTraffic struct {
	Msgs     int64  `json:"msgs"`
	Bytes    int64  `json:"bytes"`
	Gateways Volume `json:"gateways"`
	Routes   Volume `json:"routes"`
	Leafs    Volume `json:"leafs"`
}

// Volume is a number of messages and their bytes.
type Volume struct {
	Msgs  int64 `json:"msgs"`
	Bytes int64 `json:"bytes"`
}

// AccountDetail is one account with its policy.
type AccountDetail struct {
	Account

	Updated   time.Time // when its policy was last set
	System    bool
	Expired   bool
	Complete  bool // all of its imports are resolved
	JetStream bool
	IssuerKey string // operator mode
	JWT       string
	Tags      []string

	Mappings map[string][]MapTarget // by source subject
	Exports  []Export
	Imports  []Import

	Index IndexStats
}

// MapTarget is one destination of a subject mapping. Weights of the destinations of one source are
// cumulative: 60/40 shows as 40 and 100.
type MapTarget struct {
	Subject string `json:"subject"`
	Weight  uint8  `json:"weight"`
	Cluster string `json:"cluster,omitempty"`
}

// Export is what an account offers to others.
type Export struct {
	Subject          string   `json:"subject"`
	Type             string   `json:"type"`                    // "stream" or "service"
	ResponseType     string   `json:"response_type,omitempty"` // "Singleton", "Streamed", "Chunked"
	ApprovedAccounts []string `json:"approved_accounts,omitempty"`
}

// Import is what an account takes from another.
type Import struct {
	Subject      string `json:"subject"`
	Account      string `json:"account"`
	To           string `json:"to,omitempty"`
	LocalSubject string `json:"local_subject,omitempty"`
	Type         string `json:"type"` // "stream" or "service"
	Invalid      bool   `json:"invalid"`
	Share        bool   `json:"share"`
	Tracking     bool   `json:"tracking"`
}

// IndexStats describes the subscription index of an account. Sums instead of averages, so that those
// of several accounts can be added.
type IndexStats struct {
	Subs    uint32 // entries now
	Cached  uint32 // cached match results now
	Inserts uint64
	Removes uint64
	Matches uint64
	Hits    uint64 // matches answered from a cache

	MaxFanout   uint32 // most receivers of one match
	FanoutSum   uint64 // receivers over FanoutCount matches
	FanoutCount uint64
}

// Add returns the statistics of both indexes together.
func (s IndexStats) Add(o IndexStats) IndexStats {
	s.Subs += o.Subs
	s.Cached += o.Cached
	s.Inserts += o.Inserts
	s.Removes += o.Removes
	s.Matches += o.Matches
	s.Hits += o.Hits
	s.MaxFanout = max(s.MaxFanout, o.MaxFanout)
	s.FanoutSum += o.FanoutSum
	s.FanoutCount += o.FanoutCount
	return s
}
