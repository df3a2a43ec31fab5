package auth

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"natsd/internal/config"
)

// Auth decides on connections by one configuration snapshot. Its decisions never change; any number of
// goroutines may ask it at the same time.
type Auth struct {
	chain     []method
	entries   map[string]*entry // by Grant.ID; those that a reload can find again
	proxies   proxies
	open      bool
	anonymous bool
	nonce     bool
	delay     config.FailureDelay

	// wrong are refusals of those who were in before, by digest of what they came with.
	wrong sync.Map

	// Shared with the Auth of earlier and later snapshots.
	throttle *throttle
	slots    *slots
	known    *known
}

// New builds the Auth of a snapshot. Prev is the one it replaces, nil at the start: failures that
// were counted stay counted. An error means that the snapshot asks for something that would let in
// others than it says; such an Auth must not serve.
func New(o *config.Options, prev *Auth) (*Auth, error) {
	if o.Operator != nil || o.Authorization.Callout != nil {
		return nil, errors.New("operator mode and auth callout are not supported")
	}
	if z := &o.Authorization; z.Password != "" && z.User == "" {
		return nil, errors.New("authorization: a password without a user would let everybody in")
	}
	var before map[string]*entry
	if prev != nil {
		before = prev.entries
	}
	dir, err := newDirectory(o, before)
	if err != nil {
		return nil, err
	}
	a := &Auth{
		entries: make(map[string]*entry, len(dir.users)+len(dir.nkeys)),
		proxies: o.TrustedProxies,
		nonce:   len(dir.nkeys) > 0 || len(o.TrustedProxies) > 0,
		delay:   o.Authorization.FailureDelay,
	}
	if prev != nil {
		a.throttle, a.slots, a.known = prev.throttle, prev.slots, prev.known
	} else {
		a.throttle, a.slots, a.known = newThrottle(), newSlots(max(1, runtime.GOMAXPROCS(0)/2)), newKnown()
	}
	if err := a.build(o, dir); err != nil {
		return nil, err
	}
	return a, nil
}

// build puts the chain together in the order that decides which method a request meets first.
func (a *Auth) build(o *config.Options, dir *directory) error {
	lone := loneEntries(&o.Authorization)
	a.register(dir, lone)
	v := a.newVerifier()
	mapped := o.TLS != nil && o.TLS.VerifyAndMap

	guest := dir.find(o.NoAuthUser)
	if o.NoAuthUser != "" && guest == nil {
		return fmt.Errorf("no_auth_user: %q not present as user or nkey in authorization block or account configuration", o.NoAuthUser)
	}
	a.anonymous = guest != nil
	if len(dir.nkeys) > 0 {
		a.chain = append(a.chain, signed{dir.nkeys})
	}
	if guest != nil && (!mapped || guest == dir.nkeys[o.NoAuthUser]) {
		a.chain = append(a.chain, newAnonymous(guest)) // a user is for the certificate to name
	}
	switch {
	case len(dir.users) > 0 && mapped:
		a.chain = append(a.chain, newCertificate(dir.listed, v))
	case len(dir.users) > 0:
		a.chain = append(a.chain, users{dir.users, v, someoneMaps(o)})
	}
	switch {
	case lone.token != nil:
		a.chain = append(a.chain, token{lone.token, v})
	case lone.single != nil:
		a.chain = append(a.chain, single{lone.single, v})
	}
	if len(a.chain) == 0 {
		a.open = !o.Authorization.ProxyRequired
		a.chain = append(a.chain, newOpen(o.Authorization.ProxyRequired))
	}
	return nil
}

// someoneMaps tells whether any listener maps certificates to users.
func someoneMaps(o *config.Options) bool {
	blocks := []*config.TLS{o.TLS}
	if o.Websocket != nil {
		blocks = append(blocks, o.Websocket.TLS)
	}
	if o.Leafnodes != nil {
		blocks = append(blocks, o.Leafnodes.TLS)
	}
	if o.MQTT != nil {
		blocks = append(blocks, o.MQTT.TLS)
	}
	return slices.ContainsFunc(blocks, func(t *config.TLS) bool { return t != nil && t.VerifyAndMap })
}

// lone are the identities that stand in the authorization block itself.
type lone struct{ single, token *entry }

func loneEntries(z *config.Authorization) (l lone) {
	if z.Token != "" {
		l.token = newToken(z)
	}
	if z.User != "" {
		l.single = newSingle(z)
	}
	return l
}

// register makes the entries known by their id.
func (a *Auth) register(dir *directory, l lone) {
	for _, index := range []map[string]*entry{dir.users, dir.nkeys} {
		for _, e := range index {
			a.entries[e.grant.ID] = e
		}
	}
	for _, e := range []*entry{l.single, l.token} {
		if e != nil {
			a.entries[e.grant.ID] = e
		}
	}
}

func (a *Auth) newVerifier() *verifier {
	secrets := make([]*secret, 0, len(a.entries))
	for _, e := range a.entries {
		secrets = append(secrets, &e.secret)
	}
	return newVerifier(a.slots, a.known, secrets...)
}

// Required tells whether clients have to prove who they are; auth_required of INFO, which is left
// out of the first INFO while [Auth.NoAuthUser] takes those who do not.
func (a *Auth) Required() bool { return !a.open }

// NeedsNonce tells whether INFO has to carry a nonce.
func (a *Auth) NeedsNonce() bool { return a.nonce }

// NoAuthUser tells whether clients without credentials, or without any CONNECT, are let in as a
// configured user.
func (a *Auth) NoAuthUser() bool { return a.anonymous }

// Authenticate decides on a connection. The error is a *[Refusal], or that of ctx, which should
// carry the time limit for authentication: comparing bcrypt hashes waits for a free slot, and names
// that failed too often from the same address wait before they are looked at. R is not kept.
func (a *Auth) Authenticate(ctx context.Context, r *Request) (*Grant, error) {
	key, kind := a.attempt(r)
	if kind == named {
		if err := wait(ctx, a.throttle.delay(key, a.delay)); err != nil {
			return nil, err
		}
	}
	g, err := a.decide(ctx, r)
	var refusal *Refusal
	if kind == unclaimed || !errors.As(err, &refusal) {
		return g, err
	}
	a.throttle.failed(key, a.delay)
	if kind == nameless {
		// A token has no name, so the address alone must not hold up those who know it: only the
		// bad news waits.
		if err := wait(ctx, a.throttle.delay(key, a.delay)); err != nil {
			return nil, err
		}
	}
	return nil, refusal
}

// attemptKind says how a request counts for the delay of failures.
type attemptKind uint8

const (
	unclaimed attemptKind = iota // no credentials: nothing is being guessed
	nameless                     // a token or password without a name
	named
)

func (a *Auth) attempt(r *Request) (throttleKey, attemptKind) {
	who := r.User
	if r.NKey != "" {
		who = r.NKey
	}
	key := a.throttle.key(r.Remote.Addr(), who)
	switch {
	case who != "":
		return key, named
	case r.anonymous():
		return key, unclaimed
	default:
		return key, nameless
	}
}

// decide asks the chain, then what holds whatever the method.
func (a *Auth) decide(ctx context.Context, r *Request) (*Grant, error) {
	if !r.Connected && a.Required() && !a.anonymous {
		return nil, refuse("CONNECT is missing")
	}
	proxyKey, err := a.proxies.verify(r)
	if err != nil {
		return nil, err
	}
	for _, m := range a.chain {
		e, err := m.try(ctx, r)
		if err != nil {
			return nil, err
		}
		if e != nil {
			return a.admit(e, r, proxyKey)
		}
	}
	return nil, refuse("credentials are missing")
}

// admit makes the checks that come after the credentials were found right. They come last so that
// a refusal tells nothing about a user to those who do not know the password.
func (a *Auth) admit(e *entry, r *Request, proxyKey string) (*Grant, error) {
	if !e.allows(r.Type) {
		return nil, refuse("%s may not use connections of type %s", e.grant.ID, r.Type)
	}
	if e.proxied && proxyKey == "" {
		return nil, &Refusal{ProxyRequired, e.grant.ID + " has to come through a trusted proxy"}
	}
	return e.grant.through(proxyKey), nil
}
