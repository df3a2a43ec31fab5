package monitor

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"path"
	"strings"

	"github.com/go-chi/chi/v5"
)

// answer is what an endpoint has to say: a value to encode as JSON, or bytes. An error becomes status
// 400, or the one given here, with its text.
type answer struct {
	status int    // 0 is 200
	value  any    // becomes body, as JSON
	indent string // of the JSON; empty is compact
	body   []byte
	kind   string // Content-Type; empty is application/json
	plain  bool   // without the header for other origins
}

// endpoint is one path of the monitoring port.
type endpoint struct {
	path    string
	counted string // key of http_req_stats; empty is not counted
	late    bool   // counted only when the parameters are well formed
	heavy   bool   // may walk very many rows: only a few at once are worked on
	private bool   // answers without the header for other origins
	serve   func(c *Collector, p *params) (answer, error)
}

const indent = "  "

// reply is a value in the common form.
func reply[T any](v T, err error) (answer, error) { return answer{value: v, indent: indent}, err }

// endpoints is the table of paths. Each reads all its parameters first and leaves when one is bad.
var endpoints = []endpoint{
	{path: "/varz", counted: "/varz", serve: func(c *Collector, _ *params) (answer, error) {
		return reply(c.Varz(), nil)
	}},
	{path: "/connz", counted: "/connz", late: true, heavy: true, serve: serveConnz},
	{path: "/routez", counted: "/routez", late: true, heavy: true, serve: func(c *Collector, p *params) (answer, error) {
		q := RoutezQuery{}
		q.Subs, q.SubsDetail = p.subs()
		return reply(c.Routez(q), p.err)
	}},
	{path: "/gatewayz", counted: "/gatewayz", serve: func(c *Collector, p *params) (answer, error) {
		p.subs()
		p.bool("accs")
		return reply(c.Gatewayz(), p.err)
	}},
	{path: "/leafz", counted: "/leafz", serve: func(c *Collector, p *params) (answer, error) {
		p.bool("subs")
		return reply(c.Leafz(), p.err)
	}},
	{path: "/subsz", counted: "/subsz", heavy: true, serve: serveSubsz},
	{path: "/subscriptionsz", counted: "/subsz", heavy: true, serve: serveSubsz},
	{path: "/accountz", counted: "/accountz", serve: func(c *Collector, p *params) (answer, error) {
		return reply(c.Accountz(AccountzQuery{Account: p.text("acc")}))
	}},
	{path: "/accstatz", counted: "/accstatz", serve: func(c *Collector, p *params) (answer, error) {
		q := AccstatzQuery{Unused: p.bool("unused")}
		return reply(c.Accstatz(q), p.err)
	}},
	{path: "/jsz", counted: "/jsz", serve: serveJsz},
	{path: "/healthz", counted: "/healthz", serve: serveHealthz},
	{path: "/ipqueuesz", serve: func(c *Collector, p *params) (answer, error) {
		p.bool("all")
		return answer{value: c.IPQueuesz(), indent: "   "}, p.err
	}},
	{path: "/raftz", serve: func(c *Collector, _ *params) (answer, error) {
		return answer{status: http.StatusNotFound}, c.Raftz()
	}},
	{path: "/stacksz", serve: func(c *Collector, _ *params) (answer, error) {
		return answer{body: c.Stacks()}, nil
	}},
	{path: "/debug/vars", serve: func(c *Collector, _ *params) (answer, error) {
		return answer{value: c.Vars(), indent: indent, kind: "application/json; charset=utf-8", plain: true}, nil
	}},
}

func serveConnz(c *Collector, p *params) (answer, error) {
	q := ConnzQuery{Sort: p.text("sort"), Auth: p.bool("auth")}
	q.Subs, q.SubsDetail = p.subs()
	q.Offset = p.int("offset")
	q.Limit = p.int("limit")
	q.CID = p.uint64("cid")
	q.State = p.state()
	q.User = p.text("user")
	q.Account = p.text("acc")
	q.MQTTClient = p.text("mqtt_client")
	q.FilterSubject = p.text("filter_subject")
	if p.err != nil {
		return answer{}, p.err
	}
	return reply(c.Connz(q))
}

func serveSubsz(c *Collector, p *params) (answer, error) {
	q := SubszQuery{
		Subs:    p.bool("subs"),
		Offset:  p.int("offset"),
		Limit:   p.int("limit"),
		Test:    p.text("test"),
		Account: p.text("acc"),
	}
	if p.err != nil {
		return answer{}, p.err
	}
	return reply(c.Subsz(q))
}

func serveJsz(c *Collector, p *params) (answer, error) {
	for _, name := range []string{"accounts", "streams", "consumers", "direct-consumers", "config"} {
		p.bool(name)
	}
	p.int("offset")
	p.int("limit")
	q := JszQuery{LeaderOnly: p.bool("leader-only")}
	p.bool("raft")
	p.bool("stream-leader-only")
	if p.err != nil {
		return answer{}, p.err
	}
	return reply(c.Jsz(q))
}

func serveHealthz(c *Collector, p *params) (answer, error) {
	q := HealthzQuery{
		JSEnabledOnly: p.bool("js-enabled"),
		JSServerOnly:  p.bool("js-server-only"),
		JSMetaOnly:    p.bool("js-meta-only"),
		Account:       p.text("account"),
		Stream:        p.text("stream"),
		Consumer:      p.text("consumer"),
		Details:       p.bool("details"),
	}
	q.JSEnabledOnly = p.bool("js-enabled-only") || q.JSEnabledOnly
	if p.err != nil {
		return answer{}, p.err
	}
	h := c.Healthz(q)
	code := h.StatusCode
	h.StatusCode = 0
	return answer{status: code, value: h}, nil
}

// Handler serves the monitoring port. basePath is the option http_base_path as written; "" serves at
// the root. More pages may stand beside those of the Collector. Any method is answered, as tools expect.
func Handler(c *Collector, basePath string, more ...Page) http.Handler {
	r := chi.NewRouter()
	base := strings.TrimSuffix(path.Clean("/"+basePath), "/")
	r.Handle("/", counting(c, "/", rootPage(base, more)))
	for _, p := range more {
		r.Handle(p.Path, p.Handler)
	}
	for _, e := range endpoints {
		r.Handle(e.path, e.handler(c))
	}
	return cleanPath(under(base, r))
}

// cleanPath redirects paths such as //varz, which scrapers ask for when their URL ends in a slash.
func cleanPath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		clean := path.Clean("/" + r.URL.Path)
		if clean != "/" && strings.HasSuffix(r.URL.Path, "/") {
			clean += "/"
		}
		if clean == r.URL.Path {
			next.ServeHTTP(w, r)
			return
		}
		target := *r.URL
		target.Scheme, target.Host, target.Path, target.RawPath = "", "", clean, ""
		http.Redirect(w, r, target.String(), http.StatusTemporaryRedirect)
	})
}

// under serves next below base; base itself is its root. The path is cut here and not in the router's
// patterns because base may hold characters that mean something there.
func under(base string, next http.Handler) http.Handler {
	if base == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rest, ok := strings.CutPrefix(r.URL.Path, base)
		if !ok || rest == "/" || rest != "" && rest[0] != '/' {
			http.NotFound(w, r)
			return
		}
		inner := r.Clone(r.Context())
		inner.URL.Path, inner.URL.RawPath = "/"+strings.TrimPrefix(rest, "/"), ""
		next.ServeHTTP(w, inner)
	})
}

func counting(c *Collector, key string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.hits[key].Add(1)
		next.ServeHTTP(w, r)
	})
}

func (e *endpoint) handler(c *Collector) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, err := e.answer(r.Context(), c, &params{values: r.URL.Query()})
		if err != nil {
			writeError(w, a.status, err)
			return
		}
		a.plain = a.plain || e.private
		a.write(w)
	})
}

// answer collects and encodes. What it leaves to be done is to write the answer, which may take as
// long as a slow client likes.
func (e *endpoint) answer(ctx context.Context, c *Collector, p *params) (answer, error) {
	hits := c.hits[e.counted]
	if hits != nil && !e.late {
		hits.Add(1)
	}
	if e.heavy {
		select {
		case c.heavy <- struct{}{}:
			defer func() { <-c.heavy }()
		case <-ctx.Done():
			return answer{status: http.StatusServiceUnavailable}, ctx.Err()
		}
	}
	a, err := e.serve(c, p)
	if hits != nil && e.late && p.err == nil {
		hits.Add(1)
	}
	if err != nil || a.value == nil {
		return a, err
	}
	if a.body, err = json.Marshal(a.value); err != nil {
		a.status = http.StatusInternalServerError
	}
	return a, err
}

func (a *answer) write(w http.ResponseWriter) {
	if !a.plain {
		w.Header().Set("Access-Control-Allow-Origin", "*")
	}
	head(w, a.status, cmp.Or(a.kind, "application/json"))
	if a.indent == "" {
		_, _ = w.Write(a.body)
		return
	}
	writeIndented(w, a.body, a.indent)
}

// writeError answers with the text of err; status 0 is 400.
func writeError(w http.ResponseWriter, status int, err error) {
	writeBody(w, cmp.Or(status, http.StatusBadRequest), "text/plain; charset=utf-8", []byte(err.Error()))
}

// writeBody answers with bytes. A client that went away has no use for an error.
func writeBody(w http.ResponseWriter, status int, kind string, body []byte) {
	head(w, status, kind)
	_, _ = w.Write(body)
}

func head(w http.ResponseWriter, status int, kind string) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(cmp.Or(status, http.StatusOK))
}
