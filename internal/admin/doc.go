// Package admin is the operators' interface of a server: a REST API under /api/v1 on a unix socket and,
// if configured, a TCP port.
//
// One table of routes (see [route]) says everything about an endpoint: path, parameters, types of body
// and answer, the role it needs, and the function that serves it. The router, the checks of rights and
// the OpenAPI document are made from it. A function that serves returns a value or an error; both are
// written in one place.
//
// A request passes, in this order: the host and origin checks, which keep web pages of others out; the
// proof of who asks (see [gate]); the rate limit; the role; then its function. Whoever asks is told all
// that is wrong at once, as a [api.Problem], and never a secret, whatever his role.
//
// The package knows contracts (status, reload, monitor) and what it needs of the server ([Server]), but
// no kind of connection. Package server makes the one [API] of a server, opens its listeners and tells
// it of new configurations.
package admin
