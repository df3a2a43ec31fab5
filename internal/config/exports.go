package config

import "time"

// Flow is what crosses between two accounts.
type Flow string

// The two kinds of exports and imports.
const (
	StreamFlow  Flow = "stream"  // messages from the exporter to the importer
	ServiceFlow Flow = "service" // requests from the importer, answers back
)

// Export is one entry of an account's exports: what others may import.
type Export struct {
	Flow          Flow
	Subject       string
	Accounts      []string // who may import; nil is everybody
	TokenPosition int      // 1-based token that holds the importer's name; 0 is none
	Response      string   // services: "singleton", "stream" or "chunked"
	Threshold     time.Duration
	Latency       *Latency // nil is not measured
	AllowTrace    bool
	Pos           Pos
}

// Latency says where measurements of a service go.
type Latency struct {
	Subject  string
	Sampling int // percent; 0 goes by the headers of the request
}

// Import is one entry of an account's imports.
type Import struct {
	Flow       Flow
	Account    string // that exports
	Subject    string // of the exporter
	Local      string // subject here, with $1, $2 for wildcards; of a stream with Prefix empty
	Prefix     string // streams: put before the subject
	AllowTrace bool
	Share      bool // services: tells the exporter about the client
	Pos        Pos
}

// Mapping is one subject mapping of an account.
type Mapping struct {
	Source       string
	Destinations []Destination
	Pos          Pos
}

// Destination is one target of a mapping.
type Destination struct {
	Subject string
	Weight  int    // percent
	Cluster string // counts on servers of this cluster only; empty is everywhere
}

// MsgTrace says where traces of messages go that ask for one by a header of theirs.
type MsgTrace struct {
	Destination string
	Sampling    int // percent
	Pos         Pos
}
