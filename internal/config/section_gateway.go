package config

import "slices"

var gatewaySection = section{decode: decodeGateway, check: checkGateway, keys: slices.Concat(
	[]Key{
		{Path: "gateway", Type: Block, Pending: "gateways between clusters", Refuse: true, Idle: func(b *block) bool { return noPort(b) && b.str("name") == "" }, Doc: "Connections to other clusters."},
		{Path: "gateway.name", Type: Text, Check: checkNoSpaces("gateway name"), Doc: "Name of this server's cluster."},
	},
	listenKeys("gateway", "gateways"),
	peerAuthKeys("gateway.authorization"),
	tlsKeys("gateway.tls"),
	[]Key{
		{Path: "gateway.advertise", Type: Text, Check: checkPeerAdvertise("Gateway.Advertise"), Doc: "Address told to other clusters."},
		{Path: "gateway.connect_retries", Type: Int, Default: 0, Check: checkAtLeast0("connect_retries"), Doc: "How often to retry a gateway that another server told of."},
		{Path: "gateway.connect_backoff", Type: Bool, Default: false, Doc: "Waits longer after each failed try, up to 30 seconds."},
		{Path: "gateway.reject_unknown_cluster", Aliases: []string{"reject_unknown"}, Type: Bool, Default: false, Doc: "Clusters that `gateways` does not name may not connect."},
		{Path: "gateway.gateways", Type: Blocks, TypeError: "Expected gateways field to be an array, got %s", Doc: "The clusters."},
		{Path: "gateway.gateways[].name", Type: Text, Doc: "Name of the cluster."},
		{Path: "gateway.gateways[].url", Type: Text, Secret: true, Doc: "Address of one of its servers."},
		{Path: "gateway.gateways[].urls", Type: List, Secret: true, Doc: "Addresses of its servers."},
	},
	tlsKeys("gateway.gateways[].tls"),
	deadlineKeys("gateway"),
)}

func decodeGateway(root *block, o *Options) {
	if !root.has("gateway") {
		return
	}
	b := root.block("gateway")
	g := &Gateway{
		Name: b.str("name"), Host: b.str("host"), Port: b.int("port"), Pos: b.pos,
		TLS: decodeTLS(b.block("tls"), tlsMutual), Advertise: b.str("advertise"),
		ConnectRetries: b.int("connect_retries"), ConnectBackoff: b.bool("connect_backoff"),
		RejectUnknown: b.bool("reject_unknown_cluster"),
	}
	g.Auth = decodePeerAuth(b.block("authorization"), "Gateway", g.TLS)
	g.WriteDeadline, g.WriteTimeout = writePolicy(b, o)
	for _, r := range b.list("gateways") {
		g.Remotes = append(g.Remotes, RemoteGateway{
			Name: r.str("name"), Pos: r.pos, TLS: decodeTLS(r.block("tls"), tlsMutual),
			URLs: append(r.urls("url", "gateway"), r.urls("urls", "gateway")...),
		})
	}
	o.Gateway = g
}

func checkGateway(root *block, o *Options) {
	g, b := o.Gateway, root.block("gateway")
	if g == nil || (g.Name == "" && g.Port == 0) {
		return
	}
	if g.Name == "" && !b.has("name") {
		b.errorf("", "gateway has no name")
	}
	if g.Port == 0 && !b.has("port") {
		b.errorf("", "gateway %q has no port specified (select -1 for random port)", g.Name)
	}
	for i, r := range b.list("gateways") {
		switch {
		case r.str("name") == "":
			r.errorf("", "gateway in the list %d has no name", i)
		case !r.has("url") && !r.has("urls"):
			r.errorf("", "gateway %q has no URL", r.str("name"))
		}
	}
}
