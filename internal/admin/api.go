package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-chi/chi/v5"

	"natsd/internal/admin/api"
	"natsd/internal/logging"
	"natsd/internal/metrics"
	"natsd/internal/monitor"
	"natsd/internal/nuid"
	"natsd/internal/reload"
	"natsd/internal/task"
)

// Deps is what an API works with. It is not changed after [New].
type Deps struct {
	Server  Server
	Reload  *reload.Manager
	Monitor *monitor.Collector
	Tasks   *task.Group // of the server
	Metrics *metrics.Exporter
	History *metrics.History
	Logs    *logging.Log
	Log     *slog.Logger
}

// API answers requests about one server, and changes it. Its methods may be called from any goroutine.
type API struct {
	Deps

	settings atomic.Pointer[settings]
	gate     *gate
	limits   *limits
	rates    *rates
	files    files

	rotations  rotations
	overrides  overrides  // of what is logged
	profiling  sync.Mutex // held while a profile is taken
	operations *operations
	replays    replays

	counts counts

	// Made at the first request: most servers are never asked.
	table   func() []route
	openAPI func() object
	router  func() http.Handler
}

// New makes the API of a server. [API.Prepare] and [Staged.Commit] come before the first request.
func New(d Deps) *API {
	a := &API{Deps: d, gate: newGate(), limits: newLimits(), rates: newRates(d.Server.Conns, d.Tasks), operations: &operations{tasks: d.Tasks}}
	a.table = sync.OnceValue(a.routes)
	a.openAPI = sync.OnceValue(func() object { return openAPI(a.table()) })
	a.router = sync.OnceValue(a.newRouter)
	d.Server.Events().Remember(rememberedEvents)
	return a
}

// base is where the API of this version begins.
const base = "/api/v1"

// newRouter builds the router from the table.
func (a *API) newRouter() http.Handler {
	r := chi.NewRouter()
	r.NotFound(a.plain(func(c *call) (any, error) { return nil, api.Problemf(api.NotFound, "there is no %s", c.r.URL.Path) }))
	r.MethodNotAllowed(a.plain(func(c *call) (any, error) {
		allowMethods(c.w.Header(), r, c.r)
		return nil, api.Problemf(api.MethodNotAllowed, "%s does not take %s", c.r.URL.Path, c.r.Method)
	}))
	r.Get("/api", a.plain(func(*call) (any, error) { return map[string][]string{"versions": {"v1"}}, nil }))
	table := a.table()
	for i := range table {
		rt := &table[i]
		r.Method(rt.method, base+rt.path, a.handler(rt))
	}
	for _, rt := range a.compatRoutes() {
		r.Get(rt.path, a.handler(&rt))
	}
	return a.preflight(headOfGet(r))
}

// headOfGet lets HEAD find the routes of GET. The server sends no body then.
func headOfGet(r *chi.Mux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodHead {
			req = req.Clone(req.Context())
			req.Method = http.MethodGet
		}
		r.ServeHTTP(w, req)
	})
}

func allowMethods(h http.Header, r chi.Routes, req *http.Request) {
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if r.Match(chi.NewRouteContext(), m, req.URL.Path) {
			h.Add("Allow", m)
		}
	}
}

// plain is the handler of what is not in the table: anybody may ask.
func (a *API) plain(serve func(*call) (any, error)) http.HandlerFunc {
	return a.handler(&route{method: http.MethodGet, role: none, serve: serve})
}

// handler serves one route.
func (a *API) handler(rt *route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{api: a, route: rt, w: w, r: addressed(r), settings: a.settings.Load(), options: a.Server.Options(), id: requestID(r)}
		c.headers()
		out, err := c.run()
		if err != nil {
			c.fail(err)
			return
		}
		a.counts.add(okay)
		c.reply(out)
	}
}

// requestDeadline ends what takes too long. Streams have none.
const requestDeadline = 30 * time.Second

// run passes all checks and then serves. A panic of an endpoint concerns its own request only: endpoints
// share nothing that they could leave half done.
func (c *call) run() (out any, err error) {
	defer func() {
		if v := recover(); v != nil {
			c.api.Log.Error(fmt.Sprintf("Panic in %s %s: %v\n%s", c.r.Method, c.r.URL.Path, v, debug.Stack()))
			out, err = nil, api.Problemf(api.Internal, "internal error; the log has the details under request id %s", c.id)
		}
	}()
	if err := c.admit(); err != nil {
		c.refusedBeforehand(err)
		return nil, err
	}
	if !c.route.stream {
		_ = http.NewResponseController(c.w).SetReadDeadline(time.Now().Add(requestDeadline)) // a recorder in a test has none
		ctx, cancel := context.WithTimeout(c.r.Context(), requestDeadline)
		defer cancel()
		c.r = c.r.WithContext(ctx)
	}
	if c.route.heavy {
		done, err := c.api.limits.heavy(c.r.Context())
		if err != nil {
			c.w.Header().Set("Retry-After", "1")
			return nil, err
		}
		defer done()
		c.release = done
	}
	out, err = c.once(func() (any, error) { return c.audited(func() (any, error) { return c.route.serve(c) }) })
	if err == nil && c.route.heavy {
		return c.encoded(out) // that is a good part of the work
	}
	return out, err
}

// admit decides whether a request is worked on.
func (c *call) admit() (err error) {
	if err := c.checkHost(); err != nil {
		return err
	}
	if err := c.checkOrigin(); err != nil {
		return err
	}
	if c.who, err = c.api.gate.identify(c); err != nil {
		return err
	}
	if c.api.limits.exceeded(c) {
		doorOf(c.r).shut(c.r)
		return errTooMany
	}
	return c.allowed()
}

// allowed tells whether who asks has the right to use the endpoint.
func (c *call) allowed() error {
	if c.route.may(c.who) {
		return nil
	}
	if c.who.method == api.MethodNone {
		c.w.Header().Set("WWW-Authenticate", `Bearer realm="natsd"`)
		return api.Problemf(api.Unauthenticated, "this needs a token, a client certificate, or the unix socket")
	}
	return api.Problemf(api.Forbidden, "%s may not do this: it needs the role %s", c.who, c.route.role)
}

// requestID takes the id that a client gave, if it is one that can stand in a log, or makes one.
func requestID(r *http.Request) string {
	const longest = 64
	id := r.Header.Get("X-Request-Id")
	if id == "" || len(id) > longest {
		return nuid.Next()
	}
	for _, b := range []byte(id) {
		if b <= ' ' || b >= 0x7f || b == '"' || b == '\\' {
			return nuid.Next()
		}
	}
	return id
}

// problemOf makes a problem of any error. What is not one already is told to the log and not to the
// client: nobody knows what it says.
func (c *call) problemOf(err error) *api.Problem {
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return p
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return api.Problemf(api.Timeout, "this took longer than %s", requestDeadline)
	case errors.Is(err, context.Canceled):
		return api.Problemf(api.BadRequest, "the request was called off")
	}
	c.api.Log.Error(fmt.Sprintf("%s %s: %v (request %s)", c.r.Method, c.r.URL.Path, err, c.id))
	return api.Problemf(api.Internal, "internal error; the log has the details under request id %s", c.id)
}
