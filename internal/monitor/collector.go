package monitor

import (
	"os"
	"sync/atomic"
	"time"

	"natsd/internal/config"
	"natsd/internal/status"
)

// Collector answers queries from the state of one server. Its methods may be called by any number of
// goroutines; they share nothing but counters.
type Collector struct {
	source  status.Source
	options func() *config.Options
	now     func() time.Time
	args    []string
	process *process
	hits    map[string]*atomic.Uint64 // HTTP requests by path; the set of keys never changes
	heavy   chan struct{}             // taken while a long listing is made
	vars    scarce[*Vars]
	stacks  scarce[[]byte]
}

// New makes a Collector. options returns the snapshot in force; it is called once per query.
//
// There is one Collector per server for its whole life: it counts HTTP requests, also over a reload
// that replaces the listener.
func New(source status.Source, options func() *config.Options) *Collector {
	c := &Collector{
		source:  source,
		options: options,
		now:     time.Now,
		args:    os.Args,
		process: newProcess(time.Now()),
		hits:    map[string]*atomic.Uint64{"/": new(atomic.Uint64)},
		heavy:   make(chan struct{}, heavyAtOnce),
	}
	for _, e := range endpoints {
		if e.counted != "" && c.hits[e.counted] == nil {
			c.hits[e.counted] = new(atomic.Uint64)
		}
	}
	return c
}

// heavyAtOnce is how many long listings are made at the same time, so that scrapers that hurry or
// pile up cost a bounded amount of memory and never starve the data plane. Others wait their turn.
const heavyAtOnce = 4

// requests is http_req_stats: a path appears once it was asked for.
func (c *Collector) requests() map[string]uint64 {
	m := make(map[string]uint64, len(c.hits))
	for path, n := range c.hits {
		if v := n.Load(); v > 0 {
			m[path] = v
		}
	}
	return m
}

// defaultLimit is the page size when none or a useless one is asked for.
const defaultLimit = 1024

// page returns the bounds of one page of n rows, and offset and limit as they took effect. Any int is
// fine for offset and limit.
func page(n, offset, limit int) (from, to, usedOffset, usedLimit int) {
	usedOffset = max(offset, 0)
	usedLimit = limit
	if usedLimit <= 0 {
		usedLimit = defaultLimit
	}
	from = min(usedOffset, n)
	to = from + min(usedLimit, n-from)
	return from, to, usedOffset, usedLimit
}

// ratio is a/b, and 0 where that is not a number.
func ratio(a, b uint64) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}
