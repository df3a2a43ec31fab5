package config

import "fmt"

// TLSBlock is one tls block of a configuration with the path of its key.
type TLSBlock struct {
	Path string
	*TLS
}

// TLSBlocks lists the tls blocks that a configuration has.
func (o *Options) TLSBlocks() []TLSBlock {
	var out []TLSBlock
	add := func(path string, t *TLS) {
		if t != nil {
			out = append(out, TLSBlock{path, t})
		}
	}
	add("tls", o.TLS)
	add("admin.tls", o.Admin.TLS)
	if o.Cluster != nil {
		add("cluster.tls", o.Cluster.TLS)
	}
	if g := o.Gateway; g != nil {
		add("gateway.tls", g.TLS)
		for i := range g.Remotes {
			add(fmt.Sprintf("gateway.gateways[%d].tls", i), g.Remotes[i].TLS)
		}
	}
	if l := o.Leafnodes; l != nil {
		add("leafnodes.tls", l.TLS)
		for i := range l.Remotes {
			add(fmt.Sprintf("leafnodes.remotes[%d].tls", i), l.Remotes[i].TLS)
		}
	}
	if o.Websocket != nil {
		add("websocket.tls", o.Websocket.TLS)
	}
	if o.MQTT != nil {
		add("mqtt.tls", o.MQTT.TLS)
	}
	return out
}
