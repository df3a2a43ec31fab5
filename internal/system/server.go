package system

import (
	"encoding/json"
	"strconv"
	"sync/atomic"
	"time"

	"natsd/internal/broker"
)

// ServerInfo says in every answer which server gave it.
type ServerInfo struct {
	Name         string            `json:"name"`
	Host         string            `json:"host"`
	ID           string            `json:"id"`
	Version      string            `json:"ver"`
	Tags         []string          `json:"tags,omitempty"`
	Metadata     map[string]string `json:"metadata,omitempty"`
	FeatureFlags map[string]bool   `json:"feature_flags"`
	JetStream    bool              `json:"jetstream"`
	Flags        uint64            `json:"flags"`
	Seq          uint64            `json:"seq"` // counts the answers of this server
	Time         time.Time         `json:"time"`
}

// Services answers requests of clients. It is safe for concurrent use.
type Services struct {
	server func() ServerInfo // without Seq and Time
	seq    atomic.Uint64
}

// New returns the services of a server that describes itself by server.
func New(server func() ServerInfo) *Services { return &Services{server: server} }

// origin is where answers come from.
var origin = broker.Origin{Kind: broker.Internal}

// answer is what a service says.
type answer struct {
	Server ServerInfo `json:"server"`
	Data   any        `json:"data,omitempty"`
}

// reply publishes data in account a, on the subject that the request m asked for.
func (s *Services) reply(b *broker.Batch, a *broker.Account, m *broker.Msg, data any) {
	info := s.server()
	info.Seq, info.Time = s.seq.Add(1), b.Now.UTC()
	body, err := json.Marshal(answer{info, data})
	if err != nil {
		return // unreachable: answers are plain data
	}
	size := strconv.AppendInt(nil, int64(len(body)), 10)
	msg := []broker.Msg{{Body: body, HeaderLen: -1, SizeTok: size}}
	a.Publish(b, &broker.Run{Subject: m.Reply, From: &origin, Msgs: msg})
}
