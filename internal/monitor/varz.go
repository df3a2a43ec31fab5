package monitor

import (
	"cmp"
	"maps"
	"math"
	"runtime"
	"runtime/debug"
	"time"

	"natsd/internal/config"
	"natsd/internal/status"
)

// Varz is the state of the server in one object. Keys, order and omissions are those of nats-server;
// only the last two keys are natsd's own.
type Varz struct {
	ID                string            `json:"server_id"`
	Name              string            `json:"server_name"`
	Version           string            `json:"version"`
	Proto             int               `json:"proto"`
	Commit            string            `json:"git_commit,omitempty"`
	GoVersion         string            `json:"go"`
	Host              string            `json:"host"`
	Port              int               `json:"port"`
	AuthRequired      bool              `json:"auth_required,omitempty"`
	TLSRequired       bool              `json:"tls_required,omitempty"`
	TLSVerify         bool              `json:"tls_verify,omitempty"`
	TLSOCSPPeerVerify bool              `json:"tls_ocsp_peer_verify,omitempty"`
	ConnectURLs       []string          `json:"connect_urls,omitempty"`
	WSConnectURLs     []string          `json:"ws_connect_urls,omitempty"`
	MaxConnections    int               `json:"max_connections"`
	MaxSubscriptions  int               `json:"max_subscriptions,omitempty"`
	PingInterval      time.Duration     `json:"ping_interval"`
	PingMax           int               `json:"ping_max"`
	HTTPHost          string            `json:"http_host"`
	HTTPPort          int               `json:"http_port"`
	HTTPBasePath      string            `json:"http_base_path"`
	HTTPSPort         int               `json:"https_port"`
	AuthTimeout       float64           `json:"auth_timeout"` // seconds
	MaxControlLine    int               `json:"max_control_line"`
	MaxPayload        int               `json:"max_payload"`
	MaxPending        int64             `json:"max_pending"`
	Cluster           VarzCluster       `json:"cluster"`
	Gateway           absent            `json:"gateway"`
	Leafnode          absent            `json:"leaf"`
	MQTT              absent            `json:"mqtt"`
	Websocket         absent            `json:"websocket"`
	JetStream         absent            `json:"jetstream"`
	TLSTimeout        float64           `json:"tls_timeout"` // seconds
	WriteDeadline     time.Duration     `json:"write_deadline"`
	WriteTimeout      string            `json:"write_timeout,omitempty"`
	Start             time.Time         `json:"start"`
	Now               time.Time         `json:"now"`
	Uptime            string            `json:"uptime"`
	Mem               int64             `json:"mem"` // resident bytes
	Cores             int               `json:"cores"`
	MaxProcs          int               `json:"gomaxprocs"`
	MemLimit          int64             `json:"gomemlimit,omitempty"`
	CPU               float64           `json:"cpu"` // percent of one core
	Connections       int               `json:"connections"`
	TotalConnections  uint64            `json:"total_connections"`
	Routes            int               `json:"routes"`
	Remotes           int               `json:"remotes"`
	Leafnodes         int               `json:"leafnodes"`
	InMsgs            int64             `json:"in_msgs"`
	InBytes           int64             `json:"in_bytes"`
	InClientMsgs      int64             `json:"in_client_msgs"`
	InClientBytes     int64             `json:"in_client_bytes"`
	OutMsgs           int64             `json:"out_msgs"`
	OutBytes          int64             `json:"out_bytes"`
	OutClientMsgs     int64             `json:"out_client_msgs"`
	OutClientBytes    int64             `json:"out_client_bytes"`
	SlowConsumers     uint64            `json:"slow_consumers"`
	StaleConnections  uint64            `json:"stale_connections"`
	StalledClients    int64             `json:"stalled_clients"`
	Subscriptions     uint32            `json:"subscriptions"`
	HTTPReqStats      map[string]uint64 `json:"http_req_stats"`
	ConfigLoadTime    time.Time         `json:"config_load_time"`
	ConfigDigest      string            `json:"config_digest"`
	Tags              []string          `json:"tags,omitempty"`
	Metadata          map[string]string `json:"metadata,omitempty"`
	FeatureFlags      map[string]bool   `json:"feature_flags,omitempty"`
	SystemAccount     string            `json:"system_account,omitempty"`
	PinnedFails       uint64            `json:"pinned_account_fails,omitempty"`

	SlowConsumerStats    status.KindCounts  `json:"slow_consumer_stats"`
	StaleConnectionStats *status.KindCounts `json:"stale_connection_stats,omitempty"`
	DiskIOWaitStats      diskWait           `json:"disk_io_wait_stats"`
	Proxies              *proxies           `json:"proxies,omitempty"`
	TLSCertNotAfter      time.Time          `json:"tls_cert_not_after,omitzero"`

	NatsdVersion string             `json:"natsd_version"`
	NatsdLog     status.LogCounters `json:"natsd_log"`
}

// absent is the empty object of a feature that the server does not have.
type absent struct{}

// diskWait is about stores on disk, of which there are none.
type diskWait struct {
	Waiters     int64         `json:"waiters"`
	Waits       uint64        `json:"waits"`
	WaitTime    time.Duration `json:"wait_time"`
	MaxWaitTime time.Duration `json:"max_wait_time"`
}

// proxies lists the trusted proxies.
type proxies struct {
	Trusted []proxyInfo `json:"trusted,omitempty"`
}

// proxyInfo names a proxy by its public key.
type proxyInfo struct {
	Key string `json:"key"`
}

// tlsTimeout is shown when there is no TLS.
const tlsTimeout = 2 * time.Second

// Varz collects the state of the server.
func (c *Collector) Varz() *Varz {
	now := c.now().UTC()
	server, counters, o := c.source.Server(), c.source.Counters(), c.options()
	v := &Varz{
		ID:           server.ID,
		Name:         server.Name,
		Version:      server.Version,
		NatsdVersion: server.NatsdVersion,
		Commit:       server.Commit,
		Proto:        1,
		GoVersion:    runtime.Version(),

		Port:          server.Port,
		AuthRequired:  server.AuthRequired,
		ConnectURLs:   server.ConnectURLs,
		WSConnectURLs: server.WSConnectURLs,
		SystemAccount: server.SystemAccount,

		Start:           server.Started.UTC(),
		Now:             now,
		Uptime:          uptimeText(now.Sub(server.Started)),
		ConfigLoadTime:  server.ConfigLoaded.UTC(),
		HTTPReqStats:    c.requests(),
		TLSCertNotAfter: server.CertNotAfter.UTC(),
	}
	v.setOptions(o, server)
	v.Cluster = varzCluster(o, server.Cluster)
	v.setCounters(counters)
	v.NatsdLog = counters.Log
	v.setProcess(c.process, now)
	return v
}

func (v *Varz) setOptions(o *config.Options, server status.Server) {
	v.Host = o.Host
	v.MaxConnections = o.Limits.MaxConnections
	v.MaxSubscriptions = o.Limits.MaxSubscriptions
	v.PingInterval = o.Limits.PingInterval
	v.PingMax = o.Limits.PingMax
	v.MaxControlLine = o.Limits.MaxControlLine
	v.MaxPayload = o.Limits.MaxPayload
	v.MaxPending = o.Limits.MaxPending
	v.WriteDeadline = o.Limits.WriteDeadline
	if o.Limits.WriteTimeout != "default" {
		v.WriteTimeout = o.Limits.WriteTimeout
	}

	m := &o.Monitoring
	v.HTTPHost = cmp.Or(m.HTTPHost, m.HTTPSHost, o.Host)
	v.HTTPPort = cmp.Or(server.HTTPPort, m.HTTPPort)
	v.HTTPSPort = cmp.Or(server.HTTPSPort, m.HTTPSPort)
	v.HTTPBasePath = m.BasePath

	v.AuthTimeout = o.Authorization.Timeout.Seconds()
	v.TLSTimeout = tlsTimeout.Seconds()
	if t := o.TLS; t != nil {
		v.TLSRequired = !o.AllowNonTLS
		v.TLSVerify = t.Verify || t.VerifyAndMap
		v.TLSOCSPPeerVerify = t.OCSPPeer != nil
		v.TLSTimeout = t.Timeout.Seconds()
	}

	v.ConfigDigest = o.Digest
	v.Tags = o.Tags
	v.Metadata = o.Metadata
	v.FeatureFlags = config.KnownFeatures()
	maps.Copy(v.FeatureFlags, o.FeatureFlags)
	if o.TrustedProxies != nil {
		v.Proxies = &proxies{}
		for _, key := range o.TrustedProxies {
			v.Proxies.Trusted = append(v.Proxies.Trusted, proxyInfo{key})
		}
	}
}

func (v *Varz) setCounters(n status.Counters) {
	v.Connections = n.Connections
	v.TotalConnections = n.TotalConnections
	v.Routes = n.Routes
	v.Remotes = n.Remotes
	v.Leafnodes = n.Leafnodes
	v.Subscriptions = n.Subs

	v.InMsgs, v.InBytes = n.Traffic.InMsgs, n.Traffic.InBytes
	v.OutMsgs, v.OutBytes = n.Traffic.OutMsgs, n.Traffic.OutBytes
	v.InClientMsgs, v.InClientBytes = n.Clients.InMsgs, n.Clients.InBytes
	v.OutClientMsgs, v.OutClientBytes = n.Clients.OutMsgs, n.Clients.OutBytes

	v.SlowConsumers = n.SlowConsumers.Total()
	v.SlowConsumerStats = n.SlowConsumers
	v.StaleConnections = n.StaleConnections.Total()
	v.StaleConnectionStats = &n.StaleConnections
	v.StalledClients = n.Stalls
	v.PinnedFails = n.PinnedAccountFails
}

func (v *Varz) setProcess(p *process, now time.Time) {
	v.Mem = residentBytes()
	v.CPU = p.percent(now)
	v.Cores = runtime.NumCPU()
	v.MaxProcs = runtime.GOMAXPROCS(0)
	if limit := debug.SetMemoryLimit(-1); limit != math.MaxInt64 {
		v.MemLimit = limit
	}
}
