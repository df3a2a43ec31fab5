package syntax

import (
	"regexp"
	"strings"
)

// secretName matches the names of keys whose value nobody should see, common misspellings included:
// it is for the misspelt key that the line is shown.
const secretName = `[\w.-]*(?:pas|psw|pwd|token|tokn|secret|seed|jwt)[\w.-]*|ek|(?:encryption_)?key`

var (
	secretKeyForm = regexp.MustCompile(`(?i)^(?:` + secretName + `)$`)
	// secretPair is such a key with what separates it from a value on the same line.
	secretPair = regexp.MustCompile(`(?i)(?:^|[\s{,;])["']?(?:` + secretName + `)["']?(?:\s*[=:]\s*|\s+)`)
	// nextPair is where the value of one key ends and another key begins.
	nextPair = regexp.MustCompile(`[,;]\s*["']?[\w.$-]+["']?\s*[:={]|\}`)
	// secretText is what gives itself away wherever it stands: user and password in a URL, a bcrypt
	// hash, a seed, a JWT.
	secretText = regexp.MustCompile(`://[^\s"']*@|\$2[aby]\$[^\s"',;}\]]*|\bS[ACNOUX][A-Z2-7]{50,}|\beyJ[\w.-]+`)
)

// secretKey reports whether a key holds a secret, going by its name.
func secretKey(key string) bool { return secretKeyForm.MatchString(key) }

// mask hides what looks like a secret in a line of a configuration file, a star for each byte.
func mask(line string) string {
	b := []byte(line)
	for _, m := range secretPair.FindAllStringIndex(line, -1) {
		hide(b[m[1] : m[1]+valueLength(line[m[1]:])])
	}
	for _, m := range secretText.FindAllStringIndex(line, -1) {
		hide(b[m[0]:m[1]])
	}
	return string(b)
}

// valueLength returns how much of the text is one value, as far as that can be told: more rather
// than less.
func valueLength(text string) int {
	if text == "" || text[0] == '{' {
		return 0
	}
	if text[0] == '[' {
		if end := strings.LastIndexByte(text, ']'); end > 0 {
			return end + 1
		}
		return len(text)
	}
	if q := text[0]; q == '"' || q == '\'' {
		for i := 1; i < len(text); i++ {
			switch {
			case text[i] == '\\' && q == '"':
				i++
			case text[i] == q:
				return i + 1
			}
		}
		return len(text)
	}
	if m := nextPair.FindStringIndex(text); m != nil {
		return m[0]
	}
	return len(text)
}

func hide(b []byte) { copy(b, strings.Repeat("*", len(b))) }

// Mask returns text with everything hidden that looks like a secret, going line by line by the names
// of keys and by forms that give themselves away. It hides more rather than less.
func Mask(text string) string {
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		lines[i] = mask(line)
	}
	return strings.Join(lines, "")
}
