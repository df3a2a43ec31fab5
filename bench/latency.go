package main

import (
	"context"
	"fmt"
	"math"
	"math/bits"
	"net"
	"slices"
	"time"
)

// openLoop is messages that come at a steady rate, whether the server keeps up or not. The time of a
// message counts from when it was due, not from when it was sent: what waits behind a slow one is slow
// itself, and is counted so.
type openLoop struct{ size int }

const (
	tick        = 50 * time.Microsecond // between looks at what is due, when nothing comes
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
	return s.withCrowd(func(c *crowd) (sample, error) {
		flows, err := traffic{size: w.size, receivers: 1}.open(c, "bench.0")
		if err != nil {
			return sample{}, err
		}
		l := &loop{flow: flows[0], receiver: c.all[0], rate: rate}
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

// loop is one drive after the other. What is due is sent by the goroutine that receives, between its reads: two
// that take turns on one processor wait for each other's time slices, which would be counted as the server's.
type loop struct {
	flow     *flow
	receiver *client
	rate     float64
	start    time.Time // when message first was due
	first    uint64
	times    histogram
}

func (l *loop) drive(d time.Duration) (int, error) {
	raw, err := l.receiver.sock.(*net.TCPConn).SyscallConn()
	if err != nil {
		return 0, err
	}
	f, over := l.flow, make(chan struct{})
	l.times = histogram{}
	l.start, l.first = time.Now(), f.next
	before := func() error {
		for {
			now := time.Since(l.start)
			if now >= d {
				l.receiver.before.Store(nil)
				close(over)
				return nil
			}
			if err := l.send(now); err != nil {
				return err
			}
			if readable(raw, tick) {
				return nil
			}
		}
	}
	wake := slices.Clone(f.batch.from(f.next, 1)) // ends the read that is waiting
	f.next++
	l.receiver.before.Store(&before) // from here on the numbers belong to that goroutine
	if err := f.client.write(wake); err != nil {
		return 0, err
	}
	select {
	case <-over:
	case <-f.client.crowd.ctx.Done():
		return 0, context.Cause(f.client.crowd.ctx)
	}
	return int(f.next - l.first), f.await(f.next)
}

// send sends what is due.
func (l *loop) send(now time.Duration) error {
	due := int(now.Seconds()*l.rate) - int(l.flow.next-l.first)
	if due <= 0 {
		return nil
	}
	f := l.flow
	n := min(due, f.batch.n)
	if err := f.client.write(f.batch.from(f.next, n)); err != nil {
		return err
	}
	f.next += uint64(n)
	return nil
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
