package admin_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"natsd/internal/admin/api"
)

// issue writes a certificate for localhost, signed by its own key, that ends after so long.
func issue(t *testing.T, dir string, life time.Duration) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "one"}, DNSNames: []string{"localhost"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(life),
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	conf := "tls { cert_file: \"<dir>/cert.pem\", key_file: \"<dir>/key.pem\" }\n" +
		strings.Replace(tokenConf(t), "admin {", `admin { tls { cert_file: "<dir>/cert.pem", key_file: "<dir>/key.pem" }, `, 1)
	n := startWith(t, conf, func(dir string) { issue(t, dir, 48*time.Hour+time.Minute) })
	var list []api.Certificate
	n.want(n.ask("GET", "/server/certificates", nil), http.StatusOK, &list)
	if len(list) != 2 || list[0].UsedBy != "tls" || list[1].UsedBy != "admin.tls" {
		t.Fatalf("%+v", list)
	}
	if c := list[0]; c.Subject != "CN=one" || c.SAN[0] != "localhost" || c.DaysLeft != 2 || c.LastRotated != nil || !strings.HasSuffix(c.File, "cert.pem") {
		t.Errorf("%+v", c)
	}
	var listeners []api.Listener
	n.want(n.ask("GET", "/server/listeners", nil), http.StatusOK, &listeners)
	if l := listeners[0]; l.Kind != "clients" || !l.TLS || l.NotAfter == nil {
		t.Errorf("%+v", listeners)
	}
	var h api.Health
	n.want(n.ask("GET", "/health/ready?checks=tls", nil), http.StatusOK, &h)
	if h.Status != api.HealthDegraded {
		t.Errorf("%+v", h)
	}
	events := n.stream("/events?topics=tls&since=1h")
	if e := events.await("tls.expiring"); e.NotAfter == nil || e.Block != "tls" {
		t.Errorf("%+v", e)
	}
	issue(t, n.Dir, 365*24*time.Hour)
	n.want(n.ask("POST", "/reload", nil), http.StatusOK, nil)
	for _, block := range []string{"tls", "admin.tls"} {
		if e := events.await("tls.reloaded"); e.Block != block {
			t.Errorf("%+v", e)
		}
	}
	old := list[0].Fingerprint
	n.want(n.ask("GET", "/server/certificates", nil), http.StatusOK, &list)
	for _, c := range list {
		if c.Fingerprint == old || c.LastRotated == nil || c.DaysLeft != 364 && c.DaysLeft != 365 {
			t.Errorf("%+v", c)
		}
	}
	n.want(n.ask("GET", "/health/ready?checks=tls", nil), http.StatusOK, &h)
	if h.Status != api.HealthOK {
		t.Errorf("%+v", h)
	}
}
