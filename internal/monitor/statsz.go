package monitor

import (
	"math"
	"runtime"
	"runtime/debug"
	"time"

	"natsd/internal/status"
)

// Statsz is the short state of the server that it sends to others from time to time.
type Statsz struct {
	Start                time.Time          `json:"start"`
	Mem                  int64              `json:"mem"`
	Cores                int                `json:"cores"`
	CPU                  float64            `json:"cpu"`
	Connections          int                `json:"connections"`
	TotalConnections     uint64             `json:"total_connections"`
	ActiveAccounts       int                `json:"active_accounts"` // with connections here
	Subscriptions        uint32             `json:"subscriptions"`
	Sent                 status.Volume      `json:"sent"`
	SentToClients        status.Volume      `json:"sent_to_clients"`
	Received             status.Volume      `json:"received"`
	ReceivedFromClients  status.Volume      `json:"received_from_clients"`
	SlowConsumers        uint64             `json:"slow_consumers"`
	SlowConsumerStats    *status.KindCounts `json:"slow_consumer_stats,omitempty"`
	StaleConnections     uint64             `json:"stale_connections,omitempty"`
	StaleConnectionStats *status.KindCounts `json:"stale_connection_stats,omitempty"`
	StalledClients       int64              `json:"stalled_clients,omitempty"`
	Routes               []RouteStat        `json:"routes,omitempty"`
	ActiveServers        int                `json:"active_servers,omitempty"`
	MemLimit             int64              `json:"gomemlimit,omitempty"`
	MaxProcs             int                `json:"gomaxprocs,omitempty"`
}

// RouteStat is the short state of one route.
type RouteStat struct {
	RID      uint64        `json:"rid"`
	Name     string        `json:"name,omitempty"` // of the other server
	Sent     status.Volume `json:"sent"`
	Received status.Volume `json:"received"`
	Pending  int64         `json:"pending"` // bytes
}

// Statsz collects the short state of the server, which knows of so many servers, itself included.
func (c *Collector) Statsz(servers int) *Statsz {
	n := c.source.Counters()
	s := &Statsz{
		Start:               c.source.Server().Started.UTC(),
		Mem:                 residentBytes(),
		Cores:               runtime.NumCPU(),
		CPU:                 c.process.percent(c.now()),
		Connections:         n.Connections,
		TotalConnections:    n.TotalConnections,
		Subscriptions:       n.Subs,
		Sent:                status.Volume{Msgs: n.Traffic.OutMsgs, Bytes: n.Traffic.OutBytes},
		SentToClients:       status.Volume{Msgs: n.Clients.OutMsgs, Bytes: n.Clients.OutBytes},
		Received:            status.Volume{Msgs: n.Traffic.InMsgs, Bytes: n.Traffic.InBytes},
		ReceivedFromClients: status.Volume{Msgs: n.Clients.InMsgs, Bytes: n.Clients.InBytes},
		SlowConsumers:       n.SlowConsumers.Total(),
		StaleConnections:    n.StaleConnections.Total(),
		StalledClients:      n.Stalls,
		ActiveServers:       servers,
		MaxProcs:            runtime.GOMAXPROCS(0),
	}
	for _, r := range c.source.AppendRoutes(nil) {
		s.Routes = append(s.Routes, RouteStat{
			RID: r.Facts.CID, Name: r.RemoteName, Pending: r.Pending,
			Sent: status.Volume{Msgs: r.OutMsgs, Bytes: r.OutBytes}, Received: status.Volume{Msgs: r.InMsgs, Bytes: r.InBytes},
		})
	}
	if s.SlowConsumers > 0 {
		s.SlowConsumerStats = &n.SlowConsumers
	}
	if s.StaleConnections > 0 {
		s.StaleConnectionStats = &n.StaleConnections
	}
	if limit := debug.SetMemoryLimit(-1); limit != math.MaxInt64 {
		s.MemLimit = limit
	}
	for _, a := range c.source.Accounts() {
		if a.Clients > 0 || a.Leafnodes > 0 {
			s.ActiveAccounts++
		}
	}
	return s
}
