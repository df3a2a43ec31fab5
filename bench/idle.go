package main

import (
	"fmt"
	"math"
	"time"
)

// idle is connections that have nothing to do.
type idle struct {
	subscribed bool
	burst      bool // each has sent itself burstBytes before
}

const (
	burstBytes = 64 << 10
	burstSize  = 1 << 10
)

func (w idle) work(name, about string, limit float64) work {
	return work{name: name, about: about, unit: "connection", kind: memory, limit: limit, run: w.run}
}

func (w idle) run(s *stage) (sample, error) {
	return s.withCrowd(func(c *crowd) (sample, error) {
		if _, err := c.dial(&inbox{}, 4<<10); err != nil { // the first one pays for what all share
			return sample{}, err
		}
		settle := s.settle
		if w.burst {
			settle = s.rest
		}
		return s.grown(c, s.conns, settle, func() error {
			for i := range s.conns {
				if err := w.open(c, i); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// grown measures by how much the server grows with n units that more makes, after settle.
func (s *stage) grown(c *crowd, n int, settle time.Duration, more func() error) (sample, error) {
	if err := c.pause(s.settle); err != nil { // what the start has left behind is not theirs
		return sample{}, err
	}
	before, err := s.server.usage()
	if err != nil {
		return sample{}, err
	}
	start := time.Now()
	if err := more(); err != nil {
		return sample{}, err
	}
	if err := c.pause(settle); err != nil {
		return sample{}, err
	}
	after, err := s.server.usage()
	return sample{
		Figure: max(0, float64(after.rss)-float64(before.rss)) / 1024 / float64(n),
		RSS:    float64(after.rss) / (1 << 20),
		Busy:   (after.cpu - before.cpu).Seconds() / time.Since(start).Seconds(),
	}, err
}

// open makes connection i.
func (w idle) open(c *crowd, i int) error {
	if !w.subscribed {
		_, err := c.dial(&inbox{}, 4<<10)
		return err
	}
	subject := fmt.Sprintf("bench.idle.%d", i)
	in := newInbox(fmt.Sprintf("MSG %s 1 %d\r\n", subject, burstSize), burstSize, nil)
	x, err := c.dial(in, 4<<10)
	if err != nil {
		return err
	}
	if err := x.subscribe(subject, "", "1"); err != nil || !w.burst {
		return err
	}
	b := newBatch(fmt.Sprintf("PUB %s %d\r\n", subject, burstSize), burstSize, burstBytes, math.MaxInt, nil)
	if err := x.write(b.from(0, b.n)); err != nil {
		return err
	}
	return in.taken().wait(c.ctx, uint64(b.n))
}
