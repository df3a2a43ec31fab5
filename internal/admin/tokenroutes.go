package admin

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"natsd/internal/admin/api"
)

// tokenRoutes are the endpoints about the tokens of this API.
func (a *API) tokenRoutes() []route {
	const scope = "tokens:write"
	return []route{
		{
			method: http.MethodGet, path: "/tokens", role: admin, scope: "tokens:read", summary: "All tokens, those of the configuration too, without their secrets.",
			result: api.List[api.Token]{}, serve: a.listTokens,
		},
		{
			method: http.MethodGet, path: "/tokens/{id}", role: admin, scope: "tokens:read", summary: "One token.",
			result: api.Token{}, codes: []api.Code{api.NotFound}, serve: a.getToken,
		},
		{
			method: http.MethodPost, path: "/tokens", role: admin, scope: scope, summary: "Make a token. Its secret is shown this once.",
			query: []param{dryRun}, body: api.NewToken{}, result: api.IssuedToken{}, status: http.StatusCreated,
			also:  []success{{http.StatusOK, api.IssuedToken{}}}, // of a dry run
			codes: []api.Code{api.InvalidParameter, api.Conflict}, serve: a.makeToken,
		},
		{
			method: http.MethodPost, path: "/tokens/{id}/rotate", role: admin, scope: scope,
			summary: "Give a token a new secret, which is shown this once. The old one is taken too for the time of `grace`.",
			query:   []param{dryRun}, body: api.RotateToken{}, result: api.IssuedToken{},
			codes: []api.Code{api.NotFound, api.Conflict}, serve: a.rotateToken,
		},
		{
			method: http.MethodDelete, path: "/tokens/{id}", role: admin, scope: scope, summary: "Take a token away. Its streams end within seconds.",
			query: []param{dryRun}, codes: []api.Code{api.NotFound, api.Conflict}, serve: a.deleteToken,
		},
	}
}

func (a *API) listTokens(c *call) (any, error) {
	out := &api.List[api.Token]{Items: []api.Token{}, Now: time.Now().UTC()}
	for i := range c.settings.tokens {
		out.Items = append(out.Items, c.settings.tokens[i].public())
	}
	for _, one := range c.settings.issued.now.Load().list {
		out.Items = append(out.Items, one.public())
	}
	out.Total = len(out.Items)
	return out, nil
}

func (a *API) getToken(c *call) (any, error) {
	for i := range c.settings.tokens {
		if t := &c.settings.tokens[i]; t.who.subject == c.path("id") {
			return t.public(), nil
		}
	}
	if one := c.settings.issued.now.Load().get(c.path("id")); one != nil {
		return one.public(), nil
	}
	return nil, api.Problemf(api.NotFound, "%v", errNoToken)
}

// public is a token of the configuration as it is shown.
func (t *token) public() api.Token {
	return api.Token{
		ID: t.who.subject, Source: api.TokenOfConfig, Role: t.who.role.String(), Scopes: t.who.scopes, Accounts: t.who.accounts,
		CIDR: texts(t.who.from), Expires: timeOrNone(t.who.expires), Expired: t.who.expired(),
	}
}

// public is a token of the API as it is shown.
func (one *issuedToken) public() api.Token {
	out := one.token.public()
	out.Source, out.Note, out.Created, out.CreatedBy = api.TokenOfAPI, one.note, timeOrNone(one.created), one.by
	if ns := one.used.Load(); ns != 0 {
		out.LastUsed = timeOrNone(time.Unix(0, ns))
	}
	if time.Now().Before(one.until) {
		out.PreviousUntil = timeOrNone(one.until)
	}
	return out
}

func (a *API) makeToken(c *call) (any, error) {
	one, err := c.newToken()
	if err != nil {
		return nil, err
	}
	dry := c.bool("dry_run")
	if err := c.valid(); err != nil {
		return nil, err
	}
	if dry {
		return answer{status: http.StatusOK, value: &api.IssuedToken{Token: one.public(), DryRun: true}}, nil
	}
	secret, hash := newSecret()
	one.hash = hash
	if err := c.settings.issued.add(one); err != nil {
		return nil, tokenProblem(err)
	}
	return &api.IssuedToken{Token: one.public(), Secret: secret}, nil
}

// newToken reads what a token is to be and checks that nobody gives more than he has.
func (c *call) newToken() (*issuedToken, error) {
	var body api.NewToken
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	const longest = 1000
	one := &issuedToken{note: body.Note, created: time.Now().UTC().Truncate(time.Second), by: c.who.String(), used: new(atomic.Int64)}
	who := &one.who
	*who = identity{method: api.MethodToken, subject: newTokenID(), role: viewer, scopes: body.Scopes, accounts: body.Accounts}
	if body.Role != "" {
		if who.role = roleOf(body.Role); who.role == none {
			c.wrong("role", fmt.Sprintf("%q is not one of viewer, operator, admin", body.Role))
		}
	}
	for _, s := range body.Scopes {
		if !c.api.hasScope(s) {
			c.wrong("scopes", fmt.Sprintf("there is no scope %q", s))
		}
	}
	if len(body.Note) > longest || len(body.Scopes)+len(body.Accounts)+len(body.CIDR) > longest || slices.Contains(body.Accounts, "") {
		c.wrong("note", "notes have 1000 bytes at most, lists 1000 entries that are not empty")
	}
	var err error
	if who.from, err = prefixes(body.CIDR); err != nil {
		c.wrong("cidr", err.Error())
	}
	if body.TTL != "" {
		ttl, err := time.ParseDuration(body.TTL)
		if err != nil || ttl <= 0 {
			c.wrong("ttl", fmt.Sprintf("%q is not a duration such as 24h", body.TTL))
		}
		who.expires = one.created.Add(ttl)
	}
	if err := c.valid(); err != nil {
		return nil, err
	}
	return one, c.mayGive(who)
}

// hasScope tells whether a scope is the right to use some endpoint.
func (a *API) hasScope(name string) bool {
	return name != "" && slices.ContainsFunc(a.table(), func(rt route) bool { return rt.scope == name })
}

// mayGive refuses to hand out more rights than one has.
func (c *call) mayGive(to *identity) error {
	if c.who.covers(to) {
		return nil
	}
	return api.Problemf(api.Forbidden, "a token cannot have more rights than %s, who asks for it", c.who)
}

// covers tells that somebody may do all that other may, wherever and as long as other may do it.
func (i *identity) covers(other *identity) bool {
	switch {
	case i.role < other.role,
		len(i.scopes) > 0 && (len(other.scopes) == 0 || !within(other.scopes, i.scopes)),
		len(i.accounts) > 0 && (len(other.accounts) == 0 || !within(other.accounts, i.accounts)),
		!i.expires.IsZero() && (other.expires.IsZero() || other.expires.After(i.expires)):
		return false
	case len(i.from) == 0:
		return true
	}
	inside := func(p netip.Prefix) bool {
		return slices.ContainsFunc(i.from, func(n netip.Prefix) bool { return n.Bits() <= p.Bits() && n.Contains(p.Addr()) })
	}
	return len(other.from) > 0 && !slices.ContainsFunc(other.from, func(p netip.Prefix) bool { return !inside(p) })
}

func within(some, all []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}

// changeable returns the token of the path, if it is one that the API may change and who asks has all
// rights of.
func (c *call) changeable() (*issuedToken, error) {
	id := c.path("id")
	if slices.ContainsFunc(c.settings.tokens, func(t token) bool { return t.who.subject == id }) {
		return nil, api.Problemf(api.Conflict, "the token %q stands in the configuration, and is changed there", id)
	}
	one := c.settings.issued.now.Load().get(id)
	if one == nil {
		return nil, api.Problemf(api.NotFound, "%v", errNoToken)
	}
	return one, c.mayGive(&one.who)
}

func (a *API) rotateToken(c *call) (any, error) {
	one, err := c.changeable()
	if err != nil {
		return nil, err
	}
	var body api.RotateToken
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	next := *one
	next.previous, next.until = secretHash{}, time.Time{}
	if body.Grace != "" {
		grace, err := time.ParseDuration(body.Grace)
		if err != nil || grace < 0 {
			c.wrong("grace", fmt.Sprintf("%q is not a duration such as 1h", body.Grace))
		}
		next.previous, next.until = one.hash, time.Now().Add(grace).UTC().Truncate(time.Second)
	}
	dry := c.bool("dry_run")
	if err := c.valid(); err != nil {
		return nil, err
	}
	if dry {
		return &api.IssuedToken{Token: next.public(), DryRun: true}, nil
	}
	secret, hash := newSecret()
	next.hash = hash
	if err := c.settings.issued.replace(one, &next); err != nil {
		return nil, tokenProblem(err)
	}
	return &api.IssuedToken{Token: next.public(), Secret: secret}, nil
}

func (a *API) deleteToken(c *call) (any, error) {
	one, err := c.changeable()
	if err != nil {
		return nil, err
	}
	dry := c.bool("dry_run")
	if err := c.valid(); err != nil || dry {
		return nil, err
	}
	return nil, tokenProblem(c.settings.issued.replace(one, nil))
}

func tokenProblem(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errNoToken):
		return api.Problemf(api.NotFound, "%v", err)
	case errors.Is(err, errTooManyTokens):
		return api.Problemf(api.Conflict, "%v", err)
	}
	return fmt.Errorf("write the tokens: %w", err)
}
