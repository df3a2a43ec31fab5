package admin

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"golang.org/x/crypto/bcrypt"

	"natsd/internal/admin/api"
	"natsd/internal/config"
)

// gate finds out who makes a request. What counts, in this order: a bearer token; the client's
// certificate, verified and named like a token of the configuration; the process at the other end of the
// unix socket.
type gate struct {
	hashing turns // for bcrypt, which never takes more than one core
	known   *knownTokens
}

func newGate() *gate { return &gate{known: newKnownTokens()} }

// token is one token of the configuration.
type token struct {
	who  identity
	hash []byte // bcrypt; nil for those that the API made
}

func tokensOf(o *config.Admin) []token {
	out := make([]token, 0, len(o.Tokens))
	for i := range o.Tokens {
		t := &o.Tokens[i]
		one := token{hash: []byte(t.Hash.Reveal()), who: identity{
			method: api.MethodToken, subject: t.ID, role: roleOf(t.Role), scopes: t.Scopes, accounts: t.Accounts, expires: t.Expires,
		}}
		for _, cidr := range t.CIDR {
			if p, err := netip.ParsePrefix(cidr); err == nil { // checked at load
				one.who.from = append(one.who.from, p)
			}
		}
		out = append(out, one)
	}
	return out
}

// errCredential is the answer to a wrong credential. It does not say what is wrong with it.
func errCredential(c *call) error {
	c.w.Header().Set("WWW-Authenticate", `Bearer realm="natsd", error="invalid_token"`)
	return api.Problemf(api.Unauthenticated, "the token is not valid, has expired, or may not be used from here")
}

// identify tells who makes a request. The error is a refusal of what was shown; who shows nothing is
// nobody.
func (g *gate) identify(c *call) (*identity, error) {
	if header := c.r.Header.Get("Authorization"); header != "" {
		secret, ok := bearer(header)
		if !ok {
			return nil, errCredential(c)
		}
		return g.byToken(c, secret)
	}
	if who := byCertificate(c); who != nil {
		return who, nil
	}
	if p := peerOf(c.r.Context()); p != nil {
		return p.identity(c.settings.options), nil
	}
	return nobody, nil
}

// bearer takes the token from an Authorization header. The scheme has no case.
func bearer(header string) (string, bool) {
	scheme, secret, ok := strings.Cut(header, " ")
	secret = strings.TrimSpace(secret)
	return secret, ok && strings.EqualFold(scheme, "Bearer") && secret != ""
}

// byToken finds the token with that secret. One that is known costs nothing, and its owner is let in whatever
// others do.
func (g *gate) byToken(c *call, secret string) (*identity, error) {
	t := g.remembered(c.settings, secret)
	if t == nil {
		if !c.api.limits.mayTry(c) {
			return nil, api.Problemf(api.RateLimited, "too many wrong tokens from this address")
		}
		var err error
		if t, err = g.find(c.r.Context(), c.settings, secret, address(c.r)); err != nil {
			return nil, err
		}
	}
	if t == nil || !t.usable(c) {
		c.api.limits.failed(c)
		return nil, errCredential(c)
	}
	return &t.who, nil
}

// remembered returns the token with that secret if bcrypt is not needed to find it.
func (g *gate) remembered(s *settings, secret string) *token {
	if t := s.issued.find(secret); t != nil {
		return t
	}
	if i := slices.IndexFunc(s.tokens, func(t token) bool { return g.known.has(t.hash, secret) }); i >= 0 {
		return &s.tokens[i]
	}
	return nil
}

// find compares a secret with all tokens of the configuration, so that neither the answer nor its time tells
// which exist.
func (g *gate) find(ctx context.Context, s *settings, secret, from string) (*token, error) {
	const longest = 72 // what bcrypt looks at
	if len(s.tokens) == 0 || len(secret) > longest {
		return nil, nil
	}
	if err := g.hashing.take(ctx, from); err != nil {
		return nil, err
	}
	defer g.hashing.give()
	if t := g.remembered(s, secret); t != nil { // somebody else has brought it meanwhile
		return t, nil
	}
	var found *token
	for i := range s.tokens {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if bcrypt.CompareHashAndPassword(s.tokens[i].hash, []byte(secret)) == nil && found == nil {
			found = &s.tokens[i]
			g.known.add(found.hash, secret)
		}
	}
	return found, nil
}

// usable tells whether a token may be used now and from where the request comes.
func (t *token) usable(c *call) bool {
	if t.who.expired() {
		return false
	}
	if len(t.who.from) == 0 || peerOf(c.r.Context()) != nil {
		return true
	}
	addr, err := netip.ParseAddr(address(c.r))
	return err == nil && slices.ContainsFunc(t.who.from, func(p netip.Prefix) bool { return p.Contains(addr.Unmap()) })
}

// byCertificate returns the identity of a verified client certificate: that of the token which has one
// of its names as id. Nil when there is none.
func byCertificate(c *call) *identity {
	if c.r.TLS == nil || len(c.r.TLS.VerifiedChains) == 0 {
		return nil
	}
	names := certificateNames(c.r.TLS.VerifiedChains[0][0])
	for i := range c.settings.tokens {
		t := &c.settings.tokens[i]
		if slices.Contains(names, t.who.subject) && t.usable(c) {
			who := t.who
			who.method = api.MethodMTLS
			return &who
		}
	}
	return nil
}

func certificateNames(cert *x509.Certificate) []string {
	names := slices.Concat([]string{cert.Subject.CommonName}, cert.DNSNames, cert.EmailAddresses)
	for _, u := range cert.URIs {
		names = append(names, u.String())
	}
	return names
}

// knownTokens remembers which secrets bcrypt has accepted, as digests under a key that the process makes
// up: a dashboard that asks every second does not pay for bcrypt every second.
type knownTokens struct {
	key [sha256.Size]byte

	mu      sync.RWMutex // a leaf
	digests map[[sha256.Size]byte]struct{}
}

// mostKnownTokens bounds the digests that are remembered; wrong ones never are.
const mostKnownTokens = 1024

func newKnownTokens() *knownTokens {
	k := &knownTokens{digests: map[[sha256.Size]byte]struct{}{}}
	_, _ = rand.Read(k.key[:]) // never fails
	return k
}

func (k *knownTokens) digest(hash []byte, secret string) (d [sha256.Size]byte) {
	h := hmac.New(sha256.New, k.key[:])
	_, _ = h.Write(hash) // never fails
	_, _ = h.Write([]byte(secret))
	h.Sum(d[:0])
	return d
}

func (k *knownTokens) has(hash []byte, secret string) bool {
	d := k.digest(hash, secret)
	k.mu.RLock()
	defer k.mu.RUnlock()
	_, ok := k.digests[d]
	return ok
}

func (k *knownTokens) add(hash []byte, secret string) {
	d := k.digest(hash, secret)
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.digests) >= mostKnownTokens {
		clear(k.digests)
	}
	k.digests[d] = struct{}{}
}
