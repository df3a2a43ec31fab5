package auth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net/url"
	"strings"
	"testing"

	"natsd/internal/config"
)

func TestCertificate(t *testing.T) {
	t.Parallel()
	bob := []string{"DC=com", "DC=example", "OU=eng", "O=Ex", "CN=bob"} // as in the certificate
	spiffe := &url.URL{Scheme: "spiffe", Host: "ex", Path: "/app"}
	k := newKey(t)
	o := authorization(
		config.User{Name: "derek@nats.io"},
		config.User{Name: "ws@nats.io", ConnectionTypes: []string{"WEBSOCKET"}},
		config.User{Name: "app.nats.dev"},
		config.User{Name: "spiffe://ex/app"},
		config.User{Name: "CN=bob,O=Ex,OU=eng,DC=example,DC=com"},
		config.User{Name: "OU=eng,O=Ex,CN=carol"},
		config.User{Name: "CN=dave,DC=com,DC=example"}, // as pkix prints it
		config.User{Name: "CN=erin+OU=a,O=Ex"},
		config.User{Name: "CN=twin,CN=twin,O=Ex"},
		config.User{Name: "locked@nats.io", Password: "p"},
		config.User{Name: "hashed@nats.io", Password: bcrypted(t, "p", 4)},
		config.User{NKey: k.public},
	)
	o.TLS = &config.TLS{VerifyAndMap: true}
	o.NoAuthUser = "app.nats.dev"
	attempts(t, o, []attemptCase{
		{name: "email", req: with(t, cert{emails: []string{"derek@nats.io"}}), user: "derek@nats.io"},
		{name: "second email", req: with(t, cert{emails: []string{"x@y", "derek@nats.io"}}), user: "derek@nats.io"},
		{name: "email before DNS name", req: with(t, cert{emails: []string{"derek@nats.io"}, dns: []string{"app.nats.dev"}}), user: "derek@nats.io"},
		{name: "unknown email, DNS name", req: with(t, cert{emails: []string{"x@y"}, dns: []string{"app.nats.dev"}}), user: "app.nats.dev"},
		{name: "only a DNS name", req: with(t, cert{dns: []string{"app.nats.dev"}}), user: "app.nats.dev"},
		{name: "DNS names are not compared without case", req: with(t, cert{dns: []string{"APP.nats.dev"}}), refused: "no user"},
		{name: "URI", req: with(t, cert{uris: []*url.URL{spiffe}}), user: "spiffe://ex/app"},
		{name: "unknown names, subject", req: with(t, cert{emails: []string{"x@y"}, dns: []string{"z"}, subject: bob}), user: "CN=bob,O=Ex,OU=eng,DC=example,DC=com"},
		{name: "subject", req: with(t, cert{subject: bob}), user: "CN=bob,O=Ex,OU=eng,DC=example,DC=com"},
		{name: "subject in another order", req: with(t, cert{subject: []string{"CN=bob", "O=Ex", "DC=example", "DC=com", "OU=eng"}}), user: "CN=bob,O=Ex,OU=eng,DC=example,DC=com"},
		{name: "subject in the reverse order", req: with(t, cert{subject: []string{"OU=eng", "O=Ex", "CN=carol"}}), user: "OU=eng,O=Ex,CN=carol"},
		{name: "one RDN more", req: with(t, cert{subject: append([]string{"OU=eng"}, bob...)}), refused: "no user"},
		{name: "one RDN less", req: with(t, cert{subject: bob[1:]}), refused: "no user"},
		{name: "an RDN twice is not two", req: with(t, cert{subject: []string{"O=Ex", "O=Ex", "CN=twin"}}), refused: "no user"},
		{name: "an RDN twice", req: with(t, cert{subject: []string{"CN=twin", "O=Ex", "CN=twin"}}), user: "CN=twin,CN=twin,O=Ex"},
		{name: "multi-valued RDN", req: with(t, cert{subject: []string{"O=Ex", "OU=a+CN=erin"}}), user: "CN=erin+OU=a,O=Ex"},
		{name: "its parts as RDNs", req: with(t, cert{subject: []string{"O=Ex", "OU=a", "CN=erin"}}), refused: "no user"},
		{name: "separators inside a value", req: with(t, cert{subject: []string{"CN=bob,O=Ex,OU=eng,DC=example,DC=com"}}), refused: "no user"},
		{name: "as pkix prints it", req: with(t, cert{subject: []string{"DC=com", "DC=example", "CN=dave"}}), user: "CN=dave,DC=com,DC=example"},
		{name: "user for another connection type", req: with(t, cert{emails: []string{"ws@nats.io"}}), refused: "no user"},
		{name: "user for another connection type is skipped", req: with(t, cert{emails: []string{"ws@nats.io", "derek@nats.io"}}), user: "derek@nats.io"},
		{name: "a user in CONNECT is ignored", req: giving(with(t, cert{emails: []string{"derek@nats.io"}}), "app.nats.dev", ""), user: "derek@nats.io"},
		{name: "a password where none is set is ignored", req: giving(with(t, cert{emails: []string{"derek@nats.io"}}), "", "x"), user: "derek@nats.io"},
		{name: "a password that is set counts", req: with(t, cert{emails: []string{"locked@nats.io"}}), refused: "does not match"},
		{name: "the right password", req: giving(with(t, cert{emails: []string{"locked@nats.io"}}), "", "p"), user: "locked@nats.io"},
		{name: "the right hashed password", req: giving(with(t, cert{emails: []string{"hashed@nats.io"}}), "", "p"), user: "hashed@nats.io"},
		{name: "unknown certificate with credentials", req: giving(with(t, cert{dns: []string{"z"}}), "locked@nats.io", "p"), refused: "no user"},
		{name: "no TLS", req: Request{User: "locked@nats.io", Pass: "p"}, refused: "client certificate is required"},
		{name: "no TLS, nothing given: no_auth_user is for the certificate to name", refused: "client certificate is required"},
		{name: "no certificate", req: Request{TLS: &tls.ConnectionState{}}, refused: "client certificate is required"},
		{name: "an nkey goes its own way", req: Request{NKey: k.public, Sig: encode(k.sign(nonce))}, user: k.public},
	})
}

// TestCertificateOrder: of users that fit equally well the first in the configuration is taken.
func TestCertificateOrder(t *testing.T) {
	t.Parallel()
	o := authorization(config.User{Name: "O=Ex,CN=a"}, config.User{Name: "cn=a , o=Ex"}, config.User{Name: "CN=a,O=Ex"})
	o.TLS = &config.TLS{VerifyAndMap: true}
	attempts(t, o, []attemptCase{
		{name: "same order before any order", req: with(t, cert{subject: []string{"O=Ex", "CN=a"}}), user: "cn=a , o=Ex"},
	})
}

// cert is the part of a client certificate that can name a user. RDNs stand as in the certificate.
type cert struct {
	emails, dns []string
	uris        []*url.URL
	subject     []string
}

// with is a request over TLS with such a certificate.
func with(t *testing.T, c cert) Request {
	t.Helper()
	oids := map[string]asn1.ObjectIdentifier{
		"CN": {2, 5, 4, 3}, "O": {2, 5, 4, 10}, "OU": {2, 5, 4, 11}, "DC": {0, 9, 2342, 19200300, 100, 1, 25},
	}
	var seq pkix.RDNSequence
	for _, rdn := range c.subject {
		var set pkix.RelativeDistinguishedNameSET
		for _, part := range splitRDN(rdn) {
			set = append(set, pkix.AttributeTypeAndValue{Type: oids[part[0]], Value: part[1]})
		}
		seq = append(seq, set)
	}
	subject, err := asn1.Marshal(seq)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), RawSubject: subject, EmailAddresses: c.emails, DNSNames: c.dns, URIs: c.uris}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return Request{TLS: &tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf}}}
}

// splitRDN reads "A=x+B=y".
func splitRDN(s string) (parts [][2]string) {
	for part := range strings.SplitSeq(s, "+") {
		k, v, _ := strings.Cut(part, "=")
		parts = append(parts, [2]string{k, v})
	}
	return parts
}

func giving(r Request, user, pass string) Request {
	r.User, r.Pass = user, pass
	return r
}
