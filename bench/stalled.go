package main

import (
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// stalled is messages for some receivers, of whom one does not read: the others shall not feel it.
type stalled struct{ receivers int }

// stalledPending is how much may wait for one connection.
const stalledPending = 16 << 20

func (w stalled) work(name, about string, limit float64) work {
	pending := func() (conf, error) { return conf{text: fmt.Sprintf("max_pending: %d\n", stalledPending)}, nil }
	return work{name: name, about: about, unit: "gap", kind: single, limit: limit, conf: pending, run: w.run}
}

func (w stalled) run(s *stage) (sample, error) {
	return s.withCrowd(func(c *crowd) (sample, error) {
		flows, err := traffic{size: 128, receivers: w.receivers}.open(c, "bench.0")
		if err != nil {
			return sample{}, err
		}
		var longest gap
		flows[0].inboxes[0].onTake = longest.took
		drive := func(d time.Duration) (int, error) {
			longest.last = time.Time{}
			return driveAll(flows, d)
		}
		alone, err := s.measure(drive)
		if err != nil {
			return sample{}, err
		}
		before, err := s.server.usage()
		if err != nil {
			return sample{}, err
		}
		gapAlone := longest.max
		longest = gap{}
		sock, err := c.stall("bench.0")
		if err != nil {
			return sample{}, err
		}
		defer func() { _ = sock.Close() }()
		got, err := s.measure(drive)
		if err != nil {
			return sample{}, err
		}
		after, err := s.server.usage()
		got.Also = map[string]float64{
			"throughput beside it": got.PerSecond / alone.PerSecond,
			"CPU beside it":        got.Figure / alone.Figure,
			"gap without it, ms":   gapAlone.Seconds() * 1e3,
			"peak RSS more, MB":    float64(after.peak-before.peak) / (1 << 20),
		}
		got.Figure = longest.max.Seconds() * 1e3
		return got, err
	})
}

// gap is the longest time between two reads.
type gap struct {
	last time.Time
	max  time.Duration
}

func (g *gap) took(uint64, int) error {
	now := time.Now()
	if !g.last.IsZero() {
		g.max = max(g.max, now.Sub(g.last))
	}
	g.last = now
	return nil
}

// stall makes a connection that subscribes and then reads no more.
func (c *crowd) stall(subject string) (net.Conn, error) {
	sock, _, err := c.open()
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(sock, "CONNECT {\"verbose\":false}\r\nSUB "+subject+" 1\r\n"+"PING\r\n"); err != nil {
		return nil, err
	}
	answer := make([]byte, 8<<10)
	for have := 0; !strings.Contains(string(answer[:have]), "PONG"); {
		n, err := sock.Read(answer[have:])
		if err != nil {
			return nil, err
		}
		have += n
	}
	return sock, nil
}
