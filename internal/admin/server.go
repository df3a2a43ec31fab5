package admin

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strconv"
	"time"

	"natsd/internal/admin/api"
	"natsd/internal/event"
	"natsd/internal/version"
)

// serverRoutes are the endpoints about the server itself.
func (a *API) serverRoutes() []route {
	return []route{
		{
			method: "GET", path: "/version", role: none, summary: "Version of the program and of the API.",
			result: api.Version{}, serve: a.version,
		},
		{
			method: "GET", path: "/whoami", role: none, perAccount: true, summary: "Who makes this request, and what he may do.",
			result: api.Identity{}, serve: func(c *call) (any, error) { return c.who.public(), nil },
		},
		{
			method: http.MethodGet, path: "/server", role: viewer, summary: "The server: identity, state, limits, listeners, what waits for a restart.",
			result: api.Server{}, serve: a.describe,
		},
		{
			method: http.MethodGet, path: "/server/listeners", role: viewer, summary: "Where the server listens.",
			result: []api.Listener{}, serve: func(*call) (any, error) { return a.listeners(), nil },
		},
		{
			method: http.MethodGet, path: "/server/certificates", role: viewer, summary: "Certificates that the server has loaded.",
			result: []api.Certificate{}, serve: func(*call) (any, error) { return a.certificates(), nil },
		},
		{
			method: http.MethodPost, path: "/server/shutdown", role: admin, scope: "server:shutdown",
			summary: "End the server. The name of the server must be given as `confirm`.",
			query:   []param{dryRun}, body: api.ShutdownRequest{}, result: api.Operation{}, status: http.StatusAccepted,
			also:  []success{{http.StatusNoContent, nil}}, // of a dry run
			codes: []api.Code{api.InvalidParameter, api.Conflict}, serve: a.shutdown,
		},
		{
			method: http.MethodPost, path: "/server/reopen-logs", role: operator, scope: "logging:write",
			summary: "Open the log file anew, after it was moved away.", query: []param{dryRun}, codes: []api.Code{api.Conflict}, serve: a.reopenLogs,
		},
		{
			method: http.MethodGet, path: "/auth/failures", role: operator, scope: "auth:read", summary: "Connections that were not let in, counted.",
			query: []param{
				{name: "window", kind: "duration", doc: "How far to look back, an hour when not set; the last 10,000 events are remembered."},
				{name: "by", words: []string{"ip", "user", "reason"}, doc: "What they are counted by; `ip` when not set."},
			},
			result: api.AuthFailures{}, serve: a.authFailures,
		},
	}
}

func (a *API) version(*call) (any, error) {
	return &api.Version{
		Name: "natsd", Version: version.Natsd, Commit: version.Commit(), Go: runtime.Version(),
		APIVersions: []string{"v1"}, Compat: version.Protocol,
	}, nil
}

// features are the parts that this version has.
var features = []string{
	"accounts", "admin", "audit", "cluster", "events", "headers", "metrics", "monitoring", "reload", "system_account", "tls", "tokens", "watch",
}

func (a *API) describe(c *call) (any, error) {
	s, o, n, reloads := a.Server.Server(), a.Server.Options(), a.Server.Counters(), a.Reload.Status()
	now := time.Now()
	out := &api.Server{
		ID: s.ID, Name: s.Name, Version: version.Natsd, Compat: s.Version, Commit: s.Commit, Go: runtime.Version(), PID: os.Getpid(),
		State: a.Server.State(), Started: s.Started.UTC(), Uptime: now.Sub(s.Started).Round(time.Second).String(), Now: now.UTC(),
		ConfigFile: o.ConfigFile, Digest: o.Digest, Revision: reloads.Revision, Generation: reloads.Generation, LoadedAt: s.ConfigLoaded.UTC(),
		Pending: list(reloads.Pending), Listeners: a.listeners(), Features: features, Tags: o.Tags,
		Audit: api.ServerAudit{File: c.settings.audit.Path()},
		Limits: api.ServerLimits{
			MaxConnections: o.Limits.MaxConnections, MaxSubscriptions: o.Limits.MaxSubscriptions, MaxPayload: o.Limits.MaxPayload,
			MaxControlLine: o.Limits.MaxControlLine, MaxPending: o.Limits.MaxPending, PingInterval: o.Limits.PingInterval.String(),
			PingMax: o.Limits.PingMax, WriteDeadline: o.Limits.WriteDeadline.String(),
		},
		Usage: api.ServerUsage{
			Connections: n.Connections, Subscriptions: n.Subs, Goroutines: runtime.NumGoroutine(), Cores: runtime.GOMAXPROCS(0),
			SlowConsumers: n.SlowConsumers.Total(), LogDropped: n.Log.Dropped,
		},
	}
	if err := c.settings.audit.Fault(); err != nil {
		out.Audit.Error = err.Error()
	}
	if limit := debug.SetMemoryLimit(-1); limit != math.MaxInt64 {
		out.Limits.Memory = limit
	}
	out.Usage.Heap = heap()
	return out, nil
}

// heap is how many bytes objects take. Unlike runtime.MemStats it is told without stopping the program.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

func (a *API) listeners() []api.Listener {
	all := a.Server.Listeners()
	out := make([]api.Listener, 0, len(all))
	for _, l := range all {
		out = append(out, api.Listener{
			Kind: l.Kind, Addr: l.Addr, Network: l.Network, TLS: l.TLS, NotAfter: timeOrNone(l.NotAfter),
			Accepted: l.Accepted, Errors: l.Errors, Serving: l.Serving,
		})
	}
	return out
}

func (a *API) shutdown(c *call) (any, error) {
	var body api.ShutdownRequest
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	graceful := body.Graceful == nil || *body.Graceful
	timeout := cmp.Or(c.durationOf("timeout", body.Timeout), a.Server.Options().LameDuckDuration)
	if name := a.Server.Server().Name; body.Confirm != name {
		c.wrong("confirm", "it must be the name of the server, "+strconv.Quote(name))
	}
	dry := c.bool("dry_run")
	if err := c.valid(); err != nil {
		return nil, err
	}
	if dry {
		return answer{status: http.StatusNoContent}, nil
	}
	op, err := a.operations.start(c, "shutdown", "", a.Server.Counters().Connections, func(ctx context.Context, op *job) (any, error) {
		if !op.fix(ctx) { // called off before it began
			return nil, ctx.Err()
		}
		a.Server.Shutdown(graceful, timeout)
		return nil, nil
	})
	if err != nil {
		return nil, err
	}
	a.Log.Warn(fmt.Sprintf("Shutdown asked for by %s", c.who))
	return accepted(op), nil
}

func (a *API) reopenLogs(c *call) (any, error) {
	dry := c.bool("dry_run")
	if err := c.valid(); err != nil || dry {
		return nil, err
	}
	if err := a.Server.ReopenLog(); err != nil {
		return nil, api.Problemf(api.Conflict, "%v", err)
	}
	return nil, nil
}

func (a *API) authFailures(c *call) (any, error) {
	window, by := c.duration("window"), cmp.Or(c.word("by", "ip", "user", "reason"), "ip")
	if err := c.valid(); err != nil {
		return nil, err
	}
	window = cmp.Or(window, time.Hour)
	out := &api.AuthFailures{Window: window.String(), By: by, Now: time.Now().UTC()}
	view, counts := a.eventView(), map[string]*api.AuthFailure{}
	for e := range a.Server.Events().Recent() {
		if e.Kind() != event.AuthFailed || e.Time.Before(out.Now.Add(-window)) {
			continue
		}
		v := view.of(e)
		key := map[string]string{"ip": v.IP, "user": v.User, "reason": v.Reason}[by]
		f := counts[key]
		if f == nil {
			f = &api.AuthFailure{Key: key, First: v.Time}
			counts[key] = f
		}
		f.Count++
		f.Last, f.IP, f.User, f.Reason = v.Time, v.IP, v.User, v.Reason
		out.Total++
	}
	out.Items = []api.AuthFailure{}
	for _, f := range slices.SortedFunc(maps.Values(counts), func(x, y *api.AuthFailure) int {
		return cmp.Or(cmp.Compare(y.Count, x.Count), cmp.Compare(x.Key, y.Key))
	}) {
		out.Items = append(out.Items, *f)
	}
	return out, nil
}
