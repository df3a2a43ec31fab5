package main

import (
	"fmt"
	"math"
	"time"
)

// scatter is messages on random subjects of many literal ones, so that hardly any two in a row go to
// the same subscription.
type scatter struct{ subjects int }

const (
	scatterSize   = 128
	scatterPrefix = "bench.some."
)

func (w scatter) work(name, about string) work {
	return work{name: name, about: about, unit: "delivery", kind: processor, run: w.run}
}

func (w scatter) run(s *stage) (sample, error) {
	n := w.subjects / s.scale
	number := fmt.Sprintf("%0*d", digits, 0)
	pub := fmt.Sprintf("PUB %s%s %d\r\n", scatterPrefix, number, scatterSize)
	msg := fmt.Sprintf("MSG %s%s %s %d\r\n", scatterPrefix, number, number, scatterSize)
	pick := func(seq uint64) uint64 { return mix(seq) % uint64(n) }

	return s.withCrowd(func(c *crowd) (sample, error) {
		in := newInbox(msg, scatterSize, func(line []byte, seq uint64) {
			at := len("MSG ") + len(scatterPrefix)
			putDigits(line[at:], pick(seq))
			copy(line[at+digits+1:], line[at:at+digits]) // the sid is the same number
		})
		r, err := c.dial(in, readSize)
		if err != nil {
			return sample{}, err
		}
		if err := w.subscribe(r, n); err != nil {
			return sample{}, err
		}
		f := &flow{taken: []*progress{in.taken}, copies: 1}
		f.batch = newBatch(pub, scatterSize, batchBytes, math.MaxInt, func(line []byte, seq uint64) {
			putDigits(line[len("PUB ")+len(scatterPrefix):], pick(seq))
		})
		if f.client, err = c.dial(&inbox{}, 4<<10); err != nil {
			return sample{}, err
		}
		return s.measure(func(d time.Duration) (int, error) {
			before := f.next
			err := f.drive(d)
			return int(f.next - before), err
		})
	})
}

// subscribe makes n subscriptions, each under its number as the sid.
func (w scatter) subscribe(r *client, n int) error {
	var lines []byte
	for i := range n {
		lines = fmt.Appendf(lines, "SUB %s%0*x %0*x\r\n", scatterPrefix, digits, i, digits, i)
	}
	if err := r.write(lines); err != nil {
		return err
	}
	return r.flush(r.crowd.ctx)
}
