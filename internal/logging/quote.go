package logging

import (
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// appendEscaped appends s with everything that does not print escaped, so that the result is valid
// UTF-8 on one line. Quotes and backslashes stay as they are: the text of a message reads as written.
func appendEscaped(buf []byte, s string) []byte {
	start := 0 // of the text that needs no change
	for i := 0; i < len(s); {
		if c := s[i]; c >= 0x20 && c < 0x7f {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if strconv.IsPrint(r) && (r != utf8.RuneError || size > 1) {
			i += size
			continue
		}
		buf = append(buf, s[start:i]...)
		q := strconv.Quote(s[i : i+size])
		buf = append(buf, q[1:len(q)-1]...)
		i += size
		start = i
	}
	return append(buf, s[start:]...)
}

// appendWord appends s as one word: as it is when it holds nothing that needs care, else as a Go
// string literal.
func appendWord(buf []byte, s string) []byte {
	if plainWord(s) {
		return append(buf, s...)
	}
	return strconv.AppendQuote(buf, s)
}

func plainWord(s string) bool {
	if s == "" {
		return false
	}
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r <= ' ' || r == '=' || r == '"' || r == '\\' || !strconv.IsPrint(r) || (r == utf8.RuneError && size == 1) {
			return false
		}
		i += size
	}
	return true
}

// appendJSONEscaped appends one line of JSON with what does not print escaped: JSON itself asks for
// that below the space only, a terminal minds more.
func appendJSONEscaped(buf, line []byte) []byte {
	for len(line) > 0 {
		r, size := utf8.DecodeRune(line)
		switch {
		case r == '\n', strconv.IsPrint(r):
			buf = append(buf, line[:size]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			buf = fmt.Appendf(buf, `\u%04x\u%04x`, high, low)
		default:
			buf = fmt.Appendf(buf, `\u%04x`, r)
		}
		line = line[size:]
	}
	return buf
}
