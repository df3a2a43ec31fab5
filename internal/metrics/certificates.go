package metrics

import (
	"time"

	"natsd/internal/certs"
	"natsd/internal/config"
)

// certificate is the first one of a block of the configuration.
type certificate struct {
	block    string
	notAfter time.Time
}

// certificates are those that the server shows to others.
func certificates(o *config.Options) []certificate {
	var out []certificate
	add := func(block string, t *config.TLS) {
		if t == nil {
			return
		}
		if end := certs.NotAfter(t.Config); !end.IsZero() {
			out = append(out, certificate{block, end})
		}
	}
	add("tls", o.TLS)
	add("admin.tls", o.Admin.TLS)
	if o.Cluster != nil {
		add("cluster.tls", o.Cluster.TLS)
	}
	if o.Gateway != nil {
		add("gateway.tls", o.Gateway.TLS)
	}
	if o.Leafnodes != nil {
		add("leafnodes.tls", o.Leafnodes.TLS)
	}
	if o.Websocket != nil {
		add("websocket.tls", o.Websocket.TLS)
	}
	if o.MQTT != nil {
		add("mqtt.tls", o.MQTT.TLS)
	}
	return out
}
