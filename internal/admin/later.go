package admin

import (
	"net/http"

	"natsd/internal/admin/api"
)

// laterRoutes are endpoints whose names are fixed and whose engine is not built: they answer 501.
func (a *API) laterRoutes() []route {
	const get, post, put, patch, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete
	table := []struct {
		method, path string
		role         role
		summary      string
	}{
		{post, "/connections/{cid}/trace", operator, "Trace one connection."},
		{get, "/traces", operator, "Traces that are made."},
		{post, "/traces", operator, "Begin a trace."},
		{get, "/traces/{id}", operator, "One trace."},
		{del, "/traces/{id}", operator, "End a trace."},
		{get, "/traces/{id}/stream", operator, "Follow a trace."},
		{get, "/traces/{id}/download", operator, "What a trace has gathered."},
		{post, "/diagnostics/bundle", admin, "Gather what helps to find a fault."},

		{get, "/gateways", viewer, "Gateways."},
		{del, "/gateways/connections/{cid}", operator, "End the connection of a gateway."},
		{get, "/leafnodes", viewer, "Leaf nodes."},
		{del, "/leafnodes/{id}", operator, "End the connection of a leaf node."},
		{get, "/cluster", viewer, "Servers of the cluster."},
		{post, "/cluster/reload", admin, "Reload the servers of the cluster, one after the other."},

		{get, "/accounts", viewer, "Accounts."},
		{get, "/accounts/{name}", viewer, "One account."},
		{put, "/accounts/{name}", admin, "Make or replace an account."},
		{patch, "/accounts/{name}", admin, "Change an account."},
		{del, "/accounts/{name}", admin, "Remove an account."},
		{post, "/accounts/{name}/kick", operator, "End the connections of an account."},
		{get, "/accounts/{name}/users", viewer, "Users of an account."},
		{get, "/accounts/{name}/users/{user}", viewer, "One user."},
		{put, "/accounts/{name}/users/{user}", admin, "Make or replace a user."},
		{patch, "/accounts/{name}/users/{user}", admin, "Change a user."},
		{del, "/accounts/{name}/users/{user}", admin, "Remove a user."},
		{post, "/accounts/{name}/users/{user}/rotate", admin, "Give a user a new secret."},
		{post, "/accounts/{name}/users/{user}/kick", operator, "End the connections of a user."},
		{post, "/auth/test", admin, "Whether somebody would be let in."},
	}
	out := make([]route, 0, len(table))
	for _, e := range table {
		out = append(out, route{
			method: e.method, path: e.path, role: e.role, summary: e.summary, unaudited: true, codes: []api.Code{api.FeatureDisabled},
			serve: func(*call) (any, error) {
				return nil, api.Problemf(api.FeatureDisabled, "%s %s is not built yet", e.method, e.path)
			},
		})
	}
	return out
}
