package auth

import "natsd/internal/config"

// AdmitsServer tells whether another server may connect with that user and password.
func AdmitsServer(c *config.PeerAuth, user, password string) bool {
	if c.User == "" && c.Password == "" {
		return true
	}
	want, name := newSecret(c.Password), newSecret(config.Secret(c.User))
	if !name.equals(user) {
		return false
	}
	if want.hash != "" {
		return want.hashOf(password)
	}
	return want.equals(password)
}
