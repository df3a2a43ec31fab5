package admin

import (
	"runtime"

	"natsd/internal/admin/api"
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
	}
}

func (a *API) version(*call) (any, error) {
	return &api.Version{
		Name: "natsd", Version: version.Natsd, Commit: version.Commit(), Go: runtime.Version(),
		APIVersions: []string{"v1"}, Compat: version.Protocol,
	}, nil
}
