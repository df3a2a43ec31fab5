package api

import "time"

// Routes are the connections to other servers of the cluster, and the servers that are dialed.
type Routes struct {
	Now     time.Time     `json:"now"`
	Cluster string        `json:"cluster,omitempty"` // empty without a cluster
	Routes  []Route       `json:"routes"`
	Targets []RouteTarget `json:"targets"`
}

// Route is one connection to another server, with the keys of routez.
type Route struct {
	RID          uint64        `json:"rid"`
	RemoteID     string        `json:"remote_id"`
	RemoteName   string        `json:"remote_name"`
	Solicited    bool          `json:"did_solicit"`
	Configured   bool          `json:"is_configured"`
	IP           string        `json:"ip"`
	Port         int           `json:"port"`
	Start        time.Time     `json:"start"`
	LastActivity time.Time     `json:"last_activity"`
	RTT          string        `json:"rtt,omitempty"`
	Uptime       string        `json:"uptime"`
	Idle         string        `json:"idle"`
	Import       *SubjectRules `json:"import,omitempty"`
	Export       *SubjectRules `json:"export,omitempty"`
	Pending      int64         `json:"pending_size"`
	InMsgs       int64         `json:"in_msgs"`
	OutMsgs      int64         `json:"out_msgs"`
	InBytes      int64         `json:"in_bytes"`
	OutBytes     int64         `json:"out_bytes"`
	Subs         int           `json:"subscriptions"`
	Account      string        `json:"account,omitempty"` // that the route serves alone
	Compression  string        `json:"compression,omitempty"`
}

// SubjectRules are subjects that are allowed and denied.
type SubjectRules struct {
	Allow []string `json:"allow,omitempty"`
	Deny  []string `json:"deny,omitempty"`
}

// Where a [RouteTarget] comes from.
const (
	SourceConfigured = "configured"
	SourceRuntime    = "runtime"    // by a request
	SourceDiscovered = "discovered" // another server has told of it
)

// RouteTarget is a server of the cluster that this one dials.
type RouteTarget struct {
	URL         string     `json:"url"`    // without user and password
	Target      string     `json:"target"` // its name in DELETE /routes/{target}
	Source      string     `json:"source"`
	State       string     `json:"state"` // "connected", "connecting", "retrying", "self", or "given_up" for one that was discovered
	ServerID    string     `json:"server_id,omitempty"`
	ServerName  string     `json:"server_name,omitempty"`
	LastError   string     `json:"last_error,omitempty"`
	Attempts    int        `json:"attempts,omitempty"` // failed ones since the last good one
	NextAttempt *time.Time `json:"next_attempt,omitempty"`
}

// AddRoute is the body of POST /routes.
type AddRoute struct {
	URL     string `json:"url"`
	Persist bool   `json:"persist,omitempty"`
	Reason  string `json:"reason,omitempty"`
	DryRun  bool   `json:"dry_run,omitempty"`
}
