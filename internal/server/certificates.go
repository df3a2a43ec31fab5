package server

import (
	"context"
	"fmt"
	"time"

	"natsd/internal/certs"
	"natsd/internal/config"
	"natsd/internal/event"
)

const (
	expiryNotice = 14 * 24 * time.Hour // before the end of a certificate
	expiryLook   = time.Hour
	expiryRepeat = 24 * time.Hour // of the warning
)

// tellCertificates tells which certificates a reload has replaced.
func (s *Server) tellCertificates(old, next *config.Options) {
	if old == nil {
		return
	}
	before := map[string]*config.TLS{}
	for _, b := range old.TLSBlocks() {
		before[b.Path] = b.TLS
	}
	for _, b := range next.TLSBlocks() {
		if !sameTLS(before[b.Path], b.TLS) {
			s.Events().Publish(event.Certificates{Block: b.Path, NotAfter: certs.NotAfter(b.Config)})
		}
	}
}

// watchExpiry warns of certificates that are about to end, until ctx does.
func (s *Server) watchExpiry(ctx context.Context) {
	look := time.NewTicker(expiryLook)
	defer look.Stop()
	told := map[string]time.Time{}
	for {
		s.warnOfExpiry(told, time.Now())
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
}

// warnOfExpiry warns of each certificate once a day; told says when that was.
func (s *Server) warnOfExpiry(told map[string]time.Time, now time.Time) {
	for _, b := range s.Options().TLSBlocks() {
		end := certs.NotAfter(b.Config)
		if end.IsZero() || end.Sub(now) > expiryNotice || now.Sub(told[b.Path]) < expiryRepeat {
			continue
		}
		told[b.Path] = now
		s.logger.Warn(fmt.Sprintf("The certificate of %s (%s) ends on %s", b.Path, b.CertFile, end.UTC().Format(time.RFC3339)))
		s.Events().Publish(event.Expiring{Block: b.Path, NotAfter: end})
	}
}
