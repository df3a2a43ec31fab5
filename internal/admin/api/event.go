package api

import "time"

// Event is one thing that happened, as GET /events sends it. Fields that an event does not have are left
// out.
type Event struct {
	V        int       `json:"v"`  // version of this form, 1
	ID       string    `json:"id"` // boot of the server and sequence number, to go on after it
	Type     string    `json:"type"`
	Time     time.Time `json:"time"`
	ServerID string    `json:"server_id"`
	Severity string    `json:"severity"`

	// Of connections and links.
	CID     uint64 `json:"cid,omitempty"`
	Kind    string `json:"kind,omitempty"` // "Client", "Router"
	IP      string `json:"ip,omitempty"`
	Port    int    `json:"port,omitempty"`
	Name    string `json:"name,omitempty"`
	Lang    string `json:"lang,omitempty"`
	Version string `json:"version,omitempty"`
	Account string `json:"account,omitempty"`
	User    string `json:"user,omitempty"`
	Subject string `json:"subject,omitempty"` // of the message that was one too many
	Pending int64  `json:"pending_bytes,omitempty"`
	Stalls  int64  `json:"stalls,omitempty"`
	*EventTraffic
	URL       string     `json:"url,omitempty"` // of a link that could not be made
	Attempt   int        `json:"attempt,omitempty"`
	NextRetry *time.Time `json:"next_attempt,omitempty"`

	Actor  string `json:"actor,omitempty"`  // who has caused it
	Reason string `json:"reason,omitempty"` // why
	Detail string `json:"detail,omitempty"` // more about the reason
	Error  string `json:"error,omitempty"`

	// Of reloads.
	Revision int            `json:"revision,omitempty"`
	Digest   string         `json:"digest,omitempty"`
	Outcome  string         `json:"outcome,omitempty"`
	Verdict  string         `json:"verdict,omitempty"`
	Changes  map[string]int `json:"changes,omitempty"` // by verdict
	Dropped  int            `json:"connections_dropped,omitempty"`
	Duration float64        `json:"duration_ms,omitempty"`

	// Of accounts, certificates, files and lame duck mode.
	Opened      []string   `json:"accounts_opened,omitempty"`
	Closed      []string   `json:"accounts_closed,omitempty"`
	Limited     []string   `json:"accounts_limited,omitempty"`
	Block       string     `json:"block,omitempty"` // of the configuration
	NotAfter    *time.Time `json:"not_after,omitempty"`
	Paths       []string   `json:"paths,omitempty"`
	GracePeriod string     `json:"grace_period,omitempty"`
	Spread      string     `json:"spread,omitempty"`

	// Of requests to the admin API.
	RequestID string `json:"request_id,omitempty"`
	Action    string `json:"action,omitempty"`
	Target    string `json:"target,omitempty"`
	Status    int    `json:"status,omitempty"`
}

// EventTraffic is what a connection that has ended had sent and received.
type EventTraffic struct {
	InMsgs   int64  `json:"in_msgs"`
	OutMsgs  int64  `json:"out_msgs"`
	InBytes  int64  `json:"in_bytes"`
	OutBytes int64  `json:"out_bytes"`
	Lifetime string `json:"lifetime"`
}

// The severities of events.
const (
	EventInfo    = "info"
	EventWarning = "warning"
	EventError   = "error"
)

// The events that a stream sends about itself. They have no id.
const (
	StreamGap       = "stream.gap"       // what the client asked to go on from is not known any more
	StreamDropped   = "stream.dropped"   // the client was too slow, or this would have slowed the server
	StreamHeartbeat = "stream.heartbeat" // nothing has happened; in ndjson only, SSE has a comment for it
	StreamEnd       = "stream.end"       // the server sends no more
)

// StreamNote is what a stream says about itself.
type StreamNote struct {
	V      int       `json:"v"`
	Type   string    `json:"type"` // one of the Stream constants
	Time   time.Time `json:"time"`
	Count  uint64    `json:"count,omitempty"`  // dropped
	Reason string    `json:"reason,omitempty"` // of the end
}

// EventStreamType and NDJSONType are the media types of streams.
const (
	EventStreamType = "text/event-stream"
	NDJSONType      = "application/x-ndjson"
)
