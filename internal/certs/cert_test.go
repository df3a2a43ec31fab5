package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestNames(t *testing.T) {
	t.Parallel()
	const cn, org, dc = "2.5.4.3", "2.5.4.10", oidDomainComponent
	uri := &url.URL{Scheme: "spiffe", Host: "ex", Path: "/app"}
	for _, c := range []struct {
		name string
		tmpl x509.Certificate
		want []Name
	}{
		{"nothing", x509.Certificate{}, nil},
		{"only a DNS name", x509.Certificate{DNSNames: []string{"app.nats.dev"}}, []Name{{Exact, "DNS name", "app.nats.dev"}}},
		{
			"all alternative names, then the subject",
			x509.Certificate{
				Subject:        pkix.Name{CommonName: "bob", Organization: []string{"Ex"}},
				EmailAddresses: []string{"a@b", "c@d"}, DNSNames: []string{"x"}, URIs: []*url.URL{uri},
			},
			[]Name{
				{Exact, "email", "a@b"},
				{Exact, "email", "c@d"},
				{Exact, "DNS name", "x"},
				{Exact, "URI", "spiffe://ex/app"},
				{SameDN, "subject", cn + "=bob," + org + "=Ex"},
				{AnyRDN, "subject", org + "=Ex," + cn + "=bob"},
				{Exact, "subject", "CN=bob,O=Ex"},
			},
		},
		{
			"domain components",
			x509.Certificate{RawSubject: marshal(t, pkix.RDNSequence{rdn(dc, "com"), rdn(dc, "ex"), rdn(cn, "bob")})},
			[]Name{
				{SameDN, "subject", cn + "=bob," + dc + "=ex," + dc + "=com"},
				{AnyRDN, "subject", dc + "=com," + dc + "=ex," + cn + "=bob"},
				{Exact, "subject", "CN=bob,DC=com,DC=ex"},
				{Exact, "subject", "CN=bob"},
			},
		},
		{
			"an attribute that pkix does not know counts in the name",
			x509.Certificate{RawSubject: marshal(t, pkix.RDNSequence{rdn(cn, "bob"), rdn("1.2.3", "x")})},
			[]Name{{SameDN, "subject", "1.2.3=x," + cn + "=bob"}, {AnyRDN, "subject", "1.2.3=x," + cn + "=bob"}, {Exact, "subject", "CN=bob"}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(c.want, Names(issue(t, &c.tmpl).Leaf)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestPinned(t *testing.T) {
	t.Parallel()
	a, b := issue(t, &x509.Certificate{}).Leaf, issue(t, &x509.Certificate{}).Leaf
	pins := map[string]bool{Pin(a): true}
	chain := func(c ...*x509.Certificate) *tls.ConnectionState { return &tls.ConnectionState{PeerCertificates: c} }
	for _, c := range []struct {
		name  string
		state *tls.ConnectionState
		pins  map[string]bool
		want  bool
	}{
		{"off", nil, nil, true},
		{"listed", chain(a), pins, true},
		{"listed, with an issuer", chain(a, b), pins, true},
		{"only the issuer listed", chain(b, a), pins, false},
		{"not listed", chain(b), pins, false},
		{"no certificate", chain(), pins, false},
		{"no TLS", nil, pins, false},
		{"empty list", chain(a), map[string]bool{}, false},
	} {
		if got := Pinned(c.state, c.pins); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestNotAfter(t *testing.T) {
	t.Parallel()
	end := time.Date(2040, 1, 2, 3, 4, 5, 0, time.UTC)
	pair := issue(t, &x509.Certificate{NotAfter: end})
	bare := tls.Certificate{Certificate: pair.Certificate}
	other := issue(t, &x509.Certificate{NotAfter: end.Add(time.Hour)})
	for _, c := range []struct {
		name string
		cfg  *tls.Config
		want time.Time
	}{
		{"no TLS", nil, time.Time{}},
		{"no certificate", &tls.Config{}, time.Time{}},
		{"empty pair", &tls.Config{Certificates: []tls.Certificate{{}}}, time.Time{}},
		{"garbage", &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{{1}}}}}, time.Time{}},
		{"first of two", &tls.Config{Certificates: []tls.Certificate{pair, other}}, end},
		{"not parsed yet", &tls.Config{Certificates: []tls.Certificate{bare}}, end},
	} {
		if got := NotAfter(c.cfg); !got.Equal(c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// issue signs a certificate by its own key.
func issue(t *testing.T, tmpl *x509.Certificate) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl.SerialNumber = big.NewInt(1)
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func rdn(oidText, value string) pkix.RelativeDistinguishedNameSET {
	id, _ := oid(oidText)
	return pkix.RelativeDistinguishedNameSET{{Type: id, Value: value}}
}
