package admin

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"natsd/internal/admin/api"
	"natsd/internal/status"
)

// healthRoutes are the endpoints that tell whether the server is well. They need no proof of who asks:
// who asks is a load balancer.
func (a *API) healthRoutes() []route {
	wait := param{name: "wait", kind: "duration", doc: "How long to wait until all is well, 25s at most."}
	health := func(path, summary string, names []string, query ...param) route {
		return route{
			method: http.MethodGet, path: "/health/" + path, role: none, perAccount: true, summary: summary, query: query,
			result: api.Health{}, also: []success{{http.StatusServiceUnavailable, api.Health{}}},
			serve: func(c *call) (any, error) { return a.health(c, names) },
		}
	}
	return []route{
		health("live", "Whether the server lives, also while it sends its clients away.", nil),
		health("ready", "Whether clients should be sent here, by check.", readyChecks, wait,
			param{name: "checks", doc: "Only these, by comma: `" + strings.Join(readyChecks, "`, `") + "`."}),
		health("startup", "Whether the server has come up.", []string{"startup"}, wait),
	}
}

// readyChecks are what makes a server ready.
var readyChecks = []string{"listeners", "routes", "auth", "tls", "disk", "log"}

// checks tell how a part of the server is.
func (a *API) checks() map[string]func() api.HealthCheck {
	return map[string]func() api.HealthCheck{
		"startup": a.startupCheck, "listeners": a.listenersCheck, "routes": a.routesCheck, "auth": a.authCheck,
		"tls": a.tlsCheck, "disk": a.diskCheck, "log": a.logCheck,
	}
}

const (
	longestWait = 25 * time.Second // shorter than requestDeadline
	healthLook  = 50 * time.Millisecond
)

// health answers with all checks of these names that are asked for.
func (a *API) health(c *call, names []string) (any, error) {
	if asked := c.text("checks"); asked != "" && len(names) > 1 {
		all := names
		names = strings.Split(asked, ",")
		for _, name := range names {
			if !slices.Contains(all, name) {
				c.wrong("checks", fmt.Sprintf("%q is not one of %s", name, strings.Join(all, ", ")))
			}
		}
	}
	wait := min(c.duration("wait"), longestWait)
	if err := c.valid(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(c.r.Context(), wait)
	defer cancel()
	look := time.NewTicker(healthLook)
	defer look.Stop()
	for {
		h := a.examine(names)
		if h.Status != api.HealthUnavailable {
			return h, nil
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return answer{status: http.StatusServiceUnavailable, value: h}, nil
		}
	}
}

// examine makes the checks of these names.
func (a *API) examine(names []string) *api.Health {
	all := a.checks()
	out := &api.Health{Status: api.HealthOK, State: a.Server.State(), Checks: []api.HealthCheck{}, Now: time.Now().UTC()}
	for _, name := range names {
		check := all[name]()
		check.Name = name
		out.Checks = append(out.Checks, check)
		if check.Status == api.HealthUnavailable || out.Status == api.HealthOK {
			out.Status = check.Status
		}
	}
	return out
}

func well(detail string) api.HealthCheck {
	return api.HealthCheck{Status: api.HealthOK, Detail: detail}
}

func degraded(detail string) api.HealthCheck {
	return api.HealthCheck{Status: api.HealthDegraded, Detail: detail}
}

func unavailable(detail string) api.HealthCheck {
	return api.HealthCheck{Status: api.HealthUnavailable, Detail: detail}
}

func (a *API) startupCheck() api.HealthCheck {
	if a.Server.State() == status.Starting {
		return unavailable("the server starts")
	}
	return well("")
}

func (a *API) listenersCheck() api.HealthCheck {
	if state := a.Server.State(); state != status.Running {
		return unavailable("the server is in the state " + state)
	}
	if deaf := a.Server.NotReady(); len(deaf) > 0 {
		return unavailable("no connections are accepted by: " + strings.Join(deaf, ", "))
	}
	for _, l := range a.Server.Listeners() {
		if !l.Serving {
			return unavailable(fmt.Sprintf("nobody serves the %s listener on %s", l.Kind, l.Addr))
		}
	}
	return well("")
}

func (a *API) routesCheck() api.HealthCheck {
	if o := a.Server.Options(); o.Cluster == nil {
		return well("no routes are configured")
	}
	return well(fmt.Sprintf("%d routes", a.Server.Counters().Routes))
}

func (a *API) authCheck() api.HealthCheck {
	if !a.Server.Server().AuthRequired {
		return degraded("anybody may connect: no authentication is configured")
	}
	return well("")
}

func (a *API) tlsCheck() api.HealthCheck {
	for _, cert := range a.certificates() {
		if cert.DaysLeft < expiresSoon {
			return degraded(fmt.Sprintf("the certificate of %s ends on %s", cert.UsedBy, cert.NotAfter.Format(time.RFC3339)))
		}
	}
	return well("")
}

func (a *API) diskCheck() api.HealthCheck {
	if a.settings.Load().audit.Fault() != nil {
		return degraded("the audit cannot be written; GET /server says why") // and not to everybody: it names files
	}
	return well("")
}

func (a *API) logCheck() api.HealthCheck {
	if n := a.Server.Counters().Log; n.Failing {
		return degraded(fmt.Sprintf("the log cannot be written, %d lines are lost", n.Dropped))
	}
	return well("")
}
