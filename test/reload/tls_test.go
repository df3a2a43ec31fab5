package reload

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"natsd/test/harness"
)

// authority signs certificates that a test replaces.
type authority struct {
	t    *testing.T
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{t: t, key: newKey(t)}
	ca := template(name)
	ca.IsCA, ca.BasicConstraintsValid, ca.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func template(name string) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		panic(err)
	}
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
}

// pem returns the certificate of the authority itself.
func (a *authority) pem() string { return block("CERTIFICATE", a.cert.Raw) }

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// issue returns a certificate and its key.
func (a *authority) issue(name string) (cert, key string) {
	a.t.Helper()
	k := newKey(a.t)
	der, err := x509.CreateCertificate(rand.Reader, template(name), a.cert, k.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		a.t.Fatal(err)
	}
	return block("CERTIFICATE", der), block("PRIVATE KEY", secret)
}

// install writes a new certificate of that name over the files of the server.
func (a *authority) install(dir, name string) {
	a.t.Helper()
	cert, key := a.issue(name)
	put(a.t, filepath.Join(dir, "cert.pem"), cert)
	put(a.t, filepath.Join(dir, "key.pem"), key)
}

func (a *authority) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

// client trusts the authority and shows a certificate of by, if that is not nil.
func (a *authority) client(by *authority) *tls.Config {
	cfg := &tls.Config{RootCAs: a.pool(), ServerName: "localhost", MinVersion: tls.VersionTLS12}
	if by != nil {
		pair, err := tls.X509KeyPair(both(by.issue("client")))
		if err != nil {
			a.t.Fatal(err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg
}

func both(a, b string) (x, y []byte) { return []byte(a), []byte(b) }

// handshake connects and returns the state of the connection, which it closes. The error is also that
// of a server which refuses the client's certificate after its own side of the handshake.
func (s *server) handshake(cfg *tls.Config) (state tls.ConnectionState, err error) {
	s.t.Helper()
	c := harness.Dial(s.t, s.Addr)
	defer func() { _ = c.Close() }()
	c.ExpectInfo(s.t)
	if err := c.StartTLS(cfg, patience); err != nil {
		return state, err
	}
	if err := c.Send("CONNECT {\"verbose\":false}\r\nPING\r\n"); err != nil {
		return state, err
	}
	f, err := c.Next(patience)
	if err == nil && f.Verb != "PONG" {
		err = errors.New(f.Line)
	}
	t, _ := c.Conn.(*tls.Conn) //nolint:errcheck // StartTLS has made it
	return t.ConnectionState(), err
}

const ownCert = "cert_file: '<dir>/cert.pem', key_file: '<dir>/key.pem'"

// prepared returns a scope whose directory holds a certificate of a, and the authority as ca.pem.
func prepared(t *testing.T, a *authority) string {
	t.Helper()
	dir := t.TempDir()
	a.install(dir, "first")
	put(t, filepath.Join(dir, "ca.pem"), a.pem())
	return dir
}

func in(dir, text string) string { return strings.ReplaceAll(text, "<dir>", dir) }

// TestCertificateRotates: same files, other content. New handshakes show it, connections stay, and a
// pair that does not fit together is refused while the old one goes on.
func TestCertificateRotates(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "ca")
	dir := prepared(t, ca)
	conf := in(dir, "tls { "+ownCert+" }\nhttps: '127.0.0.1:<web_port>'\n")
	const client = "listen: '127.0.0.1:<port>'\n"
	s := startBare(t, client+conf)
	nc := s.dial(nats.Secure(ca.client(nil)))
	shown := func(want string) {
		t.Helper()
		state, err := s.handshake(ca.client(nil))
		if err != nil || state.PeerCertificates[0].Subject.CommonName != want {
			t.Errorf("got %v (%v), want %s", state.PeerCertificates, err, want)
		}
		c, err := tls.Dial("tcp", s.scope.Addr("web_port"), ca.client(nil))
		if err != nil {
			t.Fatal(err)
		}
		if got := c.ConnectionState().PeerCertificates[0].Subject.CommonName; got != want {
			t.Errorf("https shows %s, want %s", got, want)
		}
		_ = c.Close()
	}
	shown("first")
	for _, name := range []string{"second", "third"} {
		ca.install(dir, name)
		if err := s.hangup(); err != nil {
			t.Fatal(err)
		}
		shown(name)
		if want := "Reloaded: tls.cert_file (content)"; !strings.Contains(s.log(), want) {
			t.Errorf("the log does not say %q", want)
		}
	}
	other, _ := ca.issue("fourth")
	good, err := os.ReadFile(filepath.Join(dir, "cert.pem"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"another key": other, "half": string(good[:len(good)/2]), "nothing": ""} {
		put(t, filepath.Join(dir, "cert.pem"), text)
		if err := s.hangup(); err == nil || !strings.Contains(err.Error(), "certificate/key pair") {
			t.Errorf("%s: %v", name, err)
		}
		shown("third")
	}
	put(t, filepath.Join(dir, "cert.pem"), string(good))
	flows(t, nc, nc)
	if err := s.hangup(); err != nil {
		t.Error(err)
	}
	shown("third")
}

// TestRotationUnderFire: certificates are replaced again and again while clients connect; no handshake
// fails.
func TestRotationUnderFire(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "ca")
	dir := prepared(t, ca)
	conf := in(dir, "tls { "+ownCert+" }\n")
	s := start(t, conf)
	done := make(chan struct{})
	failed := make(chan error, 1)
	count := 0
	go func() {
		defer close(failed)
		for {
			select {
			case <-done:
				return
			default:
			}
			nc, err := nats.Connect("nats://"+s.Addr, nats.Secure(ca.client(nil)), nats.Timeout(patience))
			if err != nil {
				failed <- err
				return
			}
			count++
			nc.Close()
		}
	}()
	for i := range soak(20, 1000) {
		ca.install(dir, "again")
		s.reload(conf + fmt.Sprintf("server_tags: t%d", i)) // another digest, or the log tells it ten times only
	}
	close(done)
	if err := <-failed; err != nil {
		t.Error(err)
	}
	t.Logf("%d handshakes", count)
}

// TestRemovedAuthority: a client of an authority that is not trusted any more gets in neither by a
// handshake nor by the session of an old one.
func TestRemovedAuthority(t *testing.T) {
	t.Parallel()
	for name, version := range map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ca, one, two := newAuthority(t, "ca"), newAuthority(t, "one"), newAuthority(t, "two")
			dir := prepared(t, ca)
			put(t, filepath.Join(dir, "clients.pem"), one.pem()+two.pem())
			conf := in(dir, "tls { "+ownCert+", ca_file: '<dir>/clients.pem', verify: true }")
			s := start(t, conf)
			cfg := ca.client(one)
			cfg.MaxVersion, cfg.ClientSessionCache = version, tls.NewLRUClientSessionCache(4)
			stays := s.dial(nats.Secure(cfg))
			for i := range 3 {
				state, err := s.handshake(cfg)
				if err != nil {
					t.Fatal(err)
				}
				if i == 2 && !state.DidResume {
					t.Error("sessions are not resumed, so that this test shows nothing")
				}
			}
			put(t, filepath.Join(dir, "clients.pem"), two.pem())
			if err := s.hangup(); err != nil {
				t.Fatal(err)
			}
			if state, err := s.handshake(cfg); err == nil {
				t.Errorf("a client of the removed authority is in (resumed: %v)", state.DidResume)
			}
			if _, err := s.handshake(ca.client(two)); err != nil {
				t.Errorf("a client of the other authority is not: %v", err)
			}
			flows(t, stays, stays)
		})
	}
}

// TestTLSOnAndOff: clients that are there stay as they are; taking TLS away has to be allowed.
func TestTLSOnAndOff(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "ca")
	dir := prepared(t, ca)
	secure := in(dir, "tls { "+ownCert+" }\n")
	s := start(t, "")
	plain := s.dial()
	witness, _ := s.enter("")
	s.reload(secure)
	if info := infoOf(t, witness.Expect(t, "INFO")); info["tls_required"] != true {
		t.Errorf("clients are told %v", info)
	}
	if info := s.info(); info["tls_required"] != true {
		t.Errorf("new clients are told %v", info)
	}
	encrypted := s.dial(nats.Secure(ca.client(nil)))
	flows(t, plain, encrypted)
	s.reload(secure + "allow_non_tls: true")
	if info := s.info(); info["tls_required"] != nil || info["tls_available"] != true {
		t.Errorf("with allow_non_tls new clients are told %v", info)
	}
	flows(t, s.dial(), encrypted)
	flows(t, s.dial(nats.Secure(ca.client(nil))), plain)
	s.refuses("", "this would take TLS away")
	s.reload(secure + "allow_auth_removal: true")
	s.reload("")
	if info := s.info(); info["tls_required"] != nil || info["tls_available"] != nil {
		t.Errorf("without TLS new clients are told %v", info)
	}
	flows(t, s.dial(), encrypted)
	flows(t, encrypted, plain)
}

// TestHandshakeFirstFollows: new clients have to begin with TLS, or not any more.
func TestHandshakeFirstFollows(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "ca")
	dir := prepared(t, ca)
	s := start(t, in(dir, "tls { "+ownCert+" }"))
	after := s.dial(nats.Secure(ca.client(nil)))
	s.reload(in(dir, "tls { "+ownCert+", handshake_first: true }"))
	first := s.dial(nats.Secure(ca.client(nil)), nats.TLSHandshakeFirst())
	flows(t, after, first)
	s.reload(in(dir, "tls { "+ownCert+", min_version: '1.3' }"))
	old := ca.client(nil)
	old.MaxVersion = tls.VersionTLS12
	if _, err := s.handshake(old); err == nil {
		t.Error("TLS 1.2 with min_version 1.3")
	}
	flows(t, s.dial(nats.Secure(ca.client(nil))), first)
}

// TestPinsFollow: who shows another certificate is cut, also if it is just coming.
func TestPinsFollow(t *testing.T) {
	t.Parallel()
	certs := harness.Certs(t)
	pins := map[string]string{}
	for _, name := range []string{"dns", "uri"} {
		pin, err := certs.KeyHash(name)
		if err != nil {
			t.Fatal(err)
		}
		pins[name] = pin
	}
	conf := func(names ...string) string {
		var list []string
		for _, n := range names {
			list = append(list, `"`+pins[n]+`"`)
		}
		return `tls { ` + serverCert + `, ca_file: "<certs>/ca.pem", verify: true, pinned_certs: [` + strings.Join(list, ", ") + `] }`
	}
	s := start(t, conf("dns", "uri"))
	open := func(name string) (*harness.Conn, uint64) {
		t.Helper()
		c := harness.Dial(t, s.Addr)
		id := c.ExpectInfo(t).ID
		if err := c.StartTLS(certs.Client(t, name), patience); err != nil {
			t.Fatal(err)
		}
		return c, id
	}
	stays, _ := open("dns")
	goes, id := open("uri")
	hello(t, stays, "")
	hello(t, goes, "")
	coming, late := open("uri")
	welcome, _ := open("dns")
	s.reload(conf("dns"))
	served(t, stays)
	hello(t, welcome, "")
	goes.ExpectEOF(t, patience)
	if err := coming.Send("CONNECT {\"verbose\":false}\r\nPING\r\n"); err == nil {
		if f, err := coming.Next(patience); !errors.Is(err, io.EOF) {
			t.Errorf("a client whose pin went before its CONNECT gets %v, %v", f, err)
		}
	}
	for _, cid := range []uint64{id, late} {
		if reason, err := s.Reason(cid, patience); err != nil || reason != "TLS Handshake Failure" {
			t.Errorf("the reason is %q, %v", reason, err)
		}
	}
}

// TestMapFollows: connections are decided on by the certificate that they have shown.
func TestMapFollows(t *testing.T) {
	t.Parallel()
	certs := harness.Certs(t)
	conf := func(how, users string) string {
		return `tls { ` + serverCert + `, ca_file: "<certs>/ca.pem", ` + how + `: true }
authorization { users: [ ` + users + ` ] }`
	}
	const dns, bob = `{user: "app.nats.dev"}`, `{user: "CN=bob,O=Ex,OU=eng,DC=example,DC=com"}`
	s := start(t, conf("verify_and_map", dns+", "+bob))
	a, b := s.dial(nats.Secure(certs.Client(t, "dns"))), s.dial(nats.Secure(certs.Client(t, "dn")))
	flows(t, a, b)
	s.reload(conf("verify_and_map", dns+", {user: x, password: y}"))
	if !harness.Eventually(patience, func() bool { return !b.IsConnected() }) {
		t.Error("a certificate without a user is still connected")
	}
	flows(t, a, a)
	s.reload(conf("verify", `{user: "app.nats.dev", password: p}`)) // a password is asked for now
	if !harness.Eventually(patience, func() bool { return !a.IsConnected() }) {
		t.Error("a client without the password is still connected")
	}
	c := s.dial(nats.Secure(certs.Client(t, "dn")), nats.UserInfo("app.nats.dev", "p"))
	s.reload(conf("verify_and_map", bob))
	if !harness.Eventually(patience, func() bool { return !c.IsConnected() }) {
		t.Error("a client is still what its password made it, now that certificates decide")
	}
	flows(t, s.dial(nats.Secure(certs.Client(t, "dn"))), s.dial(nats.Secure(certs.Client(t, "dn"))))
}

// TestRateLimitFollows: the limit of handshakes is that of the configuration in force.
func TestRateLimitFollows(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "ca")
	dir := prepared(t, ca)
	s := start(t, in(dir, "tls { "+ownCert+" }"))
	throttled := func() (n int) {
		t.Helper()
		for range 6 {
			if _, err := s.handshake(ca.client(nil)); err != nil {
				n++
			}
		}
		return n
	}
	if n := throttled(); n > 0 {
		t.Errorf("%d handshakes failed without a limit", n)
	}
	s.reload(in(dir, "tls { "+ownCert+", connection_rate_limit: 1 }"))
	if n := throttled(); n < 3 {
		t.Errorf("%d handshakes of 6 failed with a limit of 1", n)
	}
	s.reload(in(dir, "tls { "+ownCert+" }"))
	if n := throttled(); n > 0 {
		t.Errorf("%d handshakes failed after the limit", n)
	}
}

// TestSilentClientDelaysNobody: whoever opens a connection to a TLS port and says nothing holds up
// neither a reload nor others.
func TestSilentClientDelaysNobody(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "ca")
	dir := prepared(t, ca)
	conf := in(dir, "tls { "+ownCert+", timeout: 60 }\n")
	s := start(t, conf)
	var silent []*harness.Conn
	for range 10 {
		c := harness.Dial(t, s.Addr)
		c.ExpectInfo(t)
		silent = append(silent, c)
	}
	half := harness.Dial(t, s.Addr)
	half.ExpectInfo(t)
	half.MustSend(t, "\x16\x03\x01\x02\x00\x01")
	began := time.Now()
	for _, text := range []string{"server_name: a", "server_name: b\nmax_payload: 100KB"} {
		s.reload(conf + text)
		s.dial(nats.Secure(ca.client(nil)))
	}
	ca.install(dir, "rotated")
	if err := s.hangup(); err != nil {
		t.Fatal(err)
	}
	s.dial(nats.Secure(ca.client(nil)))
	if took := time.Since(began); took > 3*time.Second && !harness.Race {
		t.Errorf("three reloads beside silent clients took %v", took)
	}
	if err := silent[0].StartTLS(ca.client(nil), patience); err != nil { // it is there still, and may go on
		t.Errorf("a client that was slow: %v", err)
	}
}
