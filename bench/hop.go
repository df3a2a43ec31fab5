package main

import (
	"fmt"
	"net"
	"strings"
	"time"
)

// hop is traffic over the nodes of a cluster: publishers on the first one, receivers in turn on the
// others. What counts is the processor time of all nodes.
type hop struct {
	traffic

	nodes   int
	compact bool // the nodes compress, those of the peer if they can
}

func (h hop) work(name, about string, goal float64) work {
	return work{name: name, about: about, unit: "delivery", kind: processor, goal: goal, bare: true, run: h.run}
}

// interestPeriod is how long the interest of receivers takes to reach the other nodes at most.
const interestPeriod = 500 * time.Millisecond

func (h hop) run(s *stage) (sample, error) {
	nodes, err := h.startNodes(s)
	for _, n := range nodes {
		defer n.stop()
	}
	if err != nil {
		return sample{}, err
	}
	s.server, s.more = nodes[0], nodes[1:]
	defer func() { s.server, s.more = nil, nil }()
	return s.withCrowd(func(c *crowd) (sample, error) {
		c.settle = func() { <-time.After(interestPeriod) }
		for _, n := range nodes[1:] {
			c.receivers = append(c.receivers, n.addr)
		}
		flows, err := h.open(c, "bench.hop")
		if err != nil {
			return sample{}, err
		}
		return s.measure(func(d time.Duration) (int, error) { return driveAll(flows, d) })
	})
}

// startNodes starts the nodes, each with routes to all before it.
func (h hop) startNodes(s *stage) ([]*server, error) {
	var nodes []*server
	var routes []string
	for i := range h.nodes {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nodes, err
		}
		addr := ln.Addr().String()
		if err := ln.Close(); err != nil {
			return nodes, err
		}
		more := ""
		if h.compact && s.rival.name == "natsd" {
			more = "compression: s2_fast"
		}
		n, err := s.start(conf{text: fmt.Sprintf("server_name: node%d\ncluster {\n  name: bench\n  listen: %q\n  routes: [%s]\n  %s\n}\n",
			i, addr, strings.Join(routes, ", "), more)})
		if err != nil {
			return nodes, err
		}
		nodes = append(nodes, n)
		routes = append(routes, fmt.Sprintf("%q", "nats://"+addr))
	}
	<-time.After(interestPeriod) // they find each other
	return nodes, nil
}
