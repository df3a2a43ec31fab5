package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args string
		want []setting
		err  string
	}{
		{args: ""},
		{args: "-p 1 -port=2", want: []setting{{"--port", "port", "2"}}},
		{args: "-a h -js -sd d", want: []setting{
			{"--addr", "host", "h"}, {"--jetstream", "jetstream", "true"}, {"--store_dir", "store_dir", "d"},
		}},
		{args: "-DV", want: []setting{{"-DV", "debug", "true"}, {"-DV", "trace", "true"}}},
		{args: "-D=false -DVV", want: []setting{
			{"-DVV", "debug", "true"}, {"-DVV", "trace", "true"}, {"-DVV", "trace_verbose", "true"},
		}},
		{args: "-VV=false"},
		{args: "--no-watch", want: []setting{{"--no-watch", "watch", "false"}}},
		{args: "--cluster nats://u:p@127.0.0.1:6222", want: []setting{
			{"--cluster", "cluster.host", "127.0.0.1"},
			{"--cluster", "cluster.port", "6222"},
			{"--cluster", "cluster.authorization.user", "u"},
			{"--cluster", "cluster.authorization.password", "p"},
		}},
		{args: "--cluster_listen nats://[::1]:-1", want: []setting{
			{"--cluster", "cluster.host", "::1"},
			{"--cluster", "cluster.port", "-1"},
			{"--cluster", "cluster.authorization.user", ""},
			{"--cluster", "cluster.authorization.password", ""},
		}},
		{args: "--cluster=", want: []setting{{"--cluster", "cluster.port", "0"}}},
		{args: "--cluster nats://u@h:1", err: "expected cluster password to be set"},
		{args: "--cluster nats://h", err: "missing port in address"},
		{args: "--cluster nats://h:99999", err: "not a number"},
		{args: "--cluster nats://u:p@h:x", err: "expected a URL"},
	} {
		fs := pflag.NewFlagSet("natsd", pflag.ContinueOnError)
		addFlags(fs)
		long, _ := normalize(strings.Fields(tc.args))
		if err := fs.Parse(long); err != nil {
			t.Fatal(err)
		}
		got, err := settings(fs)
		if tc.err != "" {
			if err == nil || !strings.Contains(err.Error(), tc.err) || strings.Contains(err.Error(), "u:p") {
				t.Errorf("%q: error %v", tc.args, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", tc.args, err)
		}
		if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(setting{})); diff != "" {
			t.Errorf("%q: %s", tc.args, diff)
		}
	}
}
