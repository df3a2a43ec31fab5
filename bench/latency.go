package main

import (
	"fmt"
	"math"
	"math/bits"
	"runtime"
	"time"
)

// openLoop is messages that come at a steady rate, whether the server keeps up or not. The time of a
// message counts from when it was due, not from when it was sent: what waits behind a slow one is slow
// itself, and is counted so.
type openLoop struct{ size int }

const (
	tick        = 50 * time.Microsecond // between looks at what is due
	latencyWork = "latency"
)

func (w openLoop) work(name, about string, goal float64) work {
	return work{name: name, about: about, unit: "message", kind: latency, goal: goal, run: w.run}
}

func (w openLoop) run(s *stage) (sample, error) {
	rate, err := w.rate(s)
	if err != nil {
		return sample{}, err
	}
	before := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(max(2, before)) // the sender sleeps in system calls
	defer runtime.GOMAXPROCS(before)
	return s.withCrowd(func(c *crowd) (sample, error) {
		flows, err := traffic{size: w.size, receivers: 1}.open(c, "bench.0")
		if err != nil {
			return sample{}, err
		}
		l := &loop{flow: flows[0], rate: rate}
		l.flow.inboxes[0].onTake = l.took
		got, err := s.measure(l.drive)
		got.Also = map[string]float64{
			"p50 us": l.percentile(0.5), "p99 us": l.percentile(0.99), "p99.9 us": l.percentile(0.999),
			"CPU us": got.Figure, "offered per second": rate,
		}
		got.Figure = l.percentile(0.99)
		return got, err
	})
}

// rate is half of what the peer does at most; the first one to ask finds it out.
func (w openLoop) rate(s *stage) (float64, error) {
	if r := s.rates[latencyWork]; r > 0 {
		return r, nil
	}
	srv, err := s.startPeer()
	if err != nil {
		return 0, err
	}
	defer srv.stop()
	trial := *s
	trial.server, trial.profile = srv, nil
	got, err := traffic{size: w.size, receivers: 1}.run(&trial)
	if err != nil {
		return 0, fmt.Errorf("find the rate: %w", err)
	}
	s.rates[latencyWork] = got.PerSecond / 2
	return s.rates[latencyWork], nil
}

// loop is one drive after the other.
type loop struct {
	flow  *flow
	rate  float64
	start time.Time // when message first was due
	first uint64
	times histogram
}

func (l *loop) drive(d time.Duration) (int, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	f := l.flow
	l.times = histogram{}
	l.start, l.first = time.Now(), f.next
	for {
		now := time.Since(l.start)
		if now >= d {
			break
		}
		due := int(now.Seconds()*l.rate) - int(f.next-l.first)
		if due <= 0 {
			sleepPrecisely(tick)
			continue
		}
		n := min(due, f.batch.n)
		if err := f.client.write(f.batch.from(f.next, n)); err != nil {
			return 0, err
		}
		f.next += uint64(n)
	}
	return int(f.next - l.first), f.await(f.next)
}

// took hears of n messages that have arrived.
func (l *loop) took(first uint64, n int) error {
	now := time.Since(l.start).Seconds()
	for i := range n {
		due := float64(first+uint64(i)-l.first) / l.rate
		l.times.add(time.Duration((now - due) * float64(time.Second)))
	}
	return nil
}

func (l *loop) percentile(share float64) float64 {
	return float64(l.times.at(share).Nanoseconds()) / 1e3
}

// histogram counts durations in buckets that are at most a 32nd apart.
type histogram struct {
	counts [64 << subBits]int
	n      int
}

const subBits = 5

func (h *histogram) add(d time.Duration) {
	h.counts[bucket(uint64(max(d, 1)))]++
	h.n++
}

func bucket(v uint64) int {
	shift := max(0, bits.Len64(v)-subBits-1)
	return shift<<subBits + int(v>>shift)
}

// at returns the duration that share of all do not exceed.
func (h *histogram) at(share float64) time.Duration {
	left := int(math.Ceil(share * float64(h.n)))
	for i, n := range h.counts {
		if left -= n; left <= 0 && h.n > 0 {
			shift := max(0, i>>subBits-1)
			return time.Duration((i - shift<<subBits + 1) << shift)
		}
	}
	return 0
}
