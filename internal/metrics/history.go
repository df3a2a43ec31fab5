package metrics

import (
	"context"
	"sync"
	"time"

	"natsd/internal/monitor"
	"natsd/internal/status"
)

// How far back a [History] goes, and in which steps.
const (
	HistoryStep   = 5 * time.Second
	HistoryWindow = time.Hour

	historySize = int(HistoryWindow/HistoryStep) + 1
)

// sample is the main figures of a server at one moment: counters as they stood, the rest as it was.
type sample struct {
	at      time.Time
	traffic status.Traffic
	conns   int
	cpu     float64 // percent of one core
	mem     int64   // bytes
}

// History remembers the main figures of a server for an hour. It is safe for concurrent use.
type History struct {
	source  status.Source
	monitor *monitor.Collector

	mu   sync.Mutex // guards what follows; a leaf
	ring []sample   // grows up to historySize, then the oldest one is at next
	next int
}

// NewHistory makes a History that knows nothing yet.
func NewHistory(source status.Source, m *monitor.Collector) *History {
	return &History{source: source, monitor: m}
}

// Run looks at the server at each step until ctx ends.
func (h *History) Run(ctx context.Context) {
	tick := time.NewTicker(HistoryStep)
	defer tick.Stop()
	for {
		h.look(time.Now())
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// look takes one sample. It costs some loads of atomics and two system calls.
func (h *History) look(now time.Time) {
	c := h.source.Counters()
	s := sample{at: now, traffic: c.Traffic, conns: c.Connections}
	s.cpu, s.mem = h.monitor.Usage()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.ring) < historySize {
		h.ring = append(h.ring, s)
		return
	}
	h.ring[h.next] = s
	h.next = (h.next + 1) % historySize
}

// samples returns what was seen after a moment and the one before it, oldest first.
func (h *History) samples(since time.Time) []sample {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]sample, 0, len(h.ring))
	out = append(out, h.ring[h.next:]...)
	out = append(out, h.ring[:h.next]...)
	for len(out) > 1 && !out[1].at.After(since) {
		out = out[1:]
	}
	return out
}

// The metrics of a [History].
const (
	Msgs  = "msgs"
	Bytes = "bytes"
	Conns = "conns"
	CPU   = "cpu"
	Mem   = "mem"
)

// HistoryMetrics are the names that [History.Points] takes.
func HistoryMetrics() []string { return []string{Msgs, Bytes, Conns, CPU, Mem} }

// Point is the time up to a moment since the point before it.
type Point struct {
	Time   time.Time          `json:"time"`
	Values map[string]float64 `json:"values"`
}

// Points tells how these metrics went within the window that ends now, in steps: rates per second of
// in_msgs, out_msgs, in_bytes and out_bytes, and means of conns, cpu (percent of one core) and mem
// (bytes). Step is rounded up to a multiple of [HistoryStep]. The last point ends with the last sample.
func (h *History) Points(names []string, window, step time.Duration) []Point {
	perPoint := max(1, int((step+HistoryStep-1)/HistoryStep))
	seen := h.samples(time.Now().Add(-window))
	points := []Point{}
	first := (len(seen) - 1) % perPoint
	for i := first + perPoint; i < len(seen); i += perPoint {
		points = append(points, pointOf(seen[i-perPoint:i+1], names))
	}
	return points
}

// pointOf makes one point of samples. The first of them ends the point before.
func pointOf(seen []sample, names []string) Point {
	first, last := seen[0], seen[len(seen)-1]
	p := Point{Time: last.at.UTC(), Values: map[string]float64{}}
	rate := func(name string, from, to int64) {
		p.Values[name] = float64(to-from) / last.at.Sub(first.at).Seconds()
	}
	mean := func(name string, of func(*sample) float64) {
		var sum float64
		for i := range seen[1:] {
			sum += of(&seen[i+1])
		}
		p.Values[name] = sum / float64(len(seen)-1)
	}
	for _, name := range names {
		switch name {
		case Msgs:
			rate("in_msgs", first.traffic.InMsgs, last.traffic.InMsgs)
			rate("out_msgs", first.traffic.OutMsgs, last.traffic.OutMsgs)
		case Bytes:
			rate("in_bytes", first.traffic.InBytes, last.traffic.InBytes)
			rate("out_bytes", first.traffic.OutBytes, last.traffic.OutBytes)
		case Conns:
			mean(Conns, func(s *sample) float64 { return float64(s.conns) })
		case CPU:
			mean(CPU, func(s *sample) float64 { return s.cpu })
		case Mem:
			mean(Mem, func(s *sample) float64 { return float64(s.mem) })
		}
	}
	return p
}
