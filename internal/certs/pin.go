package certs

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
)

// Pin returns the lower-case hexadecimal SHA-256 of the certificate's SubjectPublicKeyInfo, the form
// of pinned_certs.
func Pin(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return hex.EncodeToString(sum[:])
}

// Pinned tells whether the peer of a finished handshake may stay: its first certificate is in pins.
// Nil pins admit everybody, an empty map nobody.
func Pinned(state *tls.ConnectionState, pins map[string]bool) bool {
	if pins == nil {
		return true
	}
	return state != nil && len(state.PeerCertificates) > 0 && pins[Pin(state.PeerCertificates[0])]
}
