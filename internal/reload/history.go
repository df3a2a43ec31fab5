package reload

import (
	"sync"

	"natsd/internal/config"
)

// history keeps the last attempts.
type history struct {
	mu      sync.Mutex // a leaf
	keep    int
	last    int // number of the last revision
	entries []entry
}

// entry is one attempt with the configuration it was about.
type entry struct {
	report  *Report
	options *config.Options
}

func newHistory(keep int) *history { return &history{keep: keep} }

// begin notes the configuration of the start.
func (h *history) begin(o *config.Options) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last++
	h.entries = append(h.entries, entry{options: o, report: &Report{
		Revision: h.last, Generation: 1, Request: Request{Who: "start"}, When: o.LoadedAt, Result: Applied, To: stateOf(o, h.last)}})
	return h.last
}

// number takes the number of the next revision.
func (h *history) number() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last++
	return h.last
}

func (h *history) add(a *attempt) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if a.report.Revision == 0 {
		h.last++
		a.report.Revision = h.last
	}
	h.entries = append(h.entries, entry{report: a.report, options: a.next})
	if n := len(h.entries) - h.keep; n > 0 {
		h.entries = append([]entry(nil), h.entries[n:]...)
	}
}

// History returns the reports of the last attempts, oldest first. The first ever is the start.
func (m *Manager) History() []*Report {
	m.history.mu.Lock()
	defer m.history.mu.Unlock()
	out := make([]*Report, 0, len(m.history.entries))
	for _, e := range m.history.entries {
		out = append(out, e.report)
	}
	return out
}
