package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// requests is one client that asks and one that answers. Each request has a reply subject of its own
// below one wildcard subscription, as clients do it.
type requests struct{ outstanding int }

const (
	requestSize = 16
	service     = "bench.service"
	replyPrefix = "_INBOX.hVXZ0bZ6iJ5wEe5LJ1xJ2p."
)

func (w requests) work(name, about string, goal float64) work {
	return work{name: name, about: about, unit: "round trip", kind: processor, goal: goal, run: w.run}
}

func (w requests) run(s *stage) (sample, error) {
	return s.withCrowd(func(c *crowd) (sample, error) {
		if err := answer(c, w.outstanding); err != nil {
			return sample{}, err
		}
		a, err := ask(c, w.outstanding)
		if err != nil {
			return sample{}, err
		}
		return s.measure(a.drive)
	})
}

// zeros holds the place of a number in a subject.
var zeros = fmt.Sprintf("%0*d", digits, 0)

// answer connects the service.
func answer(c *crowd, most int) error {
	in := newInbox(fmt.Sprintf("MSG %s 1 %s%s %d\r\n", service, replyPrefix, zeros, requestSize), requestSize, func(line []byte, seq uint64) {
		putDigits(line[len("MSG  1 ")+len(service)+len(replyPrefix):], seq)
	})
	replies := newBatch(fmt.Sprintf("PUB %s%s %d\r\n", replyPrefix, zeros, requestSize), requestSize, batchBytes, most, func(line []byte, seq uint64) {
		putDigits(line[len("PUB ")+len(replyPrefix):], seq)
	})
	var x *client
	ready := make(chan struct{})
	in.onTake = func(first uint64, n int) error {
		<-ready
		return x.write(replies.from(first, n))
	}
	var err error
	x, err = c.dial(in, readSize)
	close(ready)
	if err != nil {
		return err
	}
	return x.subscribe(service, "", "1")
}

// asker sends requests: the first ones of a drive by itself, the others on the reading goroutine.
type asker struct {
	client *client
	in     *inbox
	done   chan struct{}

	mu       sync.Mutex
	requests *batch
	next     uint64    // number of the next request
	end      time.Time // of the drive
}

func ask(c *crowd, outstanding int) (*asker, error) {
	a := &asker{done: make(chan struct{}, 1)}
	a.in = newInbox(fmt.Sprintf("MSG %s%s 1 %d\r\n", replyPrefix, zeros, requestSize), requestSize, func(line []byte, seq uint64) {
		putDigits(line[len("MSG ")+len(replyPrefix):], seq)
	})
	a.requests = newBatch(fmt.Sprintf("PUB %s %s%s %d\r\n", service, replyPrefix, zeros, requestSize), requestSize, batchBytes, outstanding, func(line []byte, seq uint64) {
		putDigits(line[len("PUB  ")+len(service)+len(replyPrefix):], seq)
	})
	a.in.onTake = a.replied
	var err error
	if a.client, err = c.dial(a.in, readSize); err != nil {
		return nil, err
	}
	return a, a.client.subscribe(replyPrefix+"*", "", "1")
}

func (a *asker) drive(d time.Duration) (int, error) {
	a.mu.Lock()
	before := a.next
	a.end = time.Now().Add(d)
	err := a.send(a.requests.n)
	a.mu.Unlock()
	if err != nil {
		return 0, err
	}
	select {
	case <-a.done:
		a.mu.Lock()
		defer a.mu.Unlock()
		return int(a.next - before), nil
	case <-a.client.crowd.ctx.Done():
		return 0, context.Cause(a.client.crowd.ctx)
	}
}

// replied asks as many more as were answered.
func (a *asker) replied(_ uint64, n int) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if time.Now().Before(a.end) {
		return a.send(n)
	}
	if a.in.lanes[0].next == a.next {
		a.done <- struct{}{}
	}
	return nil
}

// send sends n requests. a.mu is held.
func (a *asker) send(n int) error {
	p := a.requests.from(a.next, n)
	a.next += uint64(n)
	return a.client.write(p)
}
