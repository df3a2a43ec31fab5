package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// work is one workload.
type work struct {
	name  string
	about string
	unit  string // what is counted
	kind  kind
	goal  float64              // what the ratio to the peer is to be at most; 0 is nothing that was set
	limit float64              // the same for the figure of natsd
	conf  func() (conf, error) // configuration of the servers; nil is none
	relay bool                 // the relay can do it, too
	bare  bool                 // starts its servers itself
	run   func(s *stage) (sample, error)
}

// kind says which figure of a workload counts. It is the smaller the better, always.
type kind string

const (
	processor kind = "cpu"     // microseconds of processor time per unit, or seconds per million
	latency   kind = "latency" // 99th percentile in microseconds
	memory    kind = "memory"  // KB of resident memory per unit
	single    kind = "single"  // what the unit says
)

// works is the whole program, in the order in which it is shown. A workload over several servers
// belongs to it as well: [stage.start] starts as many as one likes.
var works = slices.Concat(
	[]work{
		traffic{size: 16}.work("pub-16", "publish 16 B, nobody listens", 0.5),
		traffic{size: 128}.work("pub-128", "publish 128 B, nobody listens", 0.5),
		traffic{size: 1 << 10}.work("pub-1k", "publish 1 KB, nobody listens", 0.5),
		traffic{size: 16 << 10}.work("pub-16k", "publish 16 KB, nobody listens", 0.45),
		traffic{size: 16, receivers: 1}.work("one-16", "one to one, 16 B", 0.5),
		traffic{size: 128, receivers: 1}.work("one-128", "one to one, 128 B", 0.5),
		traffic{size: 1 << 10, receivers: 1}.work("one-1k", "one to one, 1 KB", 0.5),
		traffic{size: 64 << 10, receivers: 1}.work("one-64k", "one to one, 64 KB", 0.45),
	},
	fanOuts(),
	[]work{
		traffic{size: 128, receivers: 1, publishers: 10}.work("fanin-10", "10 to one, 128 B", 0.5),
		traffic{size: 128, receivers: 1, pairs: 8}.work("pairs-8", "8 times one to one, 128 B", 0.5),
		traffic{size: 128, receivers: 10, queue: true}.work("queue-10", "queue group of 10, 128 B", 0.5),
		traffic{size: 128, receivers: 1, headers: true}.work("headers", "one to one, 128 B with a header of 40 B", 0.5),
		traffic{size: 128, receivers: 1}.work("tls-128", "one to one, 128 B, TLS 1.3", 0.7).with(tlsConf),
		traffic{size: 128, receivers: 1}.work("perm-128", "one to one, 128 B, lists of 20 permissions", 0.5).with(permissionsConf),
		scatter{subjects: 1000, wildcards: true}.work("wild-1000", "1,000 wildcard subscriptions, random subjects, 128 B", 0.5),
		scatter{subjects: 100_000}.work("random-100k", "100,000 subscriptions, random subjects, 128 B", 0),
		scatter{subjects: 1_000_000}.work("random-1m", "1,000,000 subscriptions, random subjects, 128 B", 0.4),
		hop{nodes: 2, traffic: traffic{size: 16, receivers: 1}}.work("hop-16", "over a route, one to one, 16 B, CPU of both servers", 0.5),
		hop{nodes: 2, traffic: traffic{size: 128, receivers: 1}}.work("hop-128", "the same with 128 B", 0.5),
		hop{nodes: 2, traffic: traffic{size: 1 << 10, receivers: 1}}.work("hop-1k", "the same with 1 KB", 0.5),
		hop{nodes: 2, traffic: traffic{size: 128, receivers: 10}}.work("hop-fan10", "over a route, one to 10 there, 128 B", 0.5),
		hop{nodes: 3, traffic: traffic{size: 128, receivers: 2}}.work("hop-3", "3 servers, one to one on each other, 128 B", 0.5),
		hop{nodes: 3, traffic: traffic{size: 128, receivers: 6, queue: true}}.work("hop-queue", "3 servers, queue group of 6 on two of them, 128 B", 0.5),
		hop{nodes: 2, compact: true, traffic: traffic{size: 128, receivers: 1}}.work("hop-s2", "hop-128 with compression (not of nats-server 2.9)", 0),
		requests{outstanding: 1}.work("request-1", "request and reply, 16 B, one at a time", 0.7),
		requests{outstanding: 64}.work("request-64", "request and reply, 16 B, 64 outstanding", 0.5),
		connects{abreast: 8}.work("connect", "connect, CONNECT, PING, PONG, close", 0),
		connects{abreast: 8}.work("connect-pass", "the same with a password", 0.7).with(passwordConf),
		connects{abreast: 8}.work("connect-nkey", "the same with an nkey", 0.9).with(nkeyConf),
		churn{}.work("churn", "SUB and UNSUB of 1,000 subjects in turn", 0),
		openLoop{size: 128}.work("latency", "one to one, 128 B, open loop at half of the peer's load", 0.7),
		idle{}.work("idle", "idle connections", 8),
		idle{subscribed: true}.work("idle-sub", "idle connections with one subscription each", 0),
		idle{subscribed: true, burst: true}.work("idle-burst", "the same, 5 s after 64 KB in and out of each", 8),
		idle{}.work("idle-tls", "idle connections, TLS", 30).with(tlsConf),
		idle{subscribed: true}.work("idle-tls-sub", "idle connections with one subscription each, TLS", 0).with(tlsConf),
		idle{subscribed: true, burst: true}.work("idle-tls-burst", "the same, 5 s after 64 KB in and out of each", 30).with(tlsConf),
		scatter{subjects: 1_000_000}.weigh("subs-1m", "1,000,000 subscriptions, 18-byte subjects", 0.39),
		stalled{receivers: 10}.work("stalled", "longest gap in one to 10, 128 B, beside one who does not read, ms", 50),
		launch{}.work("start", "from the start to the first greeting, ms", 10),
		launch{users: 10_000}.work("start-10k", "the same with 10,000 users, ms", 0),
		reloads{users: 10_000}.work("reload-10k", "CPU of a reload with 10,000 users, one of them changed, ms", 100),
	},
)

// fanOuts is every number of receivers with every size.
func fanOuts() []work {
	var all []work
	for _, receivers := range []int{10, 100, 1000} {
		for _, s := range []struct {
			size int
			name string
			goal float64
		}{{16, "16", 0.5}, {128, "128", 0.5}, {4 << 10, "4k", 0.45}} {
			t := traffic{size: s.size, receivers: receivers}
			all = append(all, t.work(fmt.Sprintf("fan%d-%s", receivers, s.name), fmt.Sprintf("one to %d, %d B", receivers, s.size), s.goal))
		}
	}
	return all
}

// with is w with a configuration for the servers.
func (w work) with(c func() (conf, error)) work {
	w.conf, w.relay = c, false
	return w
}

// pace is how long everything takes.
type pace struct {
	warm, span time.Duration // of continuous load, before and while measuring
	crowd      int           // receivers at most
	conns      int           // idle connections
	settle     time.Duration // from the last byte to reading the memory of idle connections
	rest       time.Duration // the same after a burst
	scale      int           // divides large numbers
	limit      time.Duration // for one measurement as a whole
}

var (
	fullPace = pace{
		warm: 200 * time.Millisecond, span: 700 * time.Millisecond,
		crowd: 1000, conns: 10_000, settle: 6 * time.Second, rest: 5 * time.Second, scale: 1, limit: 3 * time.Minute,
	}
	shortPace = pace{warm: 10 * time.Millisecond, span: 20 * time.Millisecond, crowd: 10, conns: 20, settle: 10 * time.Millisecond, rest: 10 * time.Millisecond, scale: 100, limit: time.Minute}
)

// sample is one measurement.
type sample struct {
	Figure    float64 `json:"figure"` // see kind
	PerSecond float64 `json:"per_second,omitempty"`
	RSS       float64 `json:"rss_mb"`
	Busy      float64 `json:"busy"`      // share of a processor that the server used
	LoadBusy  float64 `json:"load_busy"` // and the load

	Also map[string]float64 `json:"also,omitempty"` // further figures, by name
}

// stage is what one measurement works with.
type stage struct {
	pace
	ctx       context.Context
	rival     rival
	conf      conf
	server    *server                     // nil for a workload that is bare
	more      []*server                   // other servers whose work counts
	start     func(conf) (*server, error) // starts one more of the rival; the caller stops it
	startPeer func() (*server, error)     // starts one of the peer, or of natsd if there is no peer
	profile   func(time.Duration) error   // records the server meanwhile; nil for no profile
	rates     map[string]float64          // what is kept from one measurement to the next
}

// driver makes load for about d and returns, when all of it has been delivered, how many units it was.
type driver func(d time.Duration) (units int, err error)

// measure runs a driver twice, first to warm up.
func (s *stage) measure(drive driver) (sample, error) {
	if _, err := drive(s.warm); err != nil {
		return sample{}, err
	}
	before, err := s.usage()
	if err != nil {
		return sample{}, err
	}
	self, start := loadCPU(), time.Now()
	units, err := drive(s.span)
	if err != nil {
		return sample{}, err
	}
	wall := time.Since(start)
	after, err := s.usage()
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

// usage is that of all servers together.
func (s *stage) usage() (usage, error) {
	sum, err := s.server.usage()
	for _, other := range s.more {
		u, failed := other.usage()
		if failed != nil {
			return sum, failed
		}
		sum.cpu += u.cpu
		sum.rss += u.rss
	}
	return sum, err
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
	c := newCrowd(s.ctx, s.server.addr, s.conf.login)
	c.relayed = s.rival.relay
	got, err := f(c)
	if failed := c.finish(); failed != nil {
		err = failed // it is the cause
	}
	return got, err
}
