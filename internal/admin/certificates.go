package admin

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"sync"
	"time"

	"natsd/internal/admin/api"
	"natsd/internal/config"
)

// expiresSoon is the number of days before its end from which on a certificate is worth a look.
const expiresSoon = 14

// rotations remembers since when each block has the certificate that it has.
type rotations struct {
	mu    sync.Mutex // a leaf
	known map[string]rotation
}

type rotation struct {
	fingerprint string
	at          time.Time // zero: since the start
}

// note compares the certificates in force with those that are known.
func (r *rotations) note(o *config.Options, start bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known = map[string]rotation{}
	}
	for _, b := range o.TLSBlocks() {
		leaf := leafOf(b)
		if leaf == nil {
			continue
		}
		print, was := fingerprint(leaf), r.known[b.Path]
		switch {
		case was.fingerprint == print:
		case start:
			r.known[b.Path] = rotation{fingerprint: print}
		default:
			r.known[b.Path] = rotation{print, time.Now().UTC()}
		}
	}
}

func (r *rotations) last(path string) *time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return timeOrNone(r.known[path].at)
}

// leafOf is the certificate that a block shows; nil if there is none.
func leafOf(b config.TLSBlock) *x509.Certificate {
	if b.Config == nil || len(b.Config.Certificates) == 0 {
		return nil
	}
	pair := &b.Config.Certificates[0]
	if pair.Leaf != nil || len(pair.Certificate) == 0 {
		return pair.Leaf
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return nil
	}
	return leaf
}

func fingerprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return hex.EncodeToString(sum[:])
}

// certificates lists what the server shows to others.
func (a *API) certificates() []api.Certificate {
	out := []api.Certificate{}
	for _, b := range a.Server.Options().TLSBlocks() {
		leaf := leafOf(b)
		if leaf == nil {
			continue
		}
		names := list(certificateNames(leaf)[1:])
		for _, ip := range leaf.IPAddresses {
			names = append(names, ip.String())
		}
		out = append(out, api.Certificate{
			Subject: leaf.Subject.String(), Issuer: leaf.Issuer.String(), Serial: leaf.SerialNumber.String(), SAN: names,
			NotBefore: leaf.NotBefore.UTC(), NotAfter: leaf.NotAfter.UTC(), DaysLeft: int(time.Until(leaf.NotAfter) / (24 * time.Hour)),
			Fingerprint: fingerprint(leaf), File: b.CertFile, UsedBy: b.Path, LastRotated: a.rotations.last(b.Path),
		})
	}
	return out
}
