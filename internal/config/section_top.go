package config

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"natsd/internal/config/syntax"
)

var topSection = section{decode: decodeTop, keys: []Key{
	{Path: "listen", Type: Text | Int, Expand: expandListen("host", "port"), Doc: "Address of the client listener, as host:port or as port alone. Stands for host and port."},
	{Path: "host", Aliases: []string{"net"}, Type: Text, Default: "0.0.0.0", Flag: "--addr", Doc: "Address that the client listener binds."},
	{Path: "port", Type: Int, Default: 4222, Flag: "--port", Check: checkPort, Doc: "Port of the client listener; -1 picks a free one."},
}}

func decodeTop(root *block, o *Options) {
	o.Host, o.Port = root.str("host"), root.int("port")
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
		h, p, err := net.SplitHostPort(v.Str)
		if err != nil {
			return nil, fmt.Errorf("could not parse address string %q", v.Str)
		}
		n, err := strconv.Atoi(strings.TrimSpace(p))
		if err != nil {
			return nil, fmt.Errorf("could not parse port %q", p)
		}
		hv, pv := *v, *v
		hv.Str = h
		pv.Kind, pv.Int, pv.Raw = syntax.Int, int64(n), p
		return []Part{{host, &hv}, {port, &pv}}, nil
	}
}

func checkPort(v any) error {
	if n, _ := v.(int64); n < -1 || n > 65535 {
		return errors.New("port must be between -1 and 65535")
	}
	return nil
}
