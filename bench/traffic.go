package main

import (
	"fmt"
	"math"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	batchBytes = 64 << 10 // of one write of a publisher
	window     = 4        // batches in flight, per receiver
)

// traffic is messages that flow from publishers to receivers of their own.
type traffic struct {
	size      int
	receivers int  // of each publisher
	queue     bool // they are one queue group
	pairs     int  // number of publishers; 0 is one
}

func (t traffic) work(name, about string) work {
	unit := "delivery"
	if t.receivers == 0 {
		unit = "message"
	}
	return work{name: name, about: about, unit: unit, kind: processor, run: t.run}
}

func (t traffic) run(s *stage) (sample, error) {
	return s.withCrowd(func(c *crowd) (sample, error) {
		flows := make([]*flow, 0, max(1, t.pairs))
		for i := range cap(flows) {
			f, err := t.open(c, fmt.Sprintf("bench.%d", i))
			if err != nil {
				return sample{}, err
			}
			flows = append(flows, f)
		}
		return s.measure(func(d time.Duration) (int, error) {
			var g errgroup.Group
			before := deliveries(flows)
			for _, f := range flows {
				g.Go(func() error { return f.drive(d) })
			}
			err := g.Wait()
			return deliveries(flows) - before, err
		})
	})
}

// open connects one publisher and its receivers.
func (t traffic) open(c *crowd, subject string) (*flow, error) {
	f := &flow{batch: newBatch(fmt.Sprintf("PUB %s %d\r\n", subject, t.size), t.size, batchBytes, math.MaxInt, nil), copies: max(1, t.receivers)}
	group, shared := "", newProgress()
	if t.queue {
		group, f.copies = "workers", 1
	}
	for range t.receivers {
		in := newInbox(fmt.Sprintf("MSG %s 1 %d\r\n", subject, t.size), t.size, nil)
		if t.queue {
			in.gaps, in.taken = true, shared
			f.members = append(f.members, in)
		}
		r, err := c.dial(in, readSize+2*t.size)
		if err != nil {
			return nil, err
		}
		if err := r.subscribe(subject, group, "1"); err != nil {
			return nil, err
		}
		if !t.queue || len(f.taken) == 0 {
			f.taken = append(f.taken, in.taken)
		}
	}
	var err error
	if f.client, err = c.dial(&inbox{}, 4<<10); err != nil {
		return nil, err
	}
	f.acks, f.greeted = t.receivers == 0, f.client.pings
	return f, nil
}

// flow is one publisher with those who receive from it.
type flow struct {
	client  *client
	batch   *batch
	next    uint64      // number of the next message
	taken   []*progress // how far each receiver is
	copies  int         // deliveries per message
	acks    bool        // nobody receives: progress is a PONG for each batch
	greeted uint64      // PONGs before the first batch
	members []*inbox    // of a queue group
	print   uint64      // what the members should have got
}

// deliveries is how many there have been of all flows.
func deliveries(flows []*flow) int {
	n := 0
	for _, f := range flows {
		n += int(f.next) * f.copies
	}
	return n
}

// drive publishes for d, waits for what is in flight and checks that it was all.
func (f *flow) drive(d time.Duration) error {
	ctx, n := f.client.crowd.ctx, uint64(f.batch.n)
	for end := time.Now().Add(d); time.Now().Before(end); {
		if f.next >= window*n {
			if err := f.await(f.next - (window-1)*n); err != nil {
				return err
			}
		}
		if err := f.publish(); err != nil {
			return err
		}
	}
	if err := f.await(f.next); err != nil {
		return err
	}
	var got uint64
	for _, m := range f.members {
		got += m.print
	}
	if ctx.Err() == nil && got != f.print {
		return fmt.Errorf("the queue group did not get each of %d messages once", f.next)
	}
	return nil
}

func (f *flow) publish() error {
	p := f.batch.from(f.next, f.batch.n)
	if f.acks {
		if err := f.client.write(append(slices.Clip(p), "PING\r\n"...)); err != nil {
			return err
		}
		f.client.pings++
	} else if err := f.client.write(p); err != nil {
		return err
	}
	for range f.batch.n {
		if len(f.members) > 0 {
			f.print += mix(f.next)
		}
		f.next++
	}
	return nil
}

// await returns when every receiver has got the first n messages.
func (f *flow) await(n uint64) error {
	if f.acks {
		return f.client.pongs.wait(f.client.crowd.ctx, f.greeted+n/uint64(f.batch.n))
	}
	for _, t := range f.taken {
		if err := t.wait(f.client.crowd.ctx, n); err != nil {
			return err
		}
	}
	return nil
}
