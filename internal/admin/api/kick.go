package api

import "time"

// The modes of a [KickRequest].
const (
	ModeKick  = "kick"
	ModeDrain = "drain"
)

// KickRequest chooses connections that are to end. All that is given has to fit, and something must be
// given.
type KickRequest struct {
	CID     uint64 `json:"cid,omitempty"`
	User    string `json:"user,omitempty"`
	Name    string `json:"name,omitempty"` // a pattern of * and ?
	Account string `json:"account,omitempty"`
	IP      string `json:"ip,omitempty"` // address or network
	Kind    string `json:"kind,omitempty"`
	Subject string `json:"subject,omitempty"` // subscribed to something that it overlaps
	IdleGT  string `json:"idle_gt,omitempty"`
	Filter  string `json:"filter,omitempty"`

	Max    int    `json:"max,omitempty"`    // connections at most; all when 0
	Mode   string `json:"mode,omitempty"`   // "kick" when empty; "drain" tells the clients first
	Spread string `json:"spread,omitempty"` // over how long; many are spread in any case
	Ban    string `json:"ban,omitempty"`    // keep them out for so long
	Reason string `json:"reason,omitempty"` // the clients are told
	DryRun bool   `json:"dry_run,omitempty"`
}

// KickResult says what came of a [KickRequest].
type KickResult struct {
	Matched int      `json:"matched"`
	Kicked  int      `json:"kicked"`
	Banned  int      `json:"banned,omitempty"` // bans that were made
	DryRun  bool     `json:"dry_run,omitempty"`
	CIDs    []uint64 `json:"cids,omitempty"` // the first of those who are, or would be, concerned
}

// RTT is the answer to a PING of the server.
type RTT struct {
	RTT string `json:"rtt"`
	NS  int64  `json:"rtt_ns"`
}

// BanMatch says whom a ban is for: for those whom all of it fits that is given.
type BanMatch struct {
	IP      string `json:"ip,omitempty"` // address or network
	User    string `json:"user,omitempty"`
	Account string `json:"account,omitempty"`
	Name    string `json:"name,omitempty"` // a pattern of * and ?
	NKey    string `json:"nkey,omitempty"`
}

// BanRequest is the body of POST /bans. One of Until and For is given.
type BanRequest struct {
	Match  BanMatch   `json:"match"`
	Until  *time.Time `json:"until,omitempty"`
	For    string     `json:"for,omitempty"` // a duration
	Reason string     `json:"reason,omitempty"`
	DryRun bool       `json:"dry_run,omitempty"`
}

// Ban keeps somebody out for a while.
type Ban struct {
	ID     string    `json:"id,omitempty"` // empty in a dry run
	Match  BanMatch  `json:"match"`
	Reason string    `json:"reason,omitempty"`
	Actor  string    `json:"actor"`
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until"`
	Hits   int64     `json:"hits"`             // connections that were refused
	Kicked int       `json:"kicked,omitempty"` // connections that it has ended, or would end, when it was made
	DryRun bool      `json:"dry_run,omitempty"`
}

// DryRun answers a dry run of a request that would have no answer otherwise.
type DryRun struct {
	DryRun bool `json:"dry_run"`
}
