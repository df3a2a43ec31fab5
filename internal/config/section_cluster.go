package config

import (
	"slices"
	"time"

	"natsd/internal/perm"
)

// routePingMax is the longest time between pings on a route.
const routePingMax = 30 * time.Second

var clusterSection = section{decode: decodeCluster, check: checkCluster, keys: slices.Concat(
	[]Key{
		{Path: "cluster", Type: Block, Doc: "Routes between the servers of one cluster."},
		{Path: "cluster.name", Type: Text, Check: checkNoSpaces("cluster name"), Flag: "--cluster_name", Reload: Disruptive, Why: "Routes are made anew.", Doc: "Name of the cluster; the gateway's, or one made up at each start, when not set."},
	},
	listenKeys("cluster", "routes"),
	peerAuthKeys("cluster.authorization"),
	permissionKeys("cluster.authorization.permissions", "default_permissions", "default_permission"),
	permissionKeys("cluster.permissions"),
	tlsKeys("cluster.tls"),
	compressionKeys("cluster.compression", "accept", "s2_fast"),
	[]Key{
		{Path: "cluster.routes", Type: List, Secret: true, Reload: Disruptive, Why: "Routes to servers that are not listed any more end.", Flag: "--routes", Doc: "Servers to dial. Entries that lead back to this server do no harm."},
		{Path: "cluster.pool_size", Type: Int, Reload: Disruptive, Why: "Routes are made anew.", Default: 3, ZeroIsDefault: true, Doc: "Connections to each server, among which accounts are spread; -1 is one connection for all."},
		{Path: "cluster.accounts", Type: Strings, Reload: Disruptive, Why: "Routes of an account that is not listed any more end; others carry it.", Doc: "Accounts that get a connection of their own; the system account always does."},
		{Path: "cluster.advertise", Aliases: []string{"cluster_advertise"}, Type: Text, Check: checkPeerAdvertise("Cluster.Advertise"), Flag: "--cluster_advertise", Doc: "Address told to the other servers."},
		{Path: "cluster.no_advertise", Type: Bool, Default: false, Flag: "--no_advertise", Doc: "Clients are not told the addresses of other servers."},
		{Path: "cluster.connect_retries", Type: Int, Default: 0, Check: checkAtLeast0("connect_retries"), Flag: "--connect_retries", Doc: "How often to retry a route that another server told of."},
		{Path: "cluster.connect_backoff", Type: Bool, Default: false, Doc: "Waits longer after each failed try, up to 30 seconds."},
		{Path: "cluster.ping_interval", Type: DurationOrSeconds, Check: checkAtLeast0("ping_interval"), Doc: "Time between pings on a route, at most 30 seconds; the top-level value when not set."},
		{Path: "cluster.ping_max", Type: Int, Check: checkAtLeast0("ping_max"), Doc: "Unanswered pings after which a route counts as stale; the top-level value when not set."},
	},
	deadlineKeys("cluster"),
)}

func decodeCluster(root *block, o *Options) {
	if !root.has("cluster") {
		return
	}
	b := root.block("cluster")
	c := &Cluster{
		Name: b.str("name"), Host: b.str("host"), Port: b.int("port"), Pos: b.pos,
		TLS: decodeTLS(b.block("tls"), tlsMutual), Routes: b.urls("routes", "route"),
		PoolSize: max(b.int("pool_size"), -1), Accounts: b.strs("accounts"),
		Compression: decodeCompression(b.block("compression")),
		Advertise:   b.str("advertise"), NoAdvertise: b.bool("no_advertise"),
		ConnectRetries: b.int("connect_retries"), ConnectBackoff: b.bool("connect_backoff"),
		PingInterval: o.Limits.PingInterval, PingMax: o.Limits.PingMax,
	}
	if d := b.dur("ping_interval"); d > 0 {
		c.PingInterval = d
		if d > routePingMax {
			b.warnf("ping_interval", "Cluster 'ping_interval' will reset to %s which is the max for routes", routePingMax)
		}
	}
	c.PingInterval = min(c.PingInterval, routePingMax)
	if n := b.int("ping_max"); n > 0 {
		c.PingMax = n
	}
	c.WriteDeadline, c.WriteTimeout = writePolicy(b, o)
	c.Auth = decodePeerAuth(b.block("authorization"), "Cluster", c.TLS)
	decodeRoutePermissions(b, c)
	o.Cluster = c
}

// decodeRoutePermissions reads what routes may carry. What other servers send here is imported, what
// goes to them exported.
func decodeRoutePermissions(b *block, c *Cluster) {
	auth := b.block("authorization")
	p := b.block("permissions")
	if auth.has("permissions") {
		auth.warnf("permissions", "invalid use of field %q: setting %q within cluster authorization block is deprecated", "authorization", "permissions")
		if !p.present {
			p = auth.block("permissions")
		}
	}
	if p.has("allow_responses") {
		p.errorf("allow_responses", "Cluster permissions do not support dynamic responses")
	}
	c.Import = subjectRules(p, "publish", perm.CheckPublish)
	c.Export = subjectRules(p, "subscribe", perm.CheckPublish)
}

func checkCluster(root *block, o *Options) {
	c, b := o.Cluster, root.block("cluster")
	if c == nil {
		return
	}
	if c.Port == 0 && len(c.Routes) > 0 {
		text := "routes have no effect: the cluster block has no port, so clustering is off"
		if b.layer("routes") == FromFlag {
			b.errorf("routes", "solicited routes require cluster capabilities, e.g. --cluster")
		} else {
			b.warnf("routes", "%s", text)
		}
	}
	if c.PoolSize < 0 && len(c.Accounts) > 0 {
		b.errorf("pool_size", "pool_size cannot be negative if pinned accounts are specified")
	}
	all := slices.Clone(c.Accounts)
	if o.SystemAccount != "" && !slices.Contains(all, o.SystemAccount) {
		all = append(all, o.SystemAccount)
	}
	seen := map[string]bool{}
	for i, name := range c.Accounts {
		if seen[name] {
			b.d.errorAt(elementPos(b, "accounts", i), "cluster.accounts", "found duplicate account name %q in pinned accounts list %q", name, all)
		}
		seen[name] = true
	}
	if g := o.Gateway; g != nil && c.Name != "" && g.Name != "" && c.Name != g.Name {
		b.errorf("name", "cluster name conflicts between cluster and gateway definitions")
	}
}
