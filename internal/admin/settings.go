package admin

import (
	"fmt"
	"net/http"

	"natsd/internal/config"
)

// settings is what the admin block of a configuration means. It is immutable.
type settings struct {
	options *config.Admin
	tokens  []token
	issued  *issuedTokens
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
	s := &Staged{api: a, old: a.settings.Load(), next: &settings{
		options: &o.Admin, tokens: tokensOf(&o.Admin), origins: http.NewCrossOriginProtection(), allowed: map[string]bool{},
	}}
	for _, origin := range o.Admin.CORSOrigins {
		s.next.allowed[origin] = true
		if err := s.next.origins.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("admin.cors_origins: %w", err)
		}
	}
	return s, s.openTokens()
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

// Commit puts the configuration into force for requests to come.
func (s *Staged) Commit() { s.api.settings.Store(s.next) }
