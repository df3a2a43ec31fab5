package config

import (
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// loadTLS loads a tls block beside certificates made for the test.
func loadTLS(t *testing.T, dir, block string, flags ...Flag) (*Options, string) {
	t.Helper()
	f, err := os.CreateTemp(dir, "*.conf")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(block + "\n"); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	o, r := Load(Source{Path: f.Name(), WorkDir: dir, Flags: flags})
	var said []string
	for _, p := range r.Problems {
		said = append(said, strings.TrimPrefix(p.Error(), f.Name()+":1:"))
	}
	return o, strings.Join(said, "\n")
}

const pair = "cert_file: certs/server.pem, key_file: certs/server-key.pem"

func TestTLSProblems(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	makeCertificates(t, filepath.Join(dir, "certs"))
	if err := os.WriteFile(filepath.Join(dir, "junk.pem"), []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ inside, want string }{
		{pair, ""},
		{"", "1: this tls block has no certificate: no handshake will succeed"},
		{"cert_file: x.pem", "18: missing 'key_file' in TLS configuration"},
		{"key_file: x.pem", "17: missing 'cert_file' in TLS configuration"},
		{"cert_file: x.pem, key_file: y.pem", "18: error parsing X509 certificate/key pair: open x.pem: no such file or directory"},
		{"cert_file: certs/server.pem, key_file: y.pem", "18: error parsing X509 certificate/key pair: open y.pem: no such file or directory"},
		{"cert_file: certs/server.pem, key_file: certs/client-key.pem", "18: error parsing X509 certificate/key pair: tls: private key does not match public key"},
		{pair + ", certs: [ {" + pair + "} ]", "77: error parsing tls config, cannot combine 'cert_file' option with 'certs' option"},
		{pair + ", certs: 5", "75: expected an array of blocks, got the number 5\n75: error parsing tls config, cannot combine 'cert_file' option with 'certs' option"},
		{"certs: [ {cert_file: certs/server.pem} ]", "28: missing 'key_file' in TLS configuration"},
		{"certs: [ {CERT_FILE: a, " + pair + "} ]", `17: "CERT_FILE" is ignored: this key counts only when written as "cert_file"`},
		{pair + ", ca_file: nope.pem", "77: open nope.pem: no such file or directory"},
		{pair + ", ca_file: junk.pem", "77: failed to parse root ca certificate"},
		{pair + ", verify: \"yes\"", "76: error parsing tls config, expected 'verify' to be a boolean"},
		{pair + ", verify_cert_and_check_known_urls: true", "102: verify_cert_and_check_known_urls not supported in this context"},
		{pair + ", min_version: 1.3", "81: error parsing tls config: 'min_version' wrong type: 1.3"},
		{pair + ", min_version: \"1.1\"", "81: error parsing tls config: unsupported TLS version: TLS 1.1"},
		{pair + ", cipher_suites: []", "83: error parsing tls config, 'cipher_suites' cannot be empty"},
		{pair + ", cipher_suites: [TLS_NOPE, TLS_AES_128_GCM_SHA256]", "84: unrecognized cipher TLS_NOPE"},
		{pair + ", cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]", "83: insecure cipher suites configured without 'allow_insecure_cipher_suites' option set: TLS_RSA_WITH_RC4_128_SHA"},
		{pair + ", cipher_suites: [TLS_RSA_WITH_RC4_128_SHA], allow_insecure_cipher_suites: true", ""},
		{pair + ", curve_preferences: [P1]", "88: unrecognized curve preference P1"},
		{pair + ", handshake_first: maybe", `85: field "handshake_first"'s value "maybe" is invalid`},
		{pair + ", pinned_certs: [abcd]", "83: error parsing tls config, 'pinned_certs' key abcd does not look like hex-encoded sha256 of DER encoded SubjectPublicKeyInfo"},
		{pair + ", pinned_certs: abcd", "82: error parsing tls config, expected 'pinned_certs' to be a list of hex-encoded sha256 of DER encoded SubjectPublicKeyInfo"},
		{pair + ", cert_store: x", "80: cert_store not compatible with current operating system"},
		{pair + ", cert: x", `68: error parsing tls config, unknown field "cert"`},
		{pair + ", insecure: true", "78: insecure has no effect on a listener: it concerns connections that this server makes"},
		{pair + ", timeout: x", `77: error parsing timeout: time: invalid duration "x"`},
		{pair + ", timeout: 5m", `77: 5m is read as the duration "5m"; nats-server reads it as the number 5000000: put it in quotes`},
		{pair + ", ocsp_peer: false", ""},
		{pair + ", ocsp_peer: true", "68: tls.ocsp_peer is valid, but this version of natsd does not have OCSP checks of client certificates yet and refuses to start with it"},
	} {
		_, got := loadTLS(t, dir, "tls { "+c.inside+" }")
		if got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.inside, got, c.want)
		}
	}
}

func TestTLSConfig(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	makeCertificates(t, filepath.Join(dir, "certs"))
	o, said := loadTLS(t, dir, `tls { certs: [ {`+pair+`}, {cert_file: certs/server2.pem, key_file: certs/server2-key.pem} ], ca_file: certs/ca.pem,
		verify_and_map: true, min_version: "1.3", timeout: 3, connection_rate_limit: 7, handshake_first: "20ms",
		cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384], curve_preferences: [X25519, CurveP256], pinned_certs: ["`+strings.Repeat("AB", 32)+`"] }`)
	if o == nil {
		t.Fatal(said)
	}
	c := o.TLS.Config
	if len(c.Certificates) != 2 || c.MinVersion != tls.VersionTLS13 || c.ClientAuth != tls.RequireAndVerifyClientCert || c.ClientCAs == nil ||
		c.CipherSuites[0] != tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 || fmt.Sprint(c.CurvePreferences) != "[X25519 CurveP256]" {
		t.Errorf("%+v", c)
	}
	if o.TLS.Timeout != 3*time.Second || o.TLS.RateLimit != 7 || !o.TLS.HandshakeFirst || o.TLS.HandshakeFallback != 20*time.Millisecond ||
		!o.TLS.Verify || !o.TLS.VerifyAndMap || !o.TLS.PinnedCerts[strings.Repeat("ab", 32)] {
		t.Errorf("%+v", o.TLS)
	}
}

func TestHandshakeFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	makeCertificates(t, filepath.Join(dir, "certs"))
	for text, want := range map[string]string{"true": "true 0s", "false": "false 0s", `"off"`: "false 0s", "auto": "true 50ms", "auto_fallback": "true 50ms", `"1s"`: "true 1s", "5m": "true 5m0s"} {
		o, said := loadTLS(t, dir, "tls { "+pair+", first: "+text+" }")
		if o == nil {
			t.Error(text, said)
			continue
		}
		if got := fmt.Sprint(o.TLS.HandshakeFirst, o.TLS.HandshakeFallback); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// TestTLSFlags: the flags go over single keys of the block, and --tls=false takes it away.
func TestTLSFlags(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	makeCertificates(t, filepath.Join(dir, "certs"))
	cert, key := Flag{"--tlscert", "tls.cert_file", "certs/server2.pem"}, Flag{"--tlskey", "tls.key_file", "certs/server2-key.pem"}
	on, off := Flag{"--tls", "tls", "true"}, Flag{"--tls", "tls", "false"}
	block := "tls { " + pair + " }"
	for _, c := range []struct {
		text  string
		flags []Flag
		want  string
	}{
		{"", []Flag{on, cert, key}, "certs/server2.pem"},
		{block, []Flag{on, cert, key}, "certs/server2.pem"},
		{block, []Flag{off}, "none"},
		{block, nil, "certs/server.pem"},
		{"", []Flag{on}, "--tls: TLS Server certificate must be present and valid"},
		{block, []Flag{cert}, "--tlscert: error parsing X509 certificate/key pair: tls: private key does not match public key"},
	} {
		o, said := loadTLS(t, dir, c.text, c.flags...)
		got := "none"
		switch {
		case o == nil:
			got = said
		case o.TLS != nil:
			got = o.TLS.CertFile
		}
		if !strings.HasSuffix(got, c.want) {
			t.Errorf("%s %v: %s, want %s", c.text, c.flags, got, c.want)
		}
	}
}

func TestExpiredCertificate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeExpired(t, dir)
	o, said := loadTLS(t, dir, "tls { cert_file: old.pem, key_file: old-key.pem }")
	if o == nil || !strings.Contains(said, "the certificate in old.pem expired on") {
		t.Error(said)
	}
}
