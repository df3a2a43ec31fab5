package admin

import (
	"maps"
	"sync"
)

// counts are requests by what came of them.
type counts struct {
	mu sync.Mutex // guards by; a leaf
	by map[string]uint64
}

// okay counts what was no problem; others have the code of theirs.
const okay = "ok"

func (c *counts) add(result string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by == nil {
		c.by = map[string]uint64{}
	}
	c.by[result]++
}

// Requests counts the requests since the start by what came of them: ok, or the code of a problem.
func (a *API) Requests() map[string]uint64 {
	a.counts.mu.Lock()
	defer a.counts.mu.Unlock()
	return maps.Clone(a.counts.by)
}
