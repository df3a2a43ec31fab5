package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"natsd/internal/config/syntax"
)

var listenSection = section{title: "Listening and identity", decode: decodeListen, keys: []Key{
	{Path: "listen", Type: Text | Int, Expand: expandListen("host", "port"), Doc: "Address of the client listener, as `host:port` or as a port alone. Stands for `host` and `port`."},
	{Path: "host", Aliases: []string{"net"}, Type: Text, Default: "0.0.0.0", ZeroIsDefault: true, Flag: "-a, --addr, --net", Doc: "Address that the client listener binds."},
	{Path: "port", Type: Int, Default: 4222, ZeroIsDefault: true, Check: checkPort, Flag: "-p, --port", Doc: "Port of the client listener; -1 picks a free one."},
	{Path: "client_advertise", Type: Text, Check: checkAdvertise, Flag: "--client_advertise", Doc: "`host[:port]` that clients are told instead of the listen address."},
	{Path: "server_name", Type: Text, Check: checkNoSpaces("server name"), Flag: "-n, --name, --server_name", Reload: Live, Doc: "Name of the server; without one it is the server id."},
	{Path: "server_tags", Type: Strings, TypeError: "error parsing tags: unsupported type %k", Doc: "Tags of the server, in monitoring."},
	{Path: "server_metadata", Type: Names, Doc: "Free names and texts about the server, in monitoring."},
	{Path: "server_metadata.*", Type: Text, Doc: "One text."},
	{Path: "feature_flags", Type: Names, Doc: "Switches for features by name. Unknown names are accepted and shown as unsupported in the log."},
	{Path: "feature_flags.*", Type: Bool, TypeError: `error parsing feature flag %q: expected bool, got %k`, Doc: "One switch."},
	{Path: "allow_non_tls", Type: Bool, Default: false, Reload: NewOnly, Why: "Connections in clear text stay.", Doc: "With `tls`: clients may stay in clear text; INFO says `tls_available` instead of `tls_required`."},
	{Path: "proxy_protocol", Type: Bool, Default: false, Reload: NewOnly, Why: "The header stands before everything else.", Doc: "The client listener accepts a PROXY header, version 1 or 2, from the addresses of `proxy_protocol_from`."},
	{Path: "proxy_protocol_from", Own: true, Type: Strings, Parse: parsePrefixes, Reload: NewOnly, Why: "The header stands before everything else.", Doc: "Networks whose connections may send a PROXY header; loopback when not set."},
	{Path: "no_header_support", Type: Bool, Default: false, Reload: NewOnly, Why: "What was agreed in CONNECT stands.", Doc: "Refuses message headers, as very old servers do."},
	{Path: "disable_sublist_cache", Aliases: []string{"no_sublist_cache"}, Type: Bool, Default: false, Doc: "Switches the caches of subject matching off."},
	{Path: "pid_file", Aliases: []string{"pidfile"}, Type: Text, Flag: "-P, --pid", Doc: "File that the process id is written to."},
	{Path: "ports_file_dir", Type: Text, Flag: "--ports_file_dir", Doc: "Folder for a file that lists the listening ports."},
	{Path: "prof_port", Type: Int, Default: 0, Check: checkPort, Flag: "--profile", Doc: "Port of Go's pprof, without authentication; 0 is off, -1 picks a free one."},
	{Path: "prof_block_rate", Type: Int, Default: 0, Doc: "Rate of Go's block profile; 0 is off."},
	{Path: "memory_limit", Own: true, Type: Text | Size, Default: "auto", Parse: parseMemoryLimit, Doc: "Go's soft memory limit: a size, `off`, or `auto` for the limit of the cgroup."},
}}

func decodeListen(root *block, o *Options) {
	o.Host, o.Port = root.str("host"), root.int("port")
	o.ClientAdvertise = root.str("client_advertise")
	o.ServerName, o.Tags = root.str("server_name"), root.strs("server_tags")
	o.Metadata, o.FeatureFlags = map[string]string{}, map[string]bool{}
	for _, nv := range root.names("server_metadata") {
		o.Metadata[nv.Name], _ = nv.Plain.(string)
	}
	for _, nv := range root.names("feature_flags") {
		o.FeatureFlags[nv.Name], _ = nv.Plain.(bool)
	}
	o.AllowNonTLS, o.NoHeaderSupport = root.bool("allow_non_tls"), root.bool("no_header_support")
	o.DisableMatchCache = root.bool("disable_sublist_cache")
	o.PIDFile, o.PortsFileDir = root.str("pid_file"), root.str("ports_file_dir")
	o.ProfPort, o.ProfBlockRate = root.int("prof_port"), root.int("prof_block_rate")
	o.MemoryLimit = memoryLimit(root)
	decodeProxyProtocol(root, o)
}

// decodeProxyProtocol trusts nobody but the own machine to name other addresses, unless told to.
func decodeProxyProtocol(root *block, o *Options) {
	o.ProxyProtocol = root.bool("proxy_protocol")
	for _, s := range root.strs("proxy_protocol_from") {
		if p, err := parsePrefix(s); err == nil {
			o.ProxyProtocolFrom = append(o.ProxyProtocolFrom, p)
		}
	}
	if root.has("proxy_protocol_from") {
		return
	}
	o.ProxyProtocolFrom = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	if o.ProxyProtocol {
		root.warnf("proxy_protocol", "PROXY headers are accepted from loopback addresses only; name the proxies in proxy_protocol_from")
	}
}

// expandListen returns the Expand function of a key that holds "host:port" or a port alone.
func expandListen(host, port string) func(*syntax.Value) ([]Part, error) {
	return func(v *syntax.Value) ([]Part, error) {
		if v.Kind == syntax.Int {
			return []Part{{port, v}}, nil
		}
		if v.Kind != syntax.String {
			return nil, fmt.Errorf("expected port or host:port, got %s", describe(v))
		}
		text := v.Str
		if n, err := strconv.Atoi(text); err == nil {
			return []Part{{port, &syntax.Value{Kind: syntax.Int, Pos: v.Pos, Int: int64(n), Raw: text}}}, nil
		}
		h, p, err := net.SplitHostPort(text)
		if err != nil {
			return nil, fmt.Errorf("could not parse address string %q", text)
		}
		n, err := strconv.Atoi(strings.TrimSpace(p))
		if err != nil {
			return nil, fmt.Errorf("could not parse port %q", p)
		}
		return []Part{
			{host, &syntax.Value{Kind: syntax.String, Pos: v.Pos, Str: h, Raw: h}},
			{port, &syntax.Value{Kind: syntax.Int, Pos: v.Pos, Int: int64(n), Raw: p}},
		}, nil
	}
}

func checkAdvertise(v any) error {
	s, _ := v.(string)
	if s == "" {
		return nil
	}
	if _, _, err := parseHostPort(s); err != nil {
		return fmt.Errorf("invalid ClientAdvertise value of %s, err=%w", s, err)
	}
	return nil
}

// parsePrefixes reads networks; an address alone is a network of one.
func parsePrefixes(v *syntax.Value) (any, error) {
	items := []*syntax.Value{v}
	if v.Kind == syntax.Array {
		items = v.Items
	}
	out := []string{}
	for _, item := range items {
		if item.Kind != syntax.String {
			return nil, errorIn(item, "expected a network such as \"10.0.0.0/8\", got %s", describe(item))
		}
		p, err := parsePrefix(item.Str)
		if err != nil {
			return nil, errorIn(item, "%q is not a network such as \"10.0.0.0/8\"", item.Str)
		}
		out = append(out, p.String())
	}
	return out, nil
}

func parsePrefix(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil {
		return addr.Prefix(addr.BitLen())
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err
}

var errMemoryLimit = errors.New(`expected a size such as 512MB, "auto" or "off"`)

// parseMemoryLimit gives "auto", or the limit in bytes with 0 for off.
func parseMemoryLimit(v *syntax.Value) (any, error) {
	switch {
	case v.Kind == syntax.Bool && !v.Bool, v.Kind == syntax.String && strings.EqualFold(v.Str, "off"):
		return int64(0), nil
	case v.Kind == syntax.String && strings.EqualFold(v.Str, "auto"):
		return "auto", nil
	case v.Kind == syntax.Int && v.Int > 0:
		return v.Int, nil
	}
	return nil, errMemoryLimit
}

func memoryLimit(root *block) MemoryLimit {
	if n, ok := root.value("memory_limit").(int64); ok {
		return MemoryLimit{Bytes: n}
	}
	return MemoryLimit{Auto: true}
}
