package config

import (
	"crypto/tls"
	"crypto/x509"
	"slices"
	"time"
)

// tlsUse says what a tls block is for; it decides which keys make sense.
type tlsUse uint8

const (
	tlsClients tlsUse = iota // the client listener
	tlsListen                // another listener for clients: websocket, mqtt, admin
	tlsLeaf                  // the leafnode listener
	tlsMutual                // cluster, gateway: both sides show a certificate
	tlsDial                  // connections that this server makes
)

// decodeTLS reads a tls block, loads its files and builds the TLS configuration. It returns nil
// when there is no such block, or after reporting what is wrong with it.
func decodeTLS(b *block, use tlsUse) *TLS {
	if !b.present {
		return nil
	}
	before := len(b.d.list)
	t := &TLS{
		CertFile: b.str("cert_file"), KeyFile: b.str("key_file"), CAFile: b.str("ca_file"),
		VerifyAndMap: b.bool("verify_and_map"), Insecure: b.bool("insecure"), CheckKnownURLs: b.bool("verify_cert_and_check_known_urls"),
		Timeout: b.dur("timeout"), RateLimit: b.int("connection_rate_limit"), Pos: b.pos,
	}
	t.Verify = b.bool("verify") || t.VerifyAndMap || t.CheckKnownURLs || use == tlsMutual
	decodeHandshake(b, t)
	if pins := b.strs("pinned_certs"); len(pins) > 0 {
		t.PinnedCerts = map[string]bool{}
		for _, pin := range pins {
			t.PinnedCerts[pin] = true
		}
	}
	if p := b.block("ocsp_peer"); p.present {
		t.OCSPPeer = decodeOCSPPeer(p)
	}
	checkTLSUse(b, t, use)
	t.Config = buildTLS(b, t, use)
	if slices.ContainsFunc(b.d.list[before:], isError) {
		return nil
	}
	return t
}

func decodeHandshake(b *block, t *TLS) {
	switch v := b.value("handshake_first").(type) {
	case string:
		t.HandshakeFirst = v == "on"
	case time.Duration:
		t.HandshakeFirst, t.HandshakeFallback = true, v
	}
}

func checkTLSUse(b *block, t *TLS, use tlsUse) {
	if t.CheckKnownURLs && use != tlsMutual {
		b.errorf("verify_cert_and_check_known_urls", "verify_cert_and_check_known_urls not supported in this context")
	}
	if t.RateLimit > 0 && use != tlsClients {
		b.warnf("connection_rate_limit", "connection_rate_limit has no effect here: it belongs to the top-level tls block")
	}
	if t.Insecure && use != tlsDial && use != tlsMutual {
		b.warnf("insecure", "insecure has no effect on a listener: it concerns connections that this server makes")
	}
}

// buildTLS loads the files and makes the configuration that handshakes use.
func buildTLS(b *block, t *TLS, use tlsUse) *tls.Config {
	c := &tls.Config{MinVersion: tlsVersion(b.str("min_version")), InsecureSkipVerify: t.Insecure && use != tlsClients} //nolint:gosec // the operator asked for it
	c.Certificates = loadPairs(b)
	c.CipherSuites, c.CurvePreferences = cipherSuites(b), curves(b)
	if pool := loadCAs(b); pool != nil {
		c.RootCAs, c.ClientCAs = pool, pool
	}
	if t.Verify && use != tlsDial {
		c.ClientAuth = tls.RequireAndVerifyClientCert
	}
	if len(c.Certificates) == 0 && use != tlsDial && !b.has("cert_file") && !b.has("key_file") && !b.has("certs") && !b.has("cert_store") {
		b.warnf("", "this tls block has no certificate: no handshake will succeed")
	}
	return c
}

// loadPairs reads cert_file and key_file, or all of certs.
func loadPairs(b *block) []tls.Certificate {
	if b.has("certs") {
		if b.has("cert_file") {
			b.errorf("certs", "error parsing tls config, cannot combine 'cert_file' option with 'certs' option")
			return nil
		}
		var all []tls.Certificate
		for _, pair := range b.list("certs") {
			all = append(all, loadPair(pair)...)
		}
		return all
	}
	return loadPair(b)
}

func loadPair(b *block) []tls.Certificate {
	certFile, keyFile := b.str("cert_file"), b.str("key_file")
	switch {
	case certFile == "" && keyFile == "":
		return nil
	case certFile == "":
		b.errorf("key_file", "missing 'cert_file' in TLS configuration")
		return nil
	case keyFile == "":
		b.errorf("cert_file", "missing 'key_file' in TLS configuration")
		return nil
	}
	cert, err := b.side("cert_file", certFile)
	var key []byte
	if err == nil {
		key, err = b.side("key_file", keyFile)
	}
	var pair tls.Certificate
	if err == nil {
		pair, err = tls.X509KeyPair(cert, key)
	}
	if err != nil {
		b.errorf("cert_file", "error parsing X509 certificate/key pair: %v", err)
		return nil
	}
	if leaf := pair.Leaf; leaf != nil && time.Now().After(leaf.NotAfter) {
		b.warnf("cert_file", "the certificate in %s expired on %s", certFile, leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	return []tls.Certificate{pair}
}

func loadCAs(b *block) *x509.CertPool {
	file := b.str("ca_file")
	if file == "" {
		return nil
	}
	pem, err := b.side("ca_file", file)
	if err != nil {
		b.errorf("ca_file", "%v", err)
		return nil
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		b.errorf("ca_file", "failed to parse root ca certificate")
	}
	return pool
}
