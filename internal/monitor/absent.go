package monitor

import (
	"errors"
	"time"
)

// The answers of a server that has no gateways, leaf nodes, JetStream or Raft groups.

// Gatewayz lists gateways.
type Gatewayz struct {
	ID       string              `json:"server_id"`
	Now      time.Time           `json:"now"`
	Outbound map[string]absent   `json:"outbound_gateways"`
	Inbound  map[string][]absent `json:"inbound_gateways"`
}

// Gatewayz lists gateways.
func (c *Collector) Gatewayz() *Gatewayz {
	return &Gatewayz{
		ID: c.source.Server().ID, Now: c.now().UTC(),
		Outbound: map[string]absent{}, Inbound: map[string][]absent{},
	}
}

// Leafz lists leaf nodes.
type Leafz struct {
	ID    string    `json:"server_id"`
	Now   time.Time `json:"now"`
	Num   int       `json:"leafnodes"`
	Leafs []absent  `json:"leafs"`
}

// Leafz lists leaf nodes.
func (c *Collector) Leafz() *Leafz {
	return &Leafz{ID: c.source.Server().ID, Now: c.now().UTC(), Leafs: []absent{}}
}

// JszQuery selects what is told of JetStream.
type JszQuery struct {
	LeaderOnly bool `json:"leader_only"`
}

// Jsz tells of JetStream.
type Jsz struct {
	Memory         uint64    `json:"memory"`
	Store          uint64    `json:"storage"`
	ReservedMemory uint64    `json:"reserved_memory"`
	ReservedStore  uint64    `json:"reserved_storage"`
	Accounts       int       `json:"accounts"`
	HAAssets       int       `json:"ha_assets"`
	API            jsAPI     `json:"api"`
	ID             string    `json:"server_id"`
	Now            time.Time `json:"now"`
	Disabled       bool      `json:"disabled,omitempty"`
	Config         jsConfig  `json:"config"`
	Streams        int       `json:"streams"`
	Consumers      int       `json:"consumers"`
	Messages       uint64    `json:"messages"`
	Bytes          uint64    `json:"bytes"`
	Total          int       `json:"total"`
}

type jsAPI struct {
	Level  int    `json:"level"`
	Total  uint64 `json:"total"`
	Errors uint64 `json:"errors"`
}

type jsConfig struct {
	MaxMemory int64 `json:"max_memory"`
	MaxStore  int64 `json:"max_storage"`
}

var errNotLeader = errors.New("filtered response: not leader")

// Jsz tells of JetStream. It fails for a query that only a leader answers.
func (c *Collector) Jsz(q JszQuery) (*Jsz, error) {
	if q.LeaderOnly {
		return nil, errNotLeader
	}
	return &Jsz{ID: c.source.Server().ID, Now: c.now().UTC(), Disabled: true}, nil
}

// errNoRaft is the answer of raftz outside of a cluster.
var errNoRaft = errors.New("No Raft nodes registered") //nolint:staticcheck // text of the protocol

// Raftz lists Raft groups. There are none, so it fails.
func (c *Collector) Raftz() error { return errNoRaft }

// IPQueuesz lists internal queues by name. There are none.
func (c *Collector) IPQueuesz() map[string]absent { return map[string]absent{} }
