package syntax

import (
	"regexp"
	"strings"
)

// secretWords occur in the names of keys that hold a secret.
var secretWords = []string{"pass", "token", "secret", "seed", "jwt", "creds", "nkey", "proxy_sig"}

// secretKey reports whether a key holds a secret, going by its name.
func secretKey(key string) bool {
	key = strings.ToLower(key)
	for _, word := range secretWords {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}

var (
	// secretPair is a key that holds a secret, with a value on the same line.
	secretPair = regexp.MustCompile(`(?i)["']?[\w.-]*(?:` + strings.Join(secretWords, "|") + `)[\w.-]*["']?(?:\s*[=:]\s*|\s+)("(?:\\.|[^"\\])*"?|'[^']*'?|[^\s"'{\[][^}]*)`)
	// secretURL is the part of a URL that holds user and password.
	secretURL = regexp.MustCompile(`://([^/@\s"']+)@`)
	// secretHash is a bcrypt hash, a seed or a JWT, wherever it stands.
	secretHash = regexp.MustCompile(`(\$2[aby]\$[^\s"',;}\]]*|\bS[ACNOUX][A-Z2-7]{50,}|\beyJ[\w.-]+)`)
)

// mask hides what looks like a secret in a line of a configuration file, a star for each byte.
func mask(line string) string {
	for _, re := range []*regexp.Regexp{secretPair, secretURL, secretHash} {
		found := re.FindAllStringSubmatchIndex(line, -1)
		if found == nil {
			continue
		}
		b := []byte(line)
		for _, m := range found {
			for i := m[2]; i < m[3]; i++ {
				b[i] = '*'
			}
		}
		line = string(b)
	}
	return line
}
