package syntax

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// literal reads a string in single quotes: no escapes, any number of lines.
func (p *parser) literal() (*Value, bool) {
	start := p.at
	end := strings.IndexByte(p.text[start+1:], '\'')
	if end < 0 {
		p.stop()
		return nil, p.failAt(start, "this string is never closed", "a closing ' is missing")
	}
	p.at = start + 1 + end + 1
	text := p.text[start+1 : p.at-1]
	return p.quoted(start, text, text), true
}

// escaped reads a string in double quotes.
func (p *parser) escaped() (*Value, bool) {
	start := p.at
	p.at++
	text, _, ok := p.unescape(p.at, true, func() bool { return p.peek() == '"' })
	if !ok {
		p.skipString()
		return nil, false
	}
	if p.eof() {
		p.stop()
		return nil, p.failAt(start, "this string is never closed", `a closing " is missing`)
	}
	raw := p.text[start+1 : p.at]
	p.at++
	return p.quoted(start, text, raw), true
}

// unescape reads text that began at start, up to where end says so or to the end of the file. The
// bytes before the current one are taken as they are. escapes tells whether there were any.
func (p *parser) unescape(start int, quoted bool, end func() bool) (text string, escapes, ok bool) {
	var b strings.Builder
	for !p.eof() && !end() {
		if p.peek() != '\\' {
			p.at++
			continue
		}
		b.WriteString(p.text[start:p.at])
		if !p.escape(&b, quoted) {
			return "", true, false
		}
		start, escapes = p.at, true
	}
	if !escapes {
		return p.text[start:p.at], false, true
	}
	b.WriteString(p.text[start:p.at])
	return b.String(), true, true
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
		n, ok := p.hexadecimal(start+2, 2)
		if !ok {
			return p.fail(`\x needs two hexadecimal digits`, "")
		}
		b.WriteByte(byte(n))
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
		n, ok := p.hexadecimal(p.at+2, 4)
		if !ok {
			return false
		}
		p.at += 6
		r := rune(n)
		if utf16.IsSurrogate(r) {
			// Half a pair alone has no meaning and becomes the replacement character, as in JSON.
			low := uint64(0)
			if strings.HasPrefix(p.text[p.at:], `\u`) {
				low, _ = p.hexadecimal(p.at+2, 4)
			}
			if r = utf16.DecodeRune(r, rune(low)); r != utf8.RuneError {
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

// hexadecimal reads so many hexadecimal digits at an offset.
func (p *parser) hexadecimal(offset, digits int) (n uint64, ok bool) {
	if offset+digits > len(p.text) {
		return 0, false
	}
	n, err := strconv.ParseUint(p.text[offset:offset+digits], 16, 64)
	return n, err == nil
}

// blockString reads a raw block: from the parenthesis to a line that is a closing one and nothing
// else.
func (p *parser) blockString() (*Value, bool) {
	start := p.at
	for i := start + 1; ; i++ {
		next := strings.Index(p.text[i:], "\n)")
		if next < 0 {
			break
		}
		i += next
		rest := p.text[i+2:]
		if len(rest) == 0 || rest[0] == '\n' || strings.HasPrefix(rest, "\r\n") {
			p.at = i + 2
			text := p.text[start+1 : i+1]
			return p.quoted(start, text, text), true
		}
	}
	p.stop()
	return nil, p.failAt(start, "this block is never closed", "it ends at a line that is a single )")
}

// bare reads a string without quotes whose text began at start; the bytes up to the current one
// are part of it whatever they are. A bare word may turn out to be a boolean or a variable, but not
// when it has an escape or ends at a single quote.
func (p *parser) bare(start int) (*Value, bool) {
	text, escapes, ok := p.unescape(start, false, p.endsBare)
	if !ok {
		return nil, false
	}
	v := p.str(start, text, p.text[start:p.at])
	quote := p.peek() == '\''
	if quote {
		p.at++
	}
	if escapes || quote {
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
func (p *parser) scalar(start int, v Value) *Value {
	v.Pos, v.nodes = p.pos(start), 1
	place := p.loader.nodes.take()
	*place = v
	return place
}

// str makes a string that starts at an offset.
func (p *parser) str(start int, text, raw string) *Value {
	v := p.loader.nodes.take()
	v.Kind, v.Str, v.Raw, v.Pos, v.nodes = String, text, raw, p.pos(start), 1
	return v
}

func (p *parser) quoted(start int, text, raw string) *Value {
	v := p.str(start, text, raw)
	v.Quoted = true
	return v
}
