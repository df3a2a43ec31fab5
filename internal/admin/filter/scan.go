package filter

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Error says what is wrong with an expression, and in which column, counted in characters from 1.
type Error struct {
	Column  int
	Message string
}

func (e *Error) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Message) }

type tokenKind uint8

const (
	end    tokenKind = iota
	word             // a field, or a value without quotes
	quoted           // a value
	symbol           // an operator or a parenthesis
)

type token struct {
	kind tokenKind
	text string // of a quoted value what it stands for
	at   int    // offset
}

// is tells whether the token is that symbol.
func (t token) is(text string) bool { return t.kind == symbol && t.text == text }

// String names the token in messages.
func (t token) String() string {
	if t.kind == end {
		return "the end"
	}
	return fmt.Sprintf("%q", t.text)
}

// symbols are longest first.
var symbols = []string{"&&", "||", "==", "!=", "<=", ">=", "!~", "<", ">", "~", "!", "(", ")", "="}

// scanner takes an expression apart.
type scanner struct {
	text string
	at   int
}

func (s *scanner) fault(at int, format string, args ...any) *Error {
	return &Error{utf8.RuneCountInString(s.text[:at]) + 1, fmt.Sprintf(format, args...)}
}

func (s *scanner) next() (token, *Error) {
	for s.at < len(s.text) && strings.IndexByte(" \t\r\n", s.text[s.at]) >= 0 {
		s.at++
	}
	rest := s.text[s.at:]
	t := token{at: s.at}
	switch {
	case rest == "":
		return t, nil
	case rest[0] == '"' || rest[0] == '\'':
		return s.quoted(rest)
	}
	for _, sym := range symbols {
		if strings.HasPrefix(rest, sym) {
			s.at += len(sym)
			t.kind, t.text = symbol, sym
			return t, nil
		}
	}
	n := 0
	for n < len(rest) && wordByte(rest[n]) {
		n++
	}
	if n == 0 {
		r, _ := utf8.DecodeRuneInString(rest)
		return t, s.fault(s.at, "%q has no meaning here; a text with it stands in quotes", r)
	}
	s.at += n
	t.kind, t.text = word, rest[:n]
	return t, nil
}

func wordByte(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || strings.IndexByte("_.-+:/*?$@", b) >= 0
}

// quoted reads a text in quotes; a backslash takes the meaning from what follows it.
func (s *scanner) quoted(rest string) (token, *Error) {
	t := token{kind: quoted, at: s.at}
	var out strings.Builder
	for i := 1; i < len(rest); i++ {
		switch {
		case rest[i] == rest[0]:
			s.at += i + 1
			t.text = out.String()
			return t, nil
		case rest[i] == '\\' && i+1 < len(rest):
			i++
		}
		_ = out.WriteByte(rest[i]) // never fails
	}
	return t, s.fault(t.at, "the text that begins here has no end")
}
