package harness

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Authority is a certificate authority with the certificates of the transcripts, as files
// Dir/NAME.pem and Dir/NAME.key. Nothing of it changes after it was made.
type Authority struct {
	Dir  string
	Pool *x509.CertPool
}

// Certs returns the authority that all tests of this process share.
func Certs(tb testing.TB) *Authority {
	tb.Helper()
	a, err := authority()
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

// Pair loads the certificate of that name with its key.
func (a *Authority) Pair(tb testing.TB, name string) tls.Certificate {
	tb.Helper()
	c, err := tls.LoadX509KeyPair(a.file(name, ".pem"), a.file(name, ".key"))
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// Client returns the TLS settings of a client that trusts the authority and shows the certificate
// of that name, or none if name is empty.
func (a *Authority) Client(tb testing.TB, name string) *tls.Config {
	tb.Helper()
	cfg := &tls.Config{RootCAs: a.Pool, ServerName: "localhost", MinVersion: tls.VersionTLS12}
	if name != "" {
		cfg.Certificates = []tls.Certificate{a.Pair(tb, name)}
	}
	return cfg
}

// KeyHash returns the lower-case hex SHA-256 of the public key info of a certificate, the form of
// pinned_certs.
func (a *Authority) KeyHash(name string) (string, error) {
	text, err := os.ReadFile(a.file(name, ".pem"))
	if err != nil {
		return "", err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return "", fmt.Errorf("certificate %s: no PEM block", name)
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	return hex.EncodeToString(sum[:]), nil
}

func (a *Authority) file(name, ext string) string { return filepath.Join(a.Dir, name+ext) }

// subject is one certificate to make. The names are in encoding order, which the library's own
// type would rearrange.
type subject struct {
	file  string
	names []attribute
	dns   []string
	ips   []net.IP
	mails []string
	uris  []string
}

type attribute struct{ key, value string }

var subjects = []subject{
	{file: "server", names: []attribute{{"CN", "localhost"}}, dns: []string{"localhost"}, ips: []net.IP{net.IPv4(127, 0, 0, 1)}},
	{file: "email", names: []attribute{{"CN", "www.example.org"}, {"O", "Ex"}}, mails: []string{"derek@nats.io"}, dns: []string{"app.nats.dev"}, uris: []string{"spiffe://ex/app"}},
	{file: "dns", names: []attribute{{"CN", "www.example.org"}}, dns: []string{"app.nats.dev"}},
	{file: "uri", names: []attribute{{"CN", "www.example.org"}}, uris: []string{"spiffe://ex/app"}},
	{file: "dn", names: []attribute{{"DC", "com"}, {"DC", "example"}, {"OU", "eng"}, {"O", "Ex"}, {"CN", "bob"}}},
	{file: "dn2", names: []attribute{{"O", "Ex"}, {"OU", "eng"}, {"CN", "carol"}}},
}

var authority = sync.OnceValues(func() (*Authority, error) {
	dir, err := shared("certs")
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	a := &Authority{Dir: dir, Pool: x509.NewCertPool()}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	ca := template(1)
	ca.Subject = pkix.Name{CommonName: "Test CA"}
	ca.IsCA, ca.BasicConstraintsValid = true, true
	ca.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	if err := a.write("ca", ca, ca, key, key); err != nil {
		return nil, err
	}
	a.Pool.AddCert(ca)
	for i, s := range subjects {
		if err := a.issue(s, int64(i+2), ca, key); err != nil {
			return nil, fmt.Errorf("certificate %s: %w", s.file, err)
		}
	}
	return a, nil
})

func (a *Authority) issue(s subject, serial int64, ca *x509.Certificate, caKey crypto.Signer) error {
	c := template(serial)
	name, err := encode(s.names)
	if err != nil {
		return err
	}
	c.RawSubject = name
	c.DNSNames, c.IPAddresses, c.EmailAddresses = s.dns, s.ips, s.mails
	for _, u := range s.uris {
		parsed, err := url.Parse(u)
		if err != nil {
			return err
		}
		c.URIs = append(c.URIs, parsed)
	}
	c.KeyUsage = x509.KeyUsageDigitalSignature
	c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	return a.write(s.file, c, ca, key, caKey)
}

// write signs c, stores it with its key and leaves the parsed result in c.
func (a *Authority) write(name string, c, parent *x509.Certificate, key, signer crypto.Signer) error {
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), signer)
	if err != nil {
		return err
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return err
	}
	*c = *parsed
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.WriteFile(a.file(name, ".pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		return err
	}
	return os.WriteFile(a.file(name, ".key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600)
}

func template(serial int64) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{SerialNumber: big.NewInt(serial), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour)}
}

var attributeTypes = map[string]asn1.ObjectIdentifier{
	"CN": {2, 5, 4, 3}, "O": {2, 5, 4, 10}, "OU": {2, 5, 4, 11}, "DC": {0, 9, 2342, 19200300, 100, 1, 25},
}

// encode builds the subject one attribute per set, in the order given. Domain components are
// IA5Strings, as RFC 4519 has them.
func encode(names []attribute) ([]byte, error) {
	var seq pkix.RDNSequence
	for _, n := range names {
		var value any = n.value
		if n.key == "DC" {
			value = asn1.RawValue{Tag: asn1.TagIA5String, Bytes: []byte(n.value)}
		}
		seq = append(seq, pkix.RelativeDistinguishedNameSET{{Type: attributeTypes[n.key], Value: value}})
	}
	return asn1.Marshal(seq)
}
