package config

import (
	"regexp"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// secretOrFile reads a secret that stands in the file or in a file of its own.
func secretOrFile(b *block, name, fileName string) Secret {
	file := b.str(fileName)
	if file == "" {
		return b.secret(name)
	}
	if b.has(name) {
		b.errorf(fileName, "%s and %s cannot both be set", name, fileName)
		return ""
	}
	data, err := b.side(fileName, file)
	if err != nil {
		b.errorf(fileName, "%v", err)
		return ""
	}
	text := strings.TrimRight(string(data), "\r\n")
	if text == "" {
		b.errorf(fileName, "%s is empty", file)
	}
	return Secret(text)
}

// bcryptForm is what nats-server takes for a bcrypt hash; everything else is a plain password.
var bcryptForm = regexp.MustCompile(`^\$2[abxy]\$\d{2}\$.*`)

// IsBcrypt tells that the secret is compared as bcrypt hash.
func (s Secret) IsBcrypt() bool { return bcryptForm.MatchString(string(s)) }

// lowBcryptCost is the cost below which hashes are guessed too fast today.
const lowBcryptCost = 10

// checkHash refuses bcrypt hashes whose comparison would cost more than the limit.
func checkHash(b *block, name string, s Secret, maxCost int) {
	if !s.IsBcrypt() {
		return
	}
	switch cost, err := bcrypt.Cost([]byte(s)); {
	case err != nil:
		b.warnf(name, "this looks like a bcrypt hash, but nothing will ever match it: %s", bcryptFault(err))
	case cost > maxCost:
		b.errorf(name, "bcrypt cost %d is above bcrypt_max_cost (%d): each login would take too long", cost, maxCost)
	case cost < lowBcryptCost:
		b.warnf(name, "bcrypt cost %d is low; use %d or more", cost, lowBcryptCost)
	}
}

func bcryptFault(err error) string {
	return strings.TrimPrefix(err.Error(), "crypto/bcrypt: ")
}
