package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"natsd/internal/admin/api"
	"natsd/internal/ctl/client"
	"natsd/internal/ctl/output"
)

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "How the server is, at a glance: identity, health, last reload, what needs a look",
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			return a.repeat(ctx, func() error {
				return a.each(ctx, func(c *client.Client) error {
					s, err := status(ctx, c)
					if err != nil {
						return err
					}
					body, err := json.Marshal(s)
					if err != nil {
						return fmt.Errorf("show the status: %w", err)
					}
					return a.printer.Print(body, statusView)
				})
			})
		},
	}
}

// statusParts are what a status is made of, by their names in it.
var statusParts = map[string]string{"server": "/server", "health": "/health/ready", "reload": "/reload", "varz": "/varz"}

// status collects what there is; a part that the server does not have is left out, but one has to be
// there.
func status(ctx context.Context, c *client.Client) (map[string]json.RawMessage, error) {
	s := map[string]json.RawMessage{}
	var failed error
	for _, part := range sorted(statusParts) {
		r, err := c.Do(ctx, client.Request{Path: statusParts[part], Monitor: part == "varz"})
		switch {
		case err == nil, part == "health" && r != nil && json.Valid(r.Body):
			s[part] = r.Body
		default:
			failed = err
		}
	}
	if len(s) == 0 {
		return nil, failed
	}
	return s, nil
}

var statusView = output.View{Wrap: true, Columns: []output.Column{
	{Title: "Server", Value: first("server.server_name", "varz.server_name")},
	{Title: "ID", Value: first("server.server_id", "varz.server_id")},
	{Title: "Version", Value: first("server.version", "varz.version")},
	{Title: "State", Path: "server.state"},
	{Title: "Ready", Value: func(row any) any {
		return joined(output.Get(row, "health.status"), failing(output.Get(row, "health")))
	}},
	{Title: "Uptime", Path: "varz.uptime"},
	{Title: "Load", Value: func(row any) any {
		return fmt.Sprintf("%.1f%% CPU, %s memory", number(row, "varz.cpu"), output.HumaneBytes(number(row, "varz.mem")))
	}},
	{Title: "Connections", Value: func(row any) any {
		return fmt.Sprintf("%v of %v", output.Get(row, "varz.connections"), output.Get(row, "varz.max_connections"))
	}},
	{Title: "Slow consumers", Path: "varz.slow_consumers"},
	{Title: "Revision", Path: "reload.revision"},
	{Title: "Configuration", Value: first("reload.digest", "varz.config_digest")},
	{Title: "Loaded", Path: "varz.config_load_time", Kind: output.Time},
	{Title: "Last reload", Path: "reload.last.result.outcome"},
	{Title: "Pending restart", Path: "reload.pending_restart"},
	{Title: "Audit", Path: "server.audit.error"},
	{Title: "Watcher", Path: "reload.watcher.mode"},
	{Title: "Files waiting", Path: "reload.watcher.pending"},
	{Title: "Watcher says", Path: "reload.watcher.last_error"},
}}

// first is the first of some paths that has a value.
func first(paths ...string) func(any) any {
	return func(row any) any {
		for _, p := range paths {
			if v := output.Get(row, p); v != nil && v != "" {
				return v
			}
		}
		return nil
	}
}

// failing names the checks of a health that fail.
func failing(health any) any {
	checks := rowsOf("checks")(health)
	var bad []string
	for _, check := range checks {
		if s := output.Get(check, "status"); s != nil && s != "ok" {
			bad = append(bad, strings.TrimSpace(fmt.Sprintf("%v: %v", output.Get(check, "name"), orEmpty(output.Get(check, "detail")))))
		}
	}
	if len(bad) == 0 {
		return nil
	}
	return "(" + strings.Join(bad, "; ") + ")"
}

var probes = []string{"live", "ready", "startup"}

func (a *app) healthCommand() *cobra.Command {
	var wait time.Duration
	cmd := &cobra.Command{
		Use: "health [live|ready|startup]", Short: "Whether the server is well; exit code 9 when it is not",
		Long: `Whether the server is well: live (it runs), ready (it takes clients; the default) or startup (its
configuration is loaded and its listeners are up). With --wait it waits until that is so.`,
		Example: "  natsctl health\n  natsctl health ready --wait 30s",
		Args:    cobra.MaximumNArgs(1), ValidArgs: probes,
		RunE: func(cmd *cobra.Command, args []string) error {
			probe := append(args, "ready")[0]
			if !slices.Contains(probes, probe) {
				return usage("%q is none of %s", probe, strings.Join(probes, ", "))
			}
			return a.health(cmd.Context(), probe, wait)
		},
	}
	cmd.Flags().DurationVar(&wait, "wait", 0, "wait so long until it is well")
	return cmd
}

var healthView = output.View{Columns: []output.Column{
	{Title: "Status", Path: "status"},
	{Title: "State", Path: "state"},
	{Title: "Failing", Value: failing},
}}

// health asks until the server is well, or the time is up.
func (a *app) health(ctx context.Context, probe string, wait time.Duration) error {
	deadline := time.Now().Add(wait)
	for {
		body, well, err := a.probe(ctx, probe)
		if well || time.Now().After(deadline) || ctx.Err() != nil {
			switch {
			case err != nil:
				return err
			case a.printer.Print(body, healthView) != nil, well:
				return nil
			}
			return outcome(exitUnhealthy)
		}
		for _, c := range a.opened {
			c.Close()
		}
		a.opened = nil // another server may be found now
		select {
		case <-ctx.Done():
		case <-time.After(retryAfter):
		}
	}
}

// probe asks once. An answer that tells of trouble is no error.
func (a *app) probe(ctx context.Context, probe string) (body []byte, well bool, err error) {
	c, err := a.client(ctx)
	if err != nil {
		return nil, false, err
	}
	path := "/health/" + probe
	if c.Target().Monitor {
		path = "/healthz"
	}
	r, err := c.Do(ctx, client.Request{Path: path, Monitor: c.Target().Monitor})
	if r != nil && r.Status == http.StatusServiceUnavailable || r != nil && r.Status == http.StatusInternalServerError {
		return r.Body, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	return r.Body, true, nil
}

func (a *app) lameDuckCommand() *cobra.Command {
	cmd := a.action(action{
		use: "lame-duck", short: "Let clients go elsewhere, one after the other, then stop the server", method: http.MethodPost, path: "/server/lame-duck",
		example: "  natsctl lame-duck --duration 2m\n  natsctl lame-duck --cancel",
		ask:     "Send all clients elsewhere and stop the server",
		fields:  []param{{flag: "duration", help: "spread over this time"}, {flag: "grace-period", help: "before the first one is sent away"}, {flag: "reason", help: "why, for the audit"}},
		view:    lameDuckView,
		body:    func(*pflag.FlagSet, []string, map[string]any) error { return nil },
	})
	begin := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if cancel, _ := cmd.Flags().GetBool("cancel"); cancel {
			return a.change(cmd.Context(), client.Request{Method: http.MethodDelete, Path: "/server/lame-duck"}, output.View{}, "the server stays")
		}
		return begin(cmd, args)
	}
	cmd.Flags().Bool("cancel", false, "stay after all; possible while no client was sent away")
	return cmd
}

var lameDuckView = output.View{Columns: []output.Column{
	{Title: "Connections", Path: "connections"},
	{Title: "Over", Path: "duration"},
	{Title: "After", Path: "grace_period"},
	{Title: "Dry run", Path: "dry_run"},
}}

func (a *app) shutdownCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "shutdown", Short: "Stop the server",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client(cmd.Context())
			if err != nil {
				return err
			}
			// The name is what the server wants to hear, so that nobody stops the wrong one.
			var varz struct {
				Name string `json:"server_name"`
			}
			if err := c.JSON(cmd.Context(), client.Request{Path: "/varz", Monitor: true}, &varz); err != nil {
				return err
			}
			if err := a.confirm("Stop the server %s at %s", varz.Name, c.Target()); err != nil {
				return err
			}
			body := api.ShutdownRequest{Confirm: varz.Name}
			fs := cmd.Flags()
			if graceful, _ := fs.GetBool("graceful"); fs.Changed("graceful") {
				body.Graceful = &graceful
			}
			body.Timeout, _ = fs.GetString("drain-timeout")
			return a.change(cmd.Context(), client.Request{Method: http.MethodPost, Path: "/server/shutdown", Body: body}, operationView, "the server stops")
		},
	}
	cmd.Flags().Bool("graceful", true, "send clients elsewhere first; =false stops at once")
	cmd.Flags().String("drain-timeout", "", "how long that may take: 30s")
	return cmd
}

func (a *app) metricsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "metrics", Short: "Metrics in the text form of Prometheus",
		RunE: func(cmd *cobra.Command, _ []string) error {
			q := client.Request{Path: "/metrics", Query: query(cmd.Flags(), []param{{flag: "detailed"}}), Monitor: true}
			return a.download(cmd, q)
		},
	}
	cmd.Flags().Bool("detailed", false, "with series for each connection")
	cmd.Flags().String("file", "", "write into this file")
	return cmd
}

var profiles = []string{"heap", "cpu", "goroutine", "allocs", "block", "mutex", "threadcreate", "trace"}

func (a *app) pprofCommand() *cobra.Command {
	params := []param{{flag: "seconds", kind: numberParam, help: "how long to measure, at most 60"}, {flag: "debug", kind: numberParam, help: "1 or 2: as text"}}
	cmd := &cobra.Command{
		Use: "pprof PROFILE", Short: "A profile of the server, for go tool pprof", Args: cobra.ExactArgs(1), ValidArgs: profiles,
		Long:    "A profile of the server, for go tool pprof: " + strings.Join(profiles, " ") + ".\nThe server must allow it (admin.pprof).",
		Example: "  natsctl pprof heap --file heap.pprof\n  natsctl pprof cpu --seconds 30 --file cpu.pprof",
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(profiles, args[0]) {
				return usage("%q is none of %s", args[0], strings.Join(profiles, ", "))
			}
			name := args[0]
			if name == "cpu" {
				name = "profile"
			}
			if n, _ := cmd.Flags().GetUint64("seconds"); n > 0 {
				a.set.timeout += time.Duration(n) * time.Second //nolint:gosec // the server allows 60
			}
			return a.download(cmd, client.Request{Path: "/debug/pprof/" + name, Query: query(cmd.Flags(), params)})
		},
	}
	a.addParams(cmd, params)
	cmd.Flags().String("file", "", "write into this file")
	return cmd
}

func (a *app) bundleCommand() *cobra.Command {
	return a.action(action{
		use: "bundle", short: "Collect what helps to find a fault, into one archive", method: http.MethodPost, path: "/diagnostics/bundle",
		fields: []param{{flag: "include", kind: listParam, help: "config, connz, stacks, heap, logs", words: []string{"config", "connz", "stacks", "heap", "logs"}}},
		body:   func(*pflag.FlagSet, []string, map[string]any) error { return nil },
	})
}

func (a *app) serverCommand() *cobra.Command {
	return group("server", "The server itself: what it is, its listeners and certificates",
		a.endpoint(endpoint{use: "info", short: "Identity, limits, listeners, features, state", path: "/server"}),
		a.endpoint(endpoint{
			use: "stats [METRIC…]", short: "How traffic, connections, CPU and memory went of late", path: "/stats/timeseries", args: cobra.ArbitraryArgs,
			example: "  natsctl server stats\n  natsctl server stats in_msgs cpu --window 10m --step 30s -o csv",
			params:  []param{{flag: "window", help: "how far back, at most 1h"}, {flag: "step", help: "time between two points"}},
			check: func(_ *pflag.FlagSet, args []string, q url.Values) error {
				if len(args) > 0 {
					q.Set("metric", strings.Join(args, ","))
				}
				return nil
			},
			view: output.View{Items: "items", Name: "time", Trim: true, Empty: "nothing yet", Columns: []output.Column{
				{Title: "TIME", Path: "time", Kind: output.Time},
				{Title: "IN_MSGS/S", Path: "values.in_msgs", Kind: output.Count},
				{Title: "OUT_MSGS/S", Path: "values.out_msgs", Kind: output.Count},
				{Title: "IN_BYTES/S", Path: "values.in_bytes", Kind: output.Bytes, Drop: 10},
				{Title: "OUT_BYTES/S", Path: "values.out_bytes", Kind: output.Bytes, Drop: 10},
				{Title: "CONNS", Path: "values.conns", Kind: output.Count},
				{Title: "CPU", Path: "values.cpu", Kind: output.Percent},
				{Title: "MEM", Path: "values.mem", Kind: output.Bytes},
			}},
		}),
		a.endpoint(endpoint{use: "listeners", short: "What it listens at", path: "/server/listeners", view: output.View{Rows: rowsOf("items"), Name: "kind", Trim: true, Columns: []output.Column{
			{Title: "KIND", Path: "kind"},
			{Title: "ADDRESS", Path: "addr", Keep: 16},
			{Title: "TLS", Path: "tls", Kind: output.Enabled},
			{Title: "CERTIFICATE_UNTIL", Path: "cert_not_after", Kind: output.Time},
			{Title: "ACCEPTED", Path: "accepted", Kind: output.Count},
			{Title: "ERRORS", Path: "errors", Kind: output.Count},
		}}}),
		a.endpoint(endpoint{use: "certificates", short: "Certificates that are loaded, and until when they hold", path: "/server/certificates", view: output.View{Rows: rowsOf("items"), Name: "file", Trim: true, Columns: []output.Column{
			{Title: "SUBJECT", Path: "subject", Keep: 16},
			{Title: "UNTIL", Path: "not_after", Kind: output.Time},
			{Title: "FILE", Path: "file", Keep: 16},
			{Title: "USED_BY", Path: "used_by", Keep: 10},
			{Title: "NAMES", Path: "san", Wide: true},
		}}}),
	)
}
