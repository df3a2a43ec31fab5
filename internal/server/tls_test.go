package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// tlsBlock makes a certificate and returns the two lines of a tls block that name it.
func tlsBlock(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return "cert_file: '" + write("cert.pem", "CERTIFICATE", der) + "'\nkey_file: '" + write("key.pem", "PRIVATE KEY", secret) + "'\n"
}

// TestHandshakesAreLogged: one line for a flood that connection_rate_limit refuses, and plain words for
// a client that does not go on.
func TestHandshakesAreLogged(t *testing.T) {
	t.Parallel()
	r := run(t, "tls {\n"+tlsBlock(t)+"connection_rate_limit: 1\ntimeout: 0.2\n}")
	const came = 6
	throttled := 0
	for range came {
		_, in := r.dial()
		if line, _ := in.ReadString('\n'); strings.Contains(line, "Connection throttling is active") {
			throttled++
		}
	}
	if throttled < came-2 { // the second may change meanwhile
		t.Errorf("%d of %d clients were throttled", throttled, came)
	}
	r.logged(`\[ERR\] .* TLS handshake timeout$`)
	text := r.logged(`\[WRN\] Rejected \d+ connections due to TLS rate limiting$`)
	if strings.Contains(text, "throttling") {
		t.Errorf("clients of a flood are logged one by one:\n%s", text)
	}
}

// TestProxyHeaderIsLogged: the log says once what is wrong with a PROXY header.
func TestProxyHeaderIsLogged(t *testing.T) {
	t.Parallel()
	r := run(t, "proxy_protocol: true")
	r.say("PROXY TCP4 x y z\r\n")
	text := r.logged(`\[ERR\] .* - malformed PROXY header: `)
	if n := strings.Count(strings.ToLower(text), "malformed proxy header"); n != 1 {
		t.Errorf("it is said %d times:\n%s", n, text)
	}
}
