package admin

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"natsd/internal/admin/api"
	"natsd/internal/monitor"
	"natsd/internal/status"
)

// clusterRoutes are the endpoints about connections to other servers of the cluster.
func (a *API) clusterRoutes() []route {
	return []route{
		{
			method: http.MethodGet, path: "/routes", role: viewer, summary: "Routes, and the servers that are dialed, with what came of it.",
			result: api.Routes{}, serve: a.listRoutes,
		},
		{
			method: http.MethodPost, path: "/routes", role: operator, scope: "routes:write",
			summary: "Dial another server from now on, until it is removed or this server ends.",
			query:   []param{dryRun}, body: api.AddRoute{}, result: api.RouteTarget{}, status: http.StatusCreated, also: []success{{http.StatusOK, api.DryRun{}}},
			codes: []api.Code{api.Conflict}, serve: a.addRoute,
		},
		{
			method: http.MethodDelete, path: "/routes/{target}", role: operator, scope: "routes:write",
			summary: "Stop dialing a server that was added by request or heard of, and end the routes to it.",
			query: []param{
				dryRun,
				{name: "disconnect", kind: "boolean", doc: "The routes to it end too: `true`, which is the only way."},
			},
			also: []success{{http.StatusOK, api.DryRun{}}}, codes: []api.Code{api.NotFound, api.Conflict}, serve: a.removeRoute,
		},
		{
			method: http.MethodDelete, path: "/routes/connections/{rid}", role: operator, scope: "routes:write",
			summary: "End one route. It is made again by who has dialed it.",
			query:   []param{dryRun, {name: "reason", doc: "For the events and the audit."}}, also: []success{{http.StatusOK, api.DryRun{}}},
			codes: []api.Code{api.NotFound}, serve: a.kickRoute,
		},
	}
}

func (a *API) listRoutes(*call) (any, error) {
	z := a.Monitor.Routez(monitor.RoutezQuery{})
	out := &api.Routes{Now: z.Now, Cluster: a.Server.Server().Cluster.Name, Routes: make([]api.Route, 0, len(z.Routes)), Targets: a.Server.Targets()}
	for _, r := range z.Routes {
		out.Routes = append(out.Routes, api.Route{
			RID: r.RID, RemoteID: r.RemoteID, RemoteName: r.RemoteName, Solicited: r.Solicited, Configured: r.Configured, IP: r.IP, Port: r.Port,
			Start: r.Start, LastActivity: r.LastActivity, RTT: r.RTT, Uptime: r.Uptime, Idle: r.Idle, Import: rulesOf(r.Import), Export: rulesOf(r.Export),
			Pending: r.Pending, InMsgs: r.InMsgs, OutMsgs: r.OutMsgs, InBytes: r.InBytes, OutBytes: r.OutBytes, Subs: r.NumSubs,
			Account: r.Account, Compression: r.Compression,
		})
	}
	return out, nil
}

func rulesOf(r *status.Rules) *api.SubjectRules {
	if r == nil {
		return nil
	}
	return &api.SubjectRules{Allow: r.Allow, Deny: r.Deny}
}

func (a *API) addRoute(c *call) (any, error) {
	var req api.AddRoute
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	req.DryRun = c.bool("dry_run") || req.DryRun // wherever it stands, it counts
	if u, err := url.Parse(req.URL); req.URL == "" || err != nil || u.Host == "" || u.Port() == "" {
		c.wrong("url", "it must be such as nats-route://host:6222")
	}
	if req.Persist {
		c.wrong("persist", "a route that is to stay belongs into the configuration: see PATCH /config")
	}
	if err := c.valid(); err != nil {
		return nil, err
	}
	if a.Server.Server().Cluster.Name == "" {
		return nil, api.Problemf(api.Conflict, "the server is in no cluster")
	}
	if req.DryRun {
		return answer{status: http.StatusOK, value: &api.DryRun{DryRun: true}}, nil
	}
	t, err := a.Server.AddTarget(req.URL)
	if err != nil {
		return nil, api.Problemf(api.Conflict, "%v", err)
	}
	return t, nil
}

func (a *API) removeRoute(c *call) (any, error) {
	dry := c.bool("dry_run")
	if c.text("disconnect") != "" && !c.bool("disconnect") {
		c.wrong("disconnect", "routes to a server that is not dialed any more cannot stay")
	}
	if err := c.valid(); err != nil {
		return nil, err
	}
	name, err := url.PathUnescape(c.path("target"))
	all := a.Server.Targets()
	i := slices.IndexFunc(all, func(t api.RouteTarget) bool { return t.Target == name })
	switch {
	case err != nil || i < 0:
		return nil, api.Problemf(api.NotFound, "no server %q is dialed", c.path("target"))
	case all[i].Source == api.SourceConfigured:
		return nil, api.Problemf(api.Conflict, "the configuration names this server: see PATCH /config")
	case dry:
		return answer{status: http.StatusOK, value: &api.DryRun{DryRun: true}}, nil
	}
	if err := a.Server.RemoveTarget(name); err != nil {
		return nil, api.Problemf(api.Conflict, "%v", err)
	}
	return nil, nil
}

func (a *API) kickRoute(c *call) (any, error) {
	dry, reason := c.bool("dry_run"), c.reason(c.text("reason"))
	if err := c.valid(); err != nil {
		return nil, err
	}
	rid, err := strconv.ParseUint(c.path("rid"), 10, 64)
	if err != nil || !slices.ContainsFunc(a.Server.AppendRoutes(nil), func(r status.Route) bool { return r.Facts.CID == rid }) {
		return nil, api.Problemf(api.NotFound, "there is no route %q", c.path("rid"))
	}
	if dry {
		return answer{status: http.StatusOK, value: &api.DryRun{DryRun: true}}, nil
	}
	a.Server.Kick(rid, c.who.String(), reason)
	return nil, nil
}
