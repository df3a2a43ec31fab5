package main

import (
	"context"
	"math"
	"time"

	"golang.org/x/sync/errgroup"
)

// work is one workload.
type work struct {
	name  string
	about string
	unit  string // what is counted; the figure is per million of it, or per one if it is memory
	kind  kind
	run   func(s *stage) (sample, error)
}

// kind says which figure of a workload counts.
type kind string

const (
	processor kind = "cpu"    // microseconds of processor time per unit, or seconds per million
	memory    kind = "memory" // KB of resident memory per unit
)

// works is the whole program, in the order in which it is shown.
var works = []work{
	traffic{size: 128}.work("pub-128", "publish 128 B, nobody listens"),
	traffic{size: 16, receivers: 1}.work("one-16", "one to one, 16 B"),
	traffic{size: 128, receivers: 1}.work("one-128", "one to one, 128 B"),
	traffic{size: 1 << 10, receivers: 1}.work("one-1k", "one to one, 1 KB"),
	traffic{size: 64 << 10, receivers: 1}.work("one-64k", "one to one, 64 KB"),
	traffic{size: 128, receivers: 10}.work("fan10-128", "one to 10, 128 B"),
	traffic{size: 128, receivers: 100}.work("fan100-128", "one to 100, 128 B"),
	traffic{size: 4 << 10, receivers: 100}.work("fan100-4k", "one to 100, 4 KB"),
	traffic{size: 128, receivers: 10, queue: true}.work("queue-10", "queue group of 10, 128 B"),
	traffic{size: 128, receivers: 1, pairs: 8}.work("pairs-8", "8 times one to one, 128 B"),
	requests{outstanding: 1}.work("request-1", "request and reply, 16 B, one at a time"),
	requests{outstanding: 64}.work("request-64", "request and reply, 16 B, 64 outstanding"),
	scatter{subjects: 100_000}.work("random-100k", "random literal subjects over 100,000 subscriptions, 128 B"),
	connects{abreast: 8}.work("connect", "connect, CONNECT, PING, PONG, close"),
	idle{}.work("idle", "idle connections"),
	idle{subscribed: true}.work("idle-sub", "idle connections with one subscription each"),
	idle{subscribed: true, burst: true}.work("idle-burst", "the same, after 64 KB in and out of each"),
}

// pace is how long everything takes.
type pace struct {
	warm, span time.Duration // of continuous load, before and while measuring
	conns      int           // idle connections
	settle     time.Duration // from the last byte to reading the memory of idle connections
	scale      int           // divides large numbers
	limit      time.Duration // for one measurement as a whole
}

var (
	fullPace  = pace{warm: 200 * time.Millisecond, span: 700 * time.Millisecond, conns: 5000, settle: 11 * time.Second, scale: 1, limit: time.Minute}
	shortPace = pace{warm: 10 * time.Millisecond, span: 20 * time.Millisecond, conns: 50, settle: 10 * time.Millisecond, scale: 100, limit: time.Minute}
)

// sample is one measurement.
type sample struct {
	Figure    float64 `json:"figure"` // see kind
	PerSecond float64 `json:"per_second,omitempty"`
	RSS       float64 `json:"rss_mb"`
	Busy      float64 `json:"busy"`      // share of a processor that the server used
	LoadBusy  float64 `json:"load_busy"` // and the load
}

// stage is what one measurement works with.
type stage struct {
	pace
	ctx     context.Context
	server  *server
	profile func(time.Duration) error // records the server meanwhile; nil for no profile
}

// driver makes load for about d and returns, when all of it has been delivered, how many units it was.
type driver func(d time.Duration) (units int, err error)

// measure runs a driver twice, first to warm up.
func (s *stage) measure(drive driver) (sample, error) {
	if _, err := drive(s.warm); err != nil {
		return sample{}, err
	}
	before, err := s.server.usage()
	if err != nil {
		return sample{}, err
	}
	self, start := loadCPU(), time.Now()
	units, err := drive(s.span)
	if err != nil {
		return sample{}, err
	}
	wall := time.Since(start)
	after, err := s.server.usage()
	if err != nil {
		return sample{}, err
	}
	cpu := after.cpu - before.cpu
	return sample{
		Figure:    float64(cpu.Nanoseconds()) / 1e3 / math.Max(1, float64(units)),
		PerSecond: float64(units) / wall.Seconds(),
		RSS:       float64(after.rss) / (1 << 20),
		Busy:      cpu.Seconds() / wall.Seconds(),
		LoadBusy:  (loadCPU() - self).Seconds() / wall.Seconds(),
	}, s.profiled(drive)
}

// profiled drives once more while the server is being profiled, if that is wanted.
func (s *stage) profiled(drive driver) error {
	if s.profile == nil {
		return nil
	}
	const span = 2 * time.Second
	var g errgroup.Group
	g.Go(func() error { return s.profile(span) })
	if _, err := drive(span + span/8); err != nil {
		return err
	}
	return g.Wait()
}

// withCrowd runs f with connections that are checked and closed afterwards.
func (s *stage) withCrowd(f func(c *crowd) (sample, error)) (sample, error) {
	c := newCrowd(s.ctx, s.server.addr)
	got, err := f(c)
	if failed := c.finish(); failed != nil {
		err = failed // it is the cause
	}
	return got, err
}
