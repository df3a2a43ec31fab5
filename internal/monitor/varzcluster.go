package monitor

import (
	"time"

	"natsd/internal/certs"
	"natsd/internal/config"
	"natsd/internal/status"
)

// VarzCluster is the cluster block of varz; it is empty without a cluster.
type VarzCluster struct {
	Name          string        `json:"name,omitempty"`
	Host          string        `json:"addr,omitempty"`
	Port          int           `json:"cluster_port,omitempty"`
	AuthTimeout   float64       `json:"auth_timeout,omitempty"` // seconds
	URLs          []string      `json:"urls,omitempty"`
	TLSTimeout    float64       `json:"tls_timeout,omitempty"` // seconds
	TLSRequired   bool          `json:"tls_required,omitempty"`
	TLSVerify     bool          `json:"tls_verify,omitempty"`
	PoolSize      int           `json:"pool_size,omitempty"`
	WriteDeadline time.Duration `json:"write_deadline,omitempty"`
	WriteTimeout  string        `json:"write_timeout,omitempty"`
	CertNotAfter  time.Time     `json:"tls_cert_not_after,omitzero"`
}

func varzCluster(o *config.Options, now status.Cluster) VarzCluster {
	c := o.Cluster
	if c == nil || c.Port == 0 {
		return VarzCluster{}
	}
	v := VarzCluster{
		Name: now.Name, Host: c.Host, Port: now.Port, AuthTimeout: c.Auth.Timeout.Seconds(),
		TLSTimeout: tlsTimeout.Seconds(), PoolSize: c.PoolSize,
	}
	if c.WriteDeadline != o.Limits.WriteDeadline {
		v.WriteDeadline = c.WriteDeadline
	}
	if c.WriteTimeout == "close" {
		v.WriteTimeout = c.WriteTimeout
	}
	for _, r := range c.Routes {
		v.URLs = append(v.URLs, r.Reveal().Host)
	}
	if t := c.TLS; t != nil {
		v.TLSRequired, v.TLSVerify = true, true
		v.TLSTimeout = t.Timeout.Seconds()
		v.CertNotAfter = certs.NotAfter(t.Config).UTC()
	}
	return v
}
