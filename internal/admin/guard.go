package admin

import (
	"net/http"
	"path"
)

// Guard lets those through to the monitoring port who could read the same by this API. They show a token
// as Bearer or, for tools that know nothing else, as password of Basic. /healthz stays open: who asks for
// it is a load balancer.
func (a *API) Guard(pages http.Handler) http.Handler {
	rt := &route{method: http.MethodGet, role: viewer}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path.Base(r.URL.Path) == "healthz" {
			pages.ServeHTTP(w, r)
			return
		}
		c := &call{api: a, route: rt, w: w, r: r, settings: a.settings.Load(), options: a.Server.Options(), id: requestID(r)}
		if err := c.admitReader(); err != nil {
			status := c.problemOf(err).Status
			if status == http.StatusUnauthorized {
				w.Header().Add("WWW-Authenticate", `Basic realm="natsd"`)
			}
			http.Error(w, err.Error(), status)
			return
		}
		pages.ServeHTTP(w, r)
	})
}

// admitReader is admit for the monitoring port, which answers to all names as nats-server does.
func (c *call) admitReader() (err error) {
	if _, password, ok := c.r.BasicAuth(); ok {
		c.r = c.r.Clone(c.r.Context())
		c.r.Header.Set("Authorization", "Bearer "+password)
	}
	if c.who, err = c.api.gate.identify(c); err != nil {
		return err
	}
	if c.api.limits.exceeded(c) {
		return errTooMany
	}
	return c.allowed()
}
