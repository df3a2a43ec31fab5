package admin

import (
	"net/http"
	"runtime/pprof"
	"slices"

	"natsd/internal/admin/api"
	"natsd/internal/monitor"
)

// debugRoutes are the endpoints for those who look for a fault in the program.
func (a *API) debugRoutes() []route {
	const scope = "debug:read"
	return []route{
		{
			method: http.MethodGet, path: "/debug/pprof/{profile}", role: admin, scope: scope, stream: true, audited: true,
			summary: "A profile of the Go runtime: `profile` (of the CPU), `trace`, `heap`, `goroutine` and others. Needs `admin.pprof`.",
			query: []param{
				{name: "seconds", kind: "integer", doc: "How long it is taken, 60 at most."},
				{name: "debug", kind: "integer", doc: "1 or 2 for text."},
			},
			produces: []string{"application/octet-stream", "text/plain"}, codes: []api.Code{api.NotFound, api.Conflict}, serve: a.profile,
		},
		{
			method: http.MethodGet, path: "/debug/stacks", role: admin, scope: scope, heavy: true, summary: "The stacks of all goroutines.",
			produces: []string{"text/plain"}, serve: func(*call) (any, error) {
				return answer{body: a.Monitor.Stacks(), media: "text/plain; charset=utf-8"}, nil
			},
		},
		{
			method: http.MethodGet, path: "/debug/vars", role: admin, scope: scope, summary: "Command line, without secrets, and memory statistics of the Go runtime.",
			result: map[string]any{}, serve: func(*call) (any, error) { return a.Monitor.Vars(), nil },
		},
	}
}

// profileLimit bounds how long a profile is taken.
const profileLimit = 60

var errNoProfiles = api.Problemf(api.NotFound, "profiles are switched off; admin.pprof switches them on")

// profile takes one profile at a time.
func (a *API) profile(c *call) (any, error) {
	if !c.settings.options.Pprof {
		return nil, errNoProfiles
	}
	name := c.path("profile")
	if pprof.Lookup(name) == nil && !slices.Contains([]string{"profile", "trace"}, name) {
		return nil, api.Problemf(api.NotFound, "there is no profile %q", name)
	}
	c.int("seconds", profileLimit, 0)
	if err := c.valid(); err != nil {
		return nil, err
	}
	if !a.profiling.TryLock() {
		return nil, api.Problemf(api.Conflict, "another profile is being taken")
	}
	defer a.profiling.Unlock()
	r := c.r.Clone(c.r.Context())
	r.URL.Path = "/debug/pprof/" + name
	monitor.ProfileHandler().ServeHTTP(c.w, r)
	return written, nil
}
