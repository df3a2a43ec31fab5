package certs

import (
	"crypto/tls"
	"crypto/x509"
	"time"
)

// NotAfter returns when the first certificate of a TLS configuration expires; the zero time when it
// has none.
func NotAfter(cfg *tls.Config) time.Time {
	if cfg == nil || len(cfg.Certificates) == 0 {
		return time.Time{}
	}
	pair := &cfg.Certificates[0]
	if pair.Leaf != nil {
		return pair.Leaf.NotAfter
	}
	if len(pair.Certificate) == 0 {
		return time.Time{}
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return time.Time{}
	}
	return leaf.NotAfter
}
