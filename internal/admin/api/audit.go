package api

import "time"

// AuditRecord is one line of the audit: what somebody wants to do, or what came of it. Hash is the
// SHA-256 of the line with an empty hash in it; each record names that of the one before.
type AuditRecord struct {
	Seq       uint64         `json:"seq"`
	Time      time.Time      `json:"time"`
	RequestID string         `json:"request_id,omitempty"`
	Actor     AuditActor     `json:"actor"`
	Action    string         `json:"action"` // method and path of the endpoint: "POST /reload"
	Target    string         `json:"target"` // path as it was asked for
	Params    map[string]any `json:"params,omitempty"`
	DryRun    bool           `json:"dry_run"`
	Result    string         `json:"result"` // one of the Audit constants
	Status    int            `json:"status"` // of the answer; 0 before it is known
	Code      Code           `json:"code,omitempty"`
	Duration  float64        `json:"duration_ms"`
	Before    string         `json:"before_digest"`
	After     string         `json:"after_digest"`
	PrevHash  string         `json:"prev_hash"` // empty for the first record of all
	Hash      string         `json:"hash"`      // must stay the last field
}

// The results of audit records.
const (
	AuditIntent  = "intent"  // written before it is done
	AuditOK      = "ok"      // it was done
	AuditRefused = "refused" // it was not
	AuditFailed  = "failed"  // by a fault of the server
)

// AuditActor is who did something.
type AuditActor struct {
	Type string `json:"type"` // method of identity, or "signal", "watcher", "sys", "natsd"
	ID   string `json:"id,omitempty"`
	Role string `json:"role,omitempty"`
	IP   string `json:"ip,omitempty"`
}

// AuditCheck says whether the chain of the audit holds.
type AuditCheck struct {
	Valid    bool    `json:"valid"`
	Records  int     `json:"records"`   // that were read
	FirstBad *uint64 `json:"first_bad"` // sequence number at which it breaks
	File     string  `json:"file,omitempty"`
	Line     int     `json:"line,omitempty"`
	Reason   string  `json:"reason,omitempty"`
}
