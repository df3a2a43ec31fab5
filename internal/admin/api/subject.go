package api

import "time"

// Interest tells who wants messages on a subject.
type Interest struct {
	Account  string       `json:"account"`
	Subject  string       `json:"subject"`
	Interest bool         `json:"interest"` // anybody does
	Plain    Subscribers  `json:"plain"`
	Queues   []QueueGroup `json:"queues"`
}

// Subscribers counts subscriptions by where they are: of clients of this server and of itself, and of
// other servers. Of those another server that is interested counts as one in a plain count.
type Subscribers struct {
	Local    int `json:"local"`
	Routes   int `json:"routes"`
	Gateways int `json:"gateways"`
	Leafs    int `json:"leafs"`
}

// QueueGroup is one queue group with the members that it has.
type QueueGroup struct {
	Name    string      `json:"name"`
	Members Subscribers `json:"members"`
}

// The operations of a [CheckRequest].
const (
	OpPub = "pub"
	OpSub = "sub"
)

// CheckRequest asks whether a user of the configuration may use a subject.
type CheckRequest struct {
	Account string `json:"account,omitempty"` // of the user; all are searched when empty
	User    string `json:"user,omitempty"`    // name or nkey; empty is a client without credentials
	Subject string `json:"subject"`
	Queue   string `json:"queue,omitempty"` // of a subscription
	Op      string `json:"op"`
}

// Check is the answer to a [CheckRequest].
type Check struct {
	Account string `json:"account"`
	User    string `json:"user,omitempty"`
	Subject string `json:"subject"`
	Queue   string `json:"queue,omitempty"`
	Op      string `json:"op"`
	Allowed bool   `json:"allowed"`
	// Narrowed tells that a subscription is allowed but does not get all that its wildcards stand for.
	Narrowed bool     `json:"narrowed,omitempty"`
	Reason   string   `json:"reason"`
	Rule     *Rule    `json:"rule,omitempty"` // that decided; none when nothing restricts the user
	Mappings []string `json:"mappings"`       // through which the subject would go
	Imports  []string `json:"imports"`        // through which messages would come or go
}

// Rule is one entry of a list of permissions, or the list itself when no entry fits.
type Rule struct {
	Side   string  `json:"side"` // "publish" or "subscribe"
	List   string  `json:"list"` // "allow", "deny" or "allow_responses"
	Entry  string  `json:"entry,omitempty"`
	Index  *int    `json:"index,omitempty"` // of the entry in its list
	Source *Source `json:"source,omitempty"`
}

// SubscriptionStats describes the subscription index of an account, or of all.
type SubscriptionStats struct {
	Account      string    `json:"account,omitempty"`
	Now          time.Time `json:"now"`
	Subs         uint32    `json:"num_subscriptions"`
	Cache        uint32    `json:"num_cache"`
	Inserts      uint64    `json:"num_inserts"`
	Removes      uint64    `json:"num_removes"`
	Matches      uint64    `json:"num_matches"`
	CacheHitRate float64   `json:"cache_hit_rate"`
	MaxFanout    uint32    `json:"max_fanout"`
	AvgFanout    float64   `json:"avg_fanout"`
}
