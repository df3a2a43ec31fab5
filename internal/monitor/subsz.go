package monitor

import (
	"fmt"
	"time"

	"natsd/internal/status"
	"natsd/internal/subject"
)

// SubszQuery asks for the statistics of subscriptions and, with Subs, for a page of them.
type SubszQuery struct {
	Subs    bool   `json:"subscriptions"`
	Offset  int    `json:"offset"`
	Limit   int    `json:"limit"` // <= 0 is 1024
	Account string `json:"account"`
	Test    string `json:"test"` // literal subject: only subscriptions that would get it
}

// Subsz describes the subscriptions of an account or of all.
type Subsz struct {
	ID  string    `json:"server_id"`
	Now time.Time `json:"now"`
	SublistStats
	Total  int       `json:"total"` // subscriptions that pass the filters; 0 unless they were asked for
	Offset int       `json:"offset"`
	Limit  int       `json:"limit"`
	Subs   []subInfo `json:"subscriptions_list,omitempty"`
}

// SublistStats are the statistics of an index of subscriptions.
type SublistStats struct {
	NumSubs      uint32  `json:"num_subscriptions"`
	NumCache     uint32  `json:"num_cache"`
	NumInserts   uint64  `json:"num_inserts"`
	NumRemoves   uint64  `json:"num_removes"`
	NumMatches   uint64  `json:"num_matches"`
	CacheHitRate float64 `json:"cache_hit_rate"`
	MaxFanout    uint32  `json:"max_fanout"`
	AvgFanout    float64 `json:"avg_fanout"`
}

func newSublistStats(s status.IndexStats) SublistStats {
	return SublistStats{
		NumSubs:      s.Subs,
		NumCache:     s.Cached,
		NumInserts:   s.Inserts,
		NumRemoves:   s.Removes,
		NumMatches:   s.Matches,
		CacheHitRate: ratio(s.Hits, s.Matches),
		MaxFanout:    s.MaxFanout,
		AvgFanout:    ratio(s.FanoutSum, s.FanoutCount),
	}
}

// Subsz describes subscriptions. It fails only when Test is not a literal subject. An unknown account
// has none.
func (c *Collector) Subsz(q SubszQuery) (*Subsz, error) {
	if q.Test != "" && !subject.ValidLiteral(q.Test) {
		return nil, fmt.Errorf("invalid test subject, must be valid publish subject: %s", q.Test)
	}
	_, _, offset, limit := page(0, q.Offset, q.Limit)
	out := &Subsz{
		ID:           c.source.Server().ID,
		Now:          c.now().UTC(),
		SublistStats: newSublistStats(c.source.IndexStats(q.Account)),
		Offset:       offset,
		Limit:        limit,
	}
	if !q.Subs {
		return out, nil
	}
	for s := range c.source.Subs(q.Account) {
		if q.Test != "" && !subject.Matches(s.Subject, q.Test) {
			continue
		}
		if out.Total >= offset && len(out.Subs) < limit {
			out.Subs = append(out.Subs, s)
		}
		out.Total++
	}
	return out, nil
}
