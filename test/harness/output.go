package harness

import (
	"bytes"
	"strings"
	"sync"
	"time"
)

// Output keeps what a process writes. Safe for concurrent use.
type Output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write appends p.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

// String returns everything written so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// Count returns how often text was written so far.
func (o *Output) Count(text string) int { return strings.Count(o.String(), text) }

// WaitFor reports whether text has been written at least n times, waiting for it up to limit.
func (o *Output) WaitFor(text string, n int, limit time.Duration) bool {
	return Eventually(limit, func() bool { return o.Count(text) >= n })
}

// tail returns the last n lines.
func (o *Output) tail(n int) string {
	lines := strings.Split(strings.TrimRight(o.String(), "\n"), "\n")
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return strings.Join(lines, "\n")
}

// Eventually reports whether cond becomes true within limit.
func Eventually(limit time.Duration, cond func() bool) bool {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(limit); ; <-tick.C {
		if cond() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}
