package main

import (
	"fmt"
	"math"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	batchBytes = 64 << 10 // of one write of a publisher
	smallBatch = 8 << 10  // the same, if there are more than manyFrom receivers
	manyFrom   = 100
	window     = 8 // batches in flight, per receiver
	ackEvery   = 4 // batches for one PING, if nobody receives
)

// traffic is messages that flow from publishers to receivers of their own.
type traffic struct {
	size       int
	receivers  int  // of each publisher
	queue      bool // they are one queue group
	headers    bool // each message has a header
	pairs      int  // publishers with receivers of their own; 0 is one
	publishers int  // that share the receivers; 0 is one
}

func (t traffic) work(name, about string, goal float64) work {
	unit := "delivery"
	if t.receivers == 0 {
		unit = "message"
	}
	relay := !t.queue && !t.headers && t.publishers <= 1 // it can not mix messages
	return work{name: name, about: about, unit: unit, kind: processor, goal: goal, relay: relay, run: t.run}
}

func (t traffic) run(s *stage) (sample, error) {
	t.receivers = min(t.receivers, s.crowd)
	return s.withCrowd(func(c *crowd) (sample, error) {
		var flows []*flow
		for i := range max(1, t.pairs) {
			more, err := t.open(c, fmt.Sprintf("bench.%d", i))
			if err != nil {
				return sample{}, err
			}
			flows = append(flows, more...)
		}
		return s.measure(func(d time.Duration) (int, error) { return driveAll(flows, d) })
	})
}

// driveAll drives flows side by side and returns how many deliveries that were.
func driveAll(flows []*flow, d time.Duration) (int, error) {
	var g errgroup.Group
	before := deliveries(flows)
	for _, f := range flows {
		g.Go(func() error { return f.drive(d) })
	}
	err := g.Wait()
	return deliveries(flows) - before, err
}

// headerBlock is what each message has, if it has one.
const headerBlock = "NATS/1.0\r\nTrace: 0123456789abcdef01\r\n\r\n"

// lines returns the control line that a publisher sends, and the one that a receiver gets; a header
// belongs to both.
func (t traffic) lines(c *crowd, subject string) (pub, msg string) {
	size := fmt.Sprintf("%d\r\n", t.size)
	pub, msg = "PUB "+subject+" "+size, "MSG "+subject+" 1 "+size
	switch {
	case t.headers:
		size = fmt.Sprintf("%d %d\r\n%s", len(headerBlock), len(headerBlock)+t.size, headerBlock)
		pub, msg = "HPUB "+subject+" "+size, "HMSG "+subject+" 1 "+size
	case c.relayed:
		pub = msg
	}
	return pub, msg
}

// open connects the publishers of a subject and its receivers.
func (t traffic) open(c *crowd, subject string) ([]*flow, error) {
	pub, msg := t.lines(c, subject)
	room := batchBytes
	if t.receivers > manyFrom {
		room = smallBatch
	}
	flows := make([]*flow, max(1, t.publishers))
	for i := range flows {
		flows[i] = &flow{batch: newBatch(pub, t.size, room, math.MaxInt, nil), copies: max(1, t.receivers), base: uint64(i) << laneShift}
	}
	if err := t.receive(c, subject, msg, flows); err != nil {
		return nil, err
	}
	if c.settle != nil {
		c.settle()
	}
	for _, f := range flows {
		var err error
		if f.client, err = c.dial(&inbox{}, 4<<10); err != nil {
			return nil, err
		}
		f.acks = t.receivers == 0
	}
	return flows, nil
}

// receive connects the receivers.
func (t traffic) receive(c *crowd, subject, msg string, flows []*flow) error {
	group, shared := "", newProgress()
	if t.queue {
		group = "workers"
		flows[0].queue, flows[0].copies, flows[0].taken = true, 1, []*progress{shared}
	}
	for i := range t.receivers {
		in := newInbox(msg, t.size, nil)
		in.lanes = make([]lane, len(flows))
		for i, f := range flows {
			f.inboxes, in.lanes[i].taken = append(f.inboxes, in), newProgress()
			if !t.queue {
				f.taken = append(f.taken, in.lanes[i].taken)
			}
		}
		if t.queue {
			in.gaps, in.lanes[0].taken = true, shared
		}
		r, err := c.dialAt(c.receiver(i), in, readSize+2*t.size)
		if err != nil {
			return err
		}
		if err := r.subscribe(subject, group, "1"); err != nil {
			return err
		}
	}
	return nil
}

// flow is one publisher with those who receive from it.
type flow struct {
	client  *client
	batch   *batch
	base    uint64      // of the numbers of its messages: see laneShift
	next    uint64      // number of the next message
	taken   []*progress // how far each receiver is
	copies  int         // deliveries per message
	acks    bool        // nobody receives: progress is a PONG for some batches
	batches int         // sent
	acked   []mark      // PINGs that are on their way
	inboxes []*inbox    // of the receivers
	queue   bool        // they are a queue group
	print   uint64      // what its members should have got
}

// mark says which PONG tells that messages have been processed.
type mark struct{ messages, pongs uint64 }

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
	if f.acks {
		if err := f.ping(); err != nil {
			return err
		}
	}
	if err := f.await(f.next); err != nil {
		return err
	}
	if f.queue && ctx.Err() == nil && f.prints() != f.print {
		return fmt.Errorf("the queue group did not get each of %d messages once", f.next)
	}
	return nil
}

// prints sums up what the members of the queue group have got.
func (f *flow) prints() uint64 {
	var sum uint64
	for _, in := range f.inboxes {
		sum += in.print
	}
	return sum
}

func (f *flow) publish() error {
	if err := f.client.write(f.batch.from(f.base+f.next, f.batch.n)); err != nil {
		return err
	}
	for range f.batch.n {
		if f.queue {
			f.print += mix(f.next)
		}
		f.next++
	}
	if f.batches++; f.acks && f.batches%ackEvery == 0 {
		return f.ping()
	}
	return nil
}

// ping asks for a sign of what has been published so far.
func (f *flow) ping() error {
	if err := f.client.write([]byte(ping)); err != nil {
		return err
	}
	f.client.pings++
	f.acked = append(f.acked, mark{f.next, f.client.pings})
	if f.client.crowd.relayed {
		return f.await(f.next)
	}
	return nil
}

// await returns when every receiver has got the first n messages.
func (f *flow) await(n uint64) error {
	if f.acks {
		for len(f.acked) > 0 && f.acked[0].messages <= n {
			if err := f.client.pongs.wait(f.client.crowd.ctx, f.acked[0].pongs); err != nil {
				return err
			}
			f.acked = f.acked[1:]
		}
		return nil
	}
	for _, t := range f.taken {
		if err := t.wait(f.client.crowd.ctx, n); err != nil {
			return err
		}
	}
	return nil
}
