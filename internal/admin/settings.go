package admin

import (
	"errors"
	"fmt"
	"net/http"

	"natsd/internal/admin/audit"
	"natsd/internal/config"
)

// settings is what the admin block of a configuration means. It is immutable.
type settings struct {
	options *config.Admin
	tokens  []token
	issued  *issuedTokens
	audit   *audit.Log
	origins *http.CrossOriginProtection
	allowed map[string]bool // origins that may read answers
}

// Staged is a configuration that is about to come into force. One goroutine uses it.
type Staged struct {
	api       *API
	next, old *settings
}

// Prepare opens the files that a configuration asks for. Nothing is in force before [Staged.Commit]; an
// error means that nothing was left behind.
func (a *API) Prepare(o *config.Options) (*Staged, error) {
	if a.settings.Load() == nil {
		a.rotations.note(o, true)
	}
	s := &Staged{api: a, old: a.settings.Load(), next: &settings{
		options: &o.Admin, tokens: tokensOf(&o.Admin), origins: http.NewCrossOriginProtection(), allowed: map[string]bool{},
	}}
	for _, origin := range o.Admin.CORSOrigins {
		s.next.allowed[origin] = true
		if err := s.next.origins.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("admin.cors_origins: %w", err)
		}
	}
	if err := errors.Join(s.openTokens(), s.openAudit()); err != nil {
		s.Abort()
		return nil, err
	}
	return s, nil
}

// openTokens goes on with the tokens that there are, or reads those of another file.
func (s *Staged) openTokens() (err error) {
	if s.old != nil && s.old.issued.path == s.next.options.TokensFile {
		s.next.issued = s.old.issued
		return nil
	}
	s.next.issued, err = readTokens(s.next.options.TokensFile)
	return err
}

// openAudit goes on with the audit that there is, or opens another one.
func (s *Staged) openAudit() (err error) {
	if s.old != nil && s.old.audit.Path() == s.next.options.AuditFile {
		s.next.audit = s.old.audit
		return nil
	}
	if s.next.audit, err = audit.Open(s.next.options.AuditFile); err != nil {
		return fmt.Errorf("admin.audit.file: %w", err)
	}
	return nil
}

// Abort closes what Prepare has opened.
func (s *Staged) Abort() {
	if s.next.audit != nil && (s.old == nil || s.next.audit != s.old.audit) {
		_ = s.next.audit.Discard() // nobody has seen it
	}
}

// Settle closes what is not in use any more, after Commit.
func (s *Staged) Settle() error {
	if s.old == nil || s.old.audit == s.next.audit {
		return nil
	}
	return s.old.audit.Close()
}

// Close ends the API when the server has ended.
func (a *API) Close() error { return a.settings.Load().audit.Close() }

// Commit puts the configuration into force for requests to come.
func (s *Staged) Commit() { s.api.settings.Store(s.next) }
