package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"regexp"
	"strings"

	"golang.org/x/crypto/bcrypt"

	"natsd/internal/config"
)

// bcryptLongest is the number of bytes of a password that bcrypt looks at.
const bcryptLongest = 72

var bcryptForm = regexp.MustCompile(`^\$2[abxy]\$\d{2}\$`)

// secret is a password or token of the configuration, plain or as a bcrypt hash. Secrets are
// comparable: equal ones admit the same.
type secret struct {
	plain [sha256.Size]byte // digest, so that comparing takes the same time for all lengths
	hash  string            // bcrypt
	cost  int               // of hash; 0 when hash is unusable
	set   bool              // false: the configuration has none
}

func newSecret(s config.Secret) secret {
	text := s.Reveal()
	if !strings.HasPrefix(text, "$") || !bcryptForm.MatchString(text) {
		return secret{plain: sha256.Sum256([]byte(text)), set: text != ""}
	}
	cost, err := bcrypt.Cost([]byte(text))
	if err != nil {
		cost = 0
	}
	return secret{hash: text, cost: cost, set: true}
}

// equals compares with a plain secret in constant time.
func (s *secret) equals(given string) bool {
	sum := sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(s.plain[:], sum[:]) == 1
}

// hashOf tells whether the bcrypt hash was made of given. It takes long and cannot be interrupted.
func (s *secret) hashOf(given string) bool {
	return s.cost > 0 && bcrypt.CompareHashAndPassword([]byte(s.hash), []byte(given)) == nil
}

// mismatch says why given was not accepted, without showing either.
func (s *secret) mismatch(given string) string {
	switch {
	case s.hash != "" && len(given) > bcryptLongest:
		return "longer than the 72 bytes that bcrypt can check"
	case s.hash != "" && s.cost == 0:
		return "the bcrypt hash of the configuration is malformed"
	default:
		return "does not match"
	}
}
