package monitor

import (
	"math"
	"sync"
	"time"
)

// process measures the processor use of this process between two looks at it.
type process struct {
	mu      sync.Mutex // a leaf: held for one system call
	at      time.Time
	used    time.Duration
	current float64
}

func newProcess(now time.Time) *process { return &process{at: now, used: cpuTime()} }

// percent is the processor use since the last look that is at least a second old, in percent of one
// core; several who ask within a second get the same answer.
func (p *process) percent(now time.Time) float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if elapsed := now.Sub(p.at); elapsed >= time.Second {
		used := cpuTime()
		p.current = math.Round(1000*float64(used-p.used)/float64(elapsed)) / 10
		p.at, p.used = now, used
	}
	return p.current
}

// Usage is the processor use in percent of one core and the resident memory in bytes, as varz shows them.
func (c *Collector) Usage() (cpu float64, mem int64) {
	return c.process.percent(c.now()), residentBytes()
}
