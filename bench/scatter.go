package main

import (
	"fmt"
	"math"
	"time"
)

// scatter is messages on random subjects of many, so that hardly any two in a row go to the same
// subscription.
type scatter struct {
	subjects  int
	wildcards bool // the last token of each subscription is a wildcard
}

const (
	scatterSize   = 128
	scatterPrefix = "bench.any."
)

func (w scatter) work(name, about string, goal float64) work {
	return work{name: name, about: about, unit: "delivery", kind: processor, goal: goal, run: w.run}
}

// weigh is the memory of the subscriptions.
func (w scatter) weigh(name, about string, limit float64) work {
	return work{name: name, about: about, unit: "subscription", kind: memory, limit: limit, run: w.load}
}

func (w scatter) run(s *stage) (sample, error) {
	n := w.subjects / s.scale
	number := fmt.Sprintf("%0*d", digits, 0)
	last := ""
	if w.wildcards {
		last = ".x"
	}
	pub := fmt.Sprintf("PUB %s%s%s %d\r\n", scatterPrefix, number, last, scatterSize)
	msg := fmt.Sprintf("MSG %s%s%s %s %d\r\n", scatterPrefix, number, last, number, scatterSize)
	pick := func(seq uint64) uint64 { return mix(seq) % uint64(n) }

	return s.withCrowd(func(c *crowd) (sample, error) {
		in := newInbox(msg, scatterSize, func(line []byte, seq uint64) {
			at := len("MSG ") + len(scatterPrefix)
			putDigits(line[at:], pick(seq))
			copy(line[at+digits+len(last)+1:], line[at:at+digits]) // the sid is the same number
		})
		r, err := c.dial(in, readSize)
		if err != nil {
			return sample{}, err
		}
		if err := w.subscribe(r, n); err != nil {
			return sample{}, err
		}
		f := &flow{taken: []*progress{in.taken()}, copies: 1}
		f.batch = newBatch(pub, scatterSize, batchBytes, math.MaxInt, func(line []byte, seq uint64) {
			putDigits(line[len("PUB ")+len(scatterPrefix):], pick(seq))
		})
		if f.client, err = c.dial(&inbox{}, 4<<10); err != nil {
			return sample{}, err
		}
		if err := c.pause(s.settle); err != nil { // the collection that so many subscriptions start is not theirs
			return sample{}, err
		}
		return s.measure(func(d time.Duration) (int, error) {
			before := f.next
			err := f.drive(d)
			return int(f.next - before), err
		})
	})
}

// load subscribes and does nothing else.
func (w scatter) load(s *stage) (sample, error) {
	n := w.subjects / s.scale
	return s.withCrowd(func(c *crowd) (sample, error) {
		r, err := c.dial(&inbox{}, readSize)
		if err != nil {
			return sample{}, err
		}
		return s.grown(c, n, s.settle, func() error { return w.subscribe(r, n) })
	})
}

// subscribe makes n subscriptions, each under its number as the sid.
func (w scatter) subscribe(r *client, n int) error {
	var lines []byte
	last := ""
	if w.wildcards {
		last = ".*"
	}
	for i := range n {
		lines = fmt.Appendf(lines, "SUB %s%0*x%s %0*x\r\n", scatterPrefix, digits, i, last, digits, i)
	}
	if err := r.write(lines); err != nil {
		return err
	}
	return r.flush(r.crowd.ctx)
}
