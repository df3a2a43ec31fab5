package config

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
	"testing"
	"time"
)

// fixtureEnv is what 27-env.conf and 29-k8s-generated.conf want from the environment.
func fixtureEnv(name string) (string, bool) {
	v, ok := map[string]string{
		"NATS_TEST_PORT": "4242", "NATS_TEST_USER": "alice", "NATS_TEST_PASS": "xyz", "NATS_TEST_DEBUG": "on", "SERVER_NAME": "nats-0",
	}[name]
	return v, ok
}

// fixtures copies testdata/conf into a fresh folder and makes the certificates that it names.
func fixtures(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/conf")); err != nil {
		t.Fatal(err)
	}
	makeCertificates(t, filepath.Join(dir, "certs"))
	return dir
}

func makeCertificates(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	caKey := writePair(t, dir, "ca", ca, ca, nil)
	for i, cn := range map[string]string{"server": "localhost", "server2": "localhost2", "client": "client"} {
		leaf := &x509.Certificate{
			SerialNumber: big.NewInt(int64(len(i))), Subject: pkix.Name{CommonName: cn}, DNSNames: []string{cn},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		}
		writePair(t, dir, i, leaf, ca, caKey)
	}
}

// writePair makes a key and a certificate signed by parent; with a nil key it signs itself.
func writePair(t *testing.T, dir, name string, cert, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if parentKey == nil {
		parentKey = key
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, parent, &key.PublicKey, parentKey)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, filepath.Join(dir, name+".pem"), "CERTIFICATE", der)
	writePEM(t, filepath.Join(dir, name+"-key.pem"), "PRIVATE KEY", pkcs8)
	return key
}

func writePEM(t *testing.T, path, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// writeExpired makes old.pem, whose time has passed.
func writeExpired(t *testing.T, dir string) {
	t.Helper()
	c := &x509.Certificate{SerialNumber: big.NewInt(9), Subject: pkix.Name{CommonName: "old"}, NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(-time.Hour)}
	writePair(t, dir, "old", c, c, nil)
}
