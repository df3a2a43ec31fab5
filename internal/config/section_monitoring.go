package config

var monitoringSection = section{title: "Monitoring", decode: decodeMonitoring, check: checkMonitoring, keys: []Key{
	{Path: "http", Type: Text | Int, Expand: expandListen("http_host", "http_port"), Doc: "Address of the monitoring listener, as `host:port` or as a port alone."},
	{Path: "http_host", Type: Text, FlagOnly: true, Doc: "Address of the monitoring listener; `host` when not set. In a file: `http`."},
	{Path: "http_port", Aliases: []string{"monitor_port"}, Type: Int, Default: 0, Check: checkPort, Flag: "-m, --http_port", Doc: "Port of the monitoring listener; 0 is off, -1 picks a free one. Usually 8222."},
	{Path: "https", Type: Text | Int, Expand: expandListen("https_host", "https_port"), Doc: "Address of the monitoring listener with the certificate of the top-level `tls` block."},
	{Path: "https_host", Type: Text, FlagOnly: true, Doc: "Address of the https monitoring listener. In a file: `https`."},
	{Path: "https_port", Type: Int, Default: 0, Check: checkPort, Flag: "-ms, --https_port", Doc: "Port of the https monitoring listener; 0 is off, -1 picks a free one."},
	{Path: "http_base_path", Type: Text, Doc: "Path before all monitoring paths; none when not set."},
	{Path: "monitor_auth", Own: true, Type: Bool, Default: false, Doc: "The monitoring port asks for an admin credential of at least the role viewer; `/healthz` stays open."},
	{Path: "metrics", Own: true, Type: Bool, Default: true, Doc: "Serves Prometheus metrics on `/metrics` of the monitoring port."},
}}

func decodeMonitoring(root *block, o *Options) {
	o.Monitoring = Monitoring{
		HTTPHost: hostOr(root, "http_host", o.Host), HTTPPort: root.int("http_port"),
		HTTPSHost: hostOr(root, "https_host", o.Host), HTTPSPort: root.int("https_port"),
		BasePath: root.str("http_base_path"), Auth: root.bool("monitor_auth"), Metrics: root.bool("metrics"),
	}
}

func hostOr(b *block, name, other string) string {
	if host := b.str(name); host != "" {
		return host
	}
	return other
}

func checkMonitoring(root *block, o *Options) {
	m := &o.Monitoring
	if m.HTTPPort != 0 && m.HTTPSPort != 0 {
		root.errorf("https_port", "can't specify both HTTP (%v) and HTTPs (%v) ports", m.HTTPPort, m.HTTPSPort)
	}
	if m.HTTPSPort != 0 && !root.has("tls") {
		root.errorf("https_port", "TLS cert and key required for HTTPS")
	}
	if m.Auth && len(o.Admin.Tokens) == 0 && o.Admin.TokensFile == "" {
		root.warnf("monitor_auth", "monitor_auth asks for a token and there are no admin.tokens: nobody is let in but with a token that the admin API makes later")
	}
	for _, name := range []string{"http_port", "https_port"} {
		if n := root.int(name); n > 0 && n == o.Port && m.host(name) == o.Host {
			root.errorf(name, "%s and port are both %d on %s", name, n, o.Host)
		}
	}
}

func (m *Monitoring) host(portName string) string {
	if portName == "https_port" {
		return m.HTTPSHost
	}
	return m.HTTPHost
}
