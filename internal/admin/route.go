package admin

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"natsd/internal/admin/api"
)

// route is one endpoint. Everything that is to be said about it stands here.
type route struct {
	method string
	path   string // below /api/v1, in the form of chi
	role   role   // least role
	scope  string // the single right in its place: "connections:kick"
	group  string // heading in the documents; the first element of the path when empty
	// perAccount tells that the answer is limited to the accounts of who asks. Other endpoints are
	// closed to tokens that are limited to accounts.
	perAccount bool
	heavy      bool // may walk very many rows: only a few at once are worked on
	stream     bool // answers until the client leaves: no deadline
	unaudited  bool // changes nothing although its method says so
	audited    bool // is recorded although it only reads

	summary  string
	query    []param
	body     any      // a value of the type of the body; nil when there is none
	media    []string // media types of the body beside application/json
	result   any      // a value of the type of the answer; nil when there is none
	produces []string // media types of the answer beside application/json
	status   int      // of success; 200 when zero, or 204 when there is no answer
	cached   bool     // it tells by an ETag, and 304, that nothing has changed
	also     []success
	codes    []api.Code

	serve func(c *call) (any, error)
}

// success is another answer than the usual one to a request that was carried out.
type success struct {
	status int
	result any // as in route
}

// param is a parameter of the query.
type param struct {
	name, doc string
	kind      string   // "boolean", "integer", "duration", "time"; "string" when empty
	words     []string // the values it may have; any when empty
}

// mutates tells that an endpoint may change something.
func (rt *route) mutates() bool {
	return rt.method != http.MethodGet && !rt.unaudited
}

// projects tells that the rows of the answer may be asked for in part.
func (rt *route) projects() bool {
	return slices.ContainsFunc(rt.query, func(p param) bool { return p.name == "fields" })
}

// heading is what the endpoint is listed under in the documents.
func (rt *route) heading() string { return cmp.Or(rt.group, strings.Split(rt.path, "/")[1]) }

// disabled tells that the endpoint is a promise for later: it answers 501.
func (rt *route) disabled() bool { return slices.Contains(rt.codes, api.FeatureDisabled) }

// may tells whether somebody has the right to use the endpoint.
func (rt *route) may(who *identity) bool {
	switch {
	case rt.role == none:
		return true
	case len(who.accounts) > 0 && !rt.perAccount:
		return false
	case len(who.scopes) > 0:
		return rt.scope != "" && slices.Contains(who.scopes, rt.scope)
	default:
		return who.role >= rt.role
	}
}

// routes is the table of all endpoints.
func (a *API) routes() []route {
	return slices.Concat(
		a.serverRoutes(),
		a.monitorRoutes(),
		a.metricsRoutes(),
		a.reloadRoutes(),
		a.configRoutes(),
		a.docsRoutes(),
		a.eventRoutes(),
		a.connectionRoutes(),
		a.tokenRoutes(),
		a.auditRoutes(),
		a.kickRoutes(),
		a.banRoutes(),
		a.operationRoutes(),
		a.clusterRoutes(),
		a.laterRoutes(),
		a.lameDuckRoutes(),
		a.healthRoutes(),
		a.loggingRoutes(),
		a.debugRoutes(),
		a.subscriptionRoutes(),
	)
}

var dryRun = param{name: "dry_run", kind: "boolean", doc: "Check and tell, but do nothing."}
