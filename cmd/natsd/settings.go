package main

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// setting is one key of the configuration that the command line sets.
type setting struct {
	flag  string // as the usage names it, "--port"
	key   string
	value string
}

// settings turns the flags that were given into keys of the configuration, each key once.
func settings(fs *pflag.FlagSet) ([]setting, error) {
	var list []setting
	for _, g := range optionGroups() {
		for _, o := range g.options {
			if o.key == "" || !fs.Changed(o.name) {
				continue
			}
			list = append(list, setting{flag: "--" + o.name, key: o.key, value: fs.Lookup(o.name).Value.String()})
		}
	}
	for _, c := range []struct {
		flag string
		keys []string
	}{
		{flagVV, []string{"trace", "trace_verbose"}},
		{flagDV, []string{"debug", "trace"}},
		{flagDVV, []string{"debug", "trace", "trace_verbose"}},
	} {
		if on, _ := fs.GetBool(c.flag); on {
			for _, key := range c.keys {
				list = set(list, setting{flag: "-" + c.flag, key: key, value: "true"})
			}
		}
	}
	if off, _ := fs.GetBool(flagNoWatch); off {
		list = append(list, setting{flag: "--" + flagNoWatch, key: "watch", value: "false"})
	}
	if fs.Changed(flagCluster) {
		value, _ := fs.GetString(flagCluster)
		cluster, err := clusterSettings(value)
		if err != nil {
			return nil, err
		}
		list = append(list, cluster...)
	}
	return list, nil
}

// set puts s into list, in the place of a setting with the same key if there is one.
func set(list []setting, s setting) []setting {
	for i := range list {
		if list[i].key == s.key {
			list[i] = s
			return list
		}
	}
	return append(list, s)
}

// clusterSettings splits the URL of --cluster. Credentials of the file do not survive a URL without
// any: who names the listener on the command line names all of it. The URL, which may hold a password,
// stays out of the errors.
func clusterSettings(value string) ([]setting, error) {
	const flag = "--" + flagCluster
	if value == "" {
		return []setting{{flag, "cluster.port", "0"}}, nil
	}
	value, anyPort := strings.CutSuffix(value, ":-1") // url.Parse refuses it
	if anyPort {
		value += ":0"
	}
	u, err := url.Parse(value)
	if err != nil || u.Host == "" {
		return nil, usageError{flag + ": expected a URL with a host and a port, such as nats://127.0.0.1:6222"}
	}
	host, port, err := net.SplitHostPort(u.Host)
	if err != nil {
		return nil, usageError{flag + ": missing port in address"}
	}
	if anyPort {
		port = "-1"
	}
	if n, err := strconv.Atoi(port); err != nil || n > 65535 {
		return nil, usageError{fmt.Sprintf("%s: port %q is not a number from -1 to 65535", flag, port)}
	}
	password, hasPassword := u.User.Password()
	if u.User.Username() != "" && !hasPassword {
		return nil, usageError{flag + ": expected cluster password to be set"}
	}
	return []setting{
		{flag, "cluster.host", strings.Trim(host, "[]")},
		{flag, "cluster.port", port},
		{flag, "cluster.authorization.user", u.User.Username()},
		{flag, "cluster.authorization.password", password},
	}, nil
}
