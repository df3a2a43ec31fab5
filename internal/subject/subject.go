package subject

// The characters with a meaning.
const (
	Separator = '.' // parts two tokens
	Any       = '*' // as a whole token: any one token
	Rest      = '>' // as a whole last token: one or more tokens
)

// Text is what a subject may be held in. Wire code has byte slices and
// configuration has strings; neither should convert to ask a question.
type Text interface{ ~string | ~[]byte }

// Valid reports whether s may be subscribed to: no token is empty, and the
// token ">" is the last one.
//
// Bytes that end an argument on the wire (blank, tab, CR, LF, form feed) are
// refused as well. No client can send them in a subject, but a subject that
// comes from a configuration file or another protocol could, and would be read
// by the next server as several arguments or several lines. Every other byte
// is allowed.
func Valid[S Text](s S) bool {
	start := 0    // of the current token
	rest := false // the token ">" has been seen
	for i := 0; ; i++ {
		if i < len(s) && s[i] != Separator {
			if s[i] <= ' ' && endsArgument(s[i]) {
				return false
			}
			continue
		}
		if i == start || rest {
			return false
		}
		rest = i == start+1 && s[start] == Rest
		if i == len(s) {
			return true
		}
		start = i + 1
	}
}

// ValidLiteral reports whether s is a subject that a strict publisher may use:
// Valid, and without wildcard tokens. Servers check this for pedantic clients
// only; others may publish anything.
func ValidLiteral[S Text](s S) bool {
	return Valid(s) && Literal(s)
}

// Literal reports whether s has no wildcard token, so that as a filter it can
// match one subject only: itself. It does not say that s is valid.
func Literal[S Text](s S) bool {
	for i := range len(s) {
		if (s[i] == Any || s[i] == Rest) &&
			(i == 0 || s[i-1] == Separator) &&
			(i+1 == len(s) || s[i+1] == Separator) {
			return false
		}
	}
	return true
}

// HasEmptyToken reports whether s has a token without a character. Such a
// subject matches no filter; the empty text is one empty token.
func HasEmptyToken[S Text](s S) bool {
	if len(s) == 0 || s[0] == Separator || s[len(s)-1] == Separator {
		return true
	}
	for i := 1; i < len(s); i++ {
		if s[i] == Separator && s[i-1] == Separator {
			return true
		}
	}
	return false
}

// Tokens returns the number of tokens of s, empty ones included. The empty text
// has none.
func Tokens[S Text](s S) int {
	if len(s) == 0 {
		return 0
	}
	n := 1
	for i := range len(s) {
		if s[i] == Separator {
			n++
		}
	}
	return n
}

// tokenEnd returns the index of the separator that ends the token starting at
// from, or len(s).
func tokenEnd[S Text](s S, from int) int {
	for from < len(s) && s[from] != Separator {
		from++
	}
	return from
}

// isToken reports whether s[from:to] is the one-character token c.
func isToken[S Text](s S, from, to int, c byte) bool {
	return to == from+1 && s[from] == c
}

func endsArgument(c byte) bool {
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f'
}
