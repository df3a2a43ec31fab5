package auth

import (
	"context"

	"natsd/internal/certs"
)

// certificate lets in the user that the client certificate names (verify_and_map). It always
// decides: no other method is asked after it.
type certificate struct {
	index    [3]map[string][]*entry // by certs.Match, users in the order of the configuration
	verifier *verifier
}

func newCertificate(listed []*entry, v *verifier) certificate {
	m := certificate{verifier: v}
	for i := range m.index {
		m.index[i] = map[string][]*entry{}
	}
	for _, e := range listed {
		user, e := e.grant.User, e.by(byCertificate)
		m.add(certs.Exact, user, e)
		if dn, err := certs.ParseDN(user); err == nil {
			m.add(certs.SameDN, dn.Key(), e)
			m.add(certs.AnyRDN, dn.SetKey(), e)
		}
	}
	return m
}

func (m certificate) add(how certs.Match, text string, e *entry) {
	m.index[how][text] = append(m.index[how][text], e)
}

func (m certificate) try(ctx context.Context, r *Request) (*entry, error) {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return nil, refuse("a client certificate is required")
	}
	e := m.lookup(certs.Names(r.TLS.PeerCertificates[0]), r.Type)
	if e == nil {
		return nil, refuse("no user for the certificate of %s", name(r.TLS.PeerCertificates[0].Subject.String()))
	}
	if !e.secret.set { // the certificate is proof enough
		return e, nil
	}
	ok, err := m.verifier.check(ctx, r.Remote.Addr(), &e.secret, r.Pass)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, refuse("user %s of the certificate: %s", name(e.grant.User), e.secret.mismatch(r.Pass))
	}
	return e, nil
}

// lookup returns the user of the first name that has one for this type of connection.
func (m certificate) lookup(names []certs.Name, t ConnType) *entry {
	for _, n := range names {
		for _, e := range m.index[n.Match][n.Text] {
			if e.allows(t) {
				return e
			}
		}
	}
	return nil
}
