package syntax

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf16"
)

// literal reads a string in single quotes: no escapes, any number of lines.
func (p *parser) literal() (*Value, bool) {
	start := p.at
	end := bytes.IndexByte(p.text[start+1:], '\'')
	if end < 0 {
		p.stop()
		return nil, p.failAt(start, "this string is never closed", "a closing ' is missing")
	}
	p.at = start + 1 + end + 1
	text := string(p.text[start+1 : p.at-1])
	return p.scalar(start, &Value{Kind: String, Str: text, Raw: text, Quoted: true}), true
}

// escaped reads a string in double quotes.
func (p *parser) escaped() (*Value, bool) {
	start := p.at
	p.at++
	var b strings.Builder
	for !p.eof() {
		c := p.peek()
		switch c {
		case '"':
			raw := string(p.text[start+1 : p.at])
			p.at++
			return p.scalar(start, &Value{Kind: String, Str: b.String(), Raw: raw, Quoted: true}), true
		case '\\':
			if !p.escape(&b, true) {
				p.skipString()
				return nil, false
			}
		default:
			b.WriteByte(c)
			p.at++
		}
	}
	p.stop()
	return nil, p.failAt(start, "this string is never closed", `a closing " is missing`)
}

// skipString goes behind the string that is being read, if it ends on this line.
func (p *parser) skipString() {
	for i := p.at; i < len(p.text) && p.text[i] != '\n'; i++ {
		switch p.text[i] {
		case '\\':
			i++
		case '"':
			p.at = i + 1
			return
		}
	}
}

// escape reads one escape sequence. Those of JSON are for quoted strings only: in a bare word they
// are far more often the path of a Windows file.
func (p *parser) escape(b *strings.Builder, quoted bool) bool {
	start := p.at
	if start+1 >= len(p.text) {
		p.at++
		return p.failAt(start, "the text ends within an escape sequence", "")
	}
	c := p.text[start+1]
	switch c {
	case 't':
		b.WriteByte('\t')
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case '"', '\\':
		b.WriteByte(c)
	case 'x':
		var one [1]byte
		if start+4 > len(p.text) {
			return p.fail(`\x needs two hexadecimal digits`, "")
		}
		if _, err := hex.Decode(one[:], p.text[start+2:start+4]); err != nil {
			return p.fail(`\x needs two hexadecimal digits`, "")
		}
		b.WriteByte(one[0])
		p.at += 4
		return true
	default:
		if quoted && p.escapeJSON(b, c) {
			return true
		}
		if quoted && c == 'u' {
			return p.fail(`\u needs four hexadecimal digits`, "")
		}
		return p.fail("unknown escape sequence", `write \\ for a backslash, or use single quotes; known are \t \n \r \" \\ \xHH, and those of JSON in double quotes`)
	}
	p.at += 2
	return true
}

// escapeJSON reads an escape sequence that only JSON has.
func (p *parser) escapeJSON(b *strings.Builder, c byte) bool {
	switch c {
	case '/':
		b.WriteByte('/')
	case 'b':
		b.WriteByte('\b')
	case 'f':
		b.WriteByte('\f')
	case 'u':
		r, ok := p.hex4(p.at + 2)
		if !ok {
			return false
		}
		p.at += 6
		if utf16.IsSurrogate(r) {
			// Half a pair alone has no meaning and becomes the replacement character, as in JSON.
			low, ok := rune(0), false
			if bytes.HasPrefix(p.text[p.at:], []byte(`\u`)) {
				low, ok = p.hex4(p.at + 2)
			}
			r = utf16.DecodeRune(r, low)
			if ok && r != '\uFFFD' {
				p.at += 6
			}
		}
		b.WriteRune(r)
		return true
	default:
		return false
	}
	p.at += 2
	return true
}

// hex4 reads four hexadecimal digits at an offset.
func (p *parser) hex4(offset int) (rune, bool) {
	if offset+4 > len(p.text) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(p.text[offset:offset+4]), 16, 16)
	return rune(n), err == nil
}

// blockString reads a raw block: from the parenthesis to a line that is a closing one and nothing
// else.
func (p *parser) blockString() (*Value, bool) {
	start := p.at
	for i := start + 1; ; i++ {
		next := bytes.Index(p.text[i:], []byte("\n)"))
		if next < 0 {
			break
		}
		i += next
		rest := p.text[i+2:]
		if len(rest) == 0 || rest[0] == '\n' || bytes.HasPrefix(rest, []byte("\r\n")) {
			p.at = i + 2
			text := string(p.text[start+1 : i+1])
			return p.scalar(start, &Value{Kind: String, Str: text, Raw: text, Quoted: true}), true
		}
	}
	p.stop()
	return nil, p.failAt(start, "this block is never closed", "it ends at a line that is a single )")
}

// bare reads a string without quotes whose text began at start; the bytes up to the current one
// are part of it whatever they are. A bare word may turn out to be a boolean or a variable, but not
// when it has an escape or ends at a single quote.
func (p *parser) bare(start int) (*Value, bool) {
	var b strings.Builder
	b.Write(p.text[start:p.at])
	plain := false
	for !p.eof() && !p.endsBare() {
		c := p.peek()
		if c != '\\' {
			b.WriteByte(c)
			p.at++
			continue
		}
		plain = true
		if !p.escape(&b, false) {
			return nil, false
		}
	}
	raw := string(p.text[start:p.at])
	if p.peek() == '\'' {
		p.at++
		plain = true
	}
	text := b.String()
	v := p.scalar(start, &Value{Kind: String, Str: text, Raw: raw})
	if plain {
		return v, true
	}
	if truth, ok := boolean(text); ok {
		v.Kind, v.Bool, v.Str = Bool, truth, ""
		return v, true
	}
	if strings.HasPrefix(text, "$") {
		return p.variable(start, text[1:])
	}
	return v, true
}

// endsBare reports whether the next byte ends a bare string.
func (p *parser) endsBare() bool {
	switch p.peek() {
	case '\n', '\r', ' ', '\t', ';', ',', ']', '}', '\'':
		return true
	}
	return false
}

// boolean reads the words for true and false.
func boolean(word string) (truth, ok bool) {
	if len(word) > len("false") {
		return false, false
	}
	switch strings.ToLower(word) {
	case "true", "yes", "on":
		return true, true
	case "false", "no", "off":
		return false, true
	}
	return false, false
}

// scalar completes a scalar value that starts at an offset.
func (p *parser) scalar(start int, v *Value) *Value {
	v.Pos, v.nodes = p.pos(start), 1
	return v
}
