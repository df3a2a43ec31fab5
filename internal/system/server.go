package system

import (
	"time"
)

// ServerInfo says in every message which server sent it.
type ServerInfo struct {
	Name         string            `json:"name"`
	Host         string            `json:"host"`
	ID           string            `json:"id"`
	Cluster      string            `json:"cluster,omitempty"`
	Domain       string            `json:"domain,omitempty"`
	Version      string            `json:"ver"`
	Tags         []string          `json:"tags,omitempty"`
	Metadata     map[string]string `json:"metadata,omitempty"`
	FeatureFlags map[string]bool   `json:"feature_flags,omitempty"`
	JetStream    bool              `json:"jetstream"`
	Flags        uint64            `json:"flags"`
	Seq          uint64            `json:"seq"` // counts the messages of this server
	Time         time.Time         `json:"time"`
}

// introduce returns what this server says of itself in its next message.
func (s *Services) introduce(now time.Time) ServerInfo {
	info := s.setup.Info()
	info.Seq, info.Time = s.seq.Add(1), now.UTC()
	return info
}

// answer is what a service says. Data that is a nil pointer shows as null, nil itself not at all.
type answer struct {
	Server ServerInfo `json:"server"`
	Data   any        `json:"data,omitempty"`
	Error  *failure   `json:"error,omitempty"`
}

// failure is why a service has nothing to say.
type failure struct {
	Code        int    `json:"code"` // as in HTTP
	Description string `json:"description"`
}
