package syntax

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDepth bounds how deep maps, arrays and includes nest, in each other as well.
const maxDepth = 100

// parser reads one text: a file, or the value of an environment variable.
//
// Methods that return ok report the problem themselves when it is false; the caller then goes on
// behind the damage, at the next line.
type parser struct {
	*source
	loader *loader
	report func(Problem) bool // false: stop
	dir    string             // what include paths are relative to
	env    bool               // the text is an environment variable: no includes

	at     int      // offset of the next byte
	depth  int      // containers open
	scopes []*Table // maps open, outermost first: where variables are looked up
	path   []string // keys open, for problems

	stopped bool // the end was reached by giving up

	marks *[]mark // where things stand in the text, for Format; nil otherwise
}

// level is what surrounds an entry. The rules differ in small ways.
type level uint8

const (
	top   level = iota // the file itself
	block              // braces around the whole file, as in JSON
	inner              // the map of some key
)

// file reads the whole text.
func (p *parser) file() *Table {
	root := &Table{Pos: p.pos(0)}
	if i := strings.IndexByte(p.text, 0); i >= 0 {
		p.failAt(i, "NUL byte: this is not a text file", "save it as UTF-8")
		return root
	}
	p.scopes = append(p.scopes, root)
	p.entries(0, top)
	return root
}

// entries reads pairs into the innermost scope, up to and including the closing brace, or up to
// the end of the file at the top level. open is the offset of the brace that started it.
func (p *parser) entries(open int, lv level) {
	comma := false // within braces, a comma may begin the next line, as some write JSON
	for {
		p.skipBlank()
		switch c := p.peek(); {
		case p.eof():
			if lv != top && !p.stopped {
				p.failAt(open, "this map is never closed", "a } is missing")
			}
			return
		case c == '}' && lv != top:
			p.at++
			p.mark(closes, p.at-1)
			return
		case c == '}':
			p.strayBrace()
		case c == '{' && lv != inner:
			if p.descend() {
				p.at++
				p.mark(opens, p.at-1)
				p.entries(p.at-1, block)
				p.depth--
				comma = false
			}
		case c == ',' && comma && lv != top:
			p.at++
			comma = false
		default:
			comma = p.entry(lv)
		}
	}
}

// strayBrace deals with a closing brace at the top level, where none is open. One at the very end
// is let pass, as generated files are known to have it.
func (p *parser) strayBrace() {
	at := p.at
	p.at++
	p.skipSpace()
	if p.eof() {
		p.warnAt(at, "this brace closes nothing", "remove it")
		return
	}
	p.failAt(at, "this brace closes nothing", "remove it, or look for a missing { above")
}

// entry reads one pair, or an include, with what ends it, into the innermost scope. It reports
// whether a comma may still follow.
func (p *parser) entry(lv level) (comma bool) {
	start := p.at
	key, bare, ok := p.key()
	if !ok {
		p.recover(lv)
		return false
	}
	if bare && strings.EqualFold(key, "include") && p.spaceFollows() {
		if !p.include(start) {
			p.recover(lv)
			return false
		}
		p.mark(includes, start)
		return p.finish(lv)
	}
	p.mark(names, start)
	p.path = append(p.path, key)
	defer func() { p.path = p.path[:len(p.path)-1] }()
	v, ok := p.entryValue(start, lv)
	if !ok {
		p.recover(lv)
		return false
	}
	e := p.loader.entries.take()
	e.Key, e.Pos, e.Value = key, p.pos(start), v
	p.put(e)
	return p.finish(lv)
}

// put adds an entry to the innermost scope. Its key is the last of the path.
func (p *parser) put(e *Entry) {
	old := p.scopes[len(p.scopes)-1].put(e)
	if old == nil {
		return
	}
	e.Referenced = e.Referenced || old.Referenced
	hint := "remove one of them"
	if old.Value.Kind == Map && e.Value.Kind == Map {
		hint = "maps are not merged: put everything into one of them"
	}
	p.report(Problem{
		Pos: e.Pos, Key: p.keyPath(), Warning: true, Hint: hint,
		Message: fmt.Sprintf("%q is defined twice: this replaces the one at %s", e.Key, old.Pos),
	})
}

// key reads a key. bare tells that it stood without quotes.
func (p *parser) key() (key string, bare, ok bool) {
	start := p.at
	switch c := p.peek(); c {
	case '=', ':':
		return "", false, p.fail(fmt.Sprintf("%q without a key before it", string(c)), "")
	case '"', '\'':
		end := strings.IndexByte(p.text[start+1:], c)
		if end < 0 {
			p.stop()
			return "", false, p.failAt(start, "this quote is never closed", "")
		}
		p.at = start + 1 + end + 1
		return p.text[start+1 : p.at-1], false, true
	case ']':
		return "", false, p.fail("this bracket closes nothing", "remove it, or look for a missing [ above")
	case '/':
		return "", false, p.fail("a key cannot begin with a slash", "comments begin with // or #; keys may be quoted")
	}
	for !p.eof() {
		r, n := p.rune()
		if unicode.IsSpace(r) || r == '=' || r == ':' {
			break
		}
		p.at += n
	}
	key = p.text[start:p.at]
	if key[0] == ',' || key[0] == ';' {
		p.warnAt(start, fmt.Sprintf("the %q in front became part of the key", key[:1]), "remove it")
	}
	return key, true, true
}

// entryValue reads the separator and the value of the key that starts at key.
func (p *parser) entryValue(key int, lv level) (*Value, bool) {
	p.skipSpace()
	separated := p.peek() == '=' || p.peek() == ':'
	if separated {
		p.at++
	}
	if p.eof() && !separated {
		return nil, p.failAt(key, "this key has no value", "")
	}
	return p.separatedValue(key, lv)
}

// separatedValue reads the value behind the separator of the key that starts at key.
func (p *parser) separatedValue(key int, lv level) (*Value, bool) {
	if lv == inner {
		p.skipSpace()
	} else {
		p.skipInline()
	}
	start := p.at
	switch c := p.peek(); {
	case p.eof() && lv != top:
		return nil, p.failAt(key, "this key has no value", "")
	case p.newline():
		p.failAt(key, "this key has no value on its line", "start the value on the line of the separator")
		p.skipOrphan()
		return nil, false
	case lv == inner && (c == ',' || c == '}'):
		return nil, p.failAt(key, "this key has no value", `write "" for an empty string`)
	}
	v, ok := p.value(false)
	ok = ok && p.count(start, 1)
	if ok && !p.env && p.at == start {
		p.warnAt(key, "this key has no value: it is read as an empty string", `write ""`)
	}
	return v, ok
}

// skipOrphan skips the next line if a single value stands there: it belongs to the key above.
func (p *parser) skipOrphan() {
	at := p.at
	p.skipSpace()
	line := p.text[p.at:]
	if i := strings.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	if strings.ContainsAny(strings.TrimSpace(line), " \t=:{") {
		p.at = at
		return
	}
	p.at += len(line)
}

// value reads a value of any kind. What ends the value is left to the caller.
func (p *parser) value(inArray bool) (*Value, bool) {
	switch p.peek() {
	case '[':
		return p.array()
	case '{':
		return p.table()
	}
	start := p.at
	v, ok := p.single(inArray)
	p.mark(values, start)
	return v, ok
}

// single reads a value that holds no others.
func (p *parser) single(inArray bool) (*Value, bool) {
	switch c := p.peek(); {
	case c == '"':
		return p.escaped()
	case c == '\'':
		return p.literal()
	case c == '(':
		return p.blockString()
	case c == '-', c == '.', digit(c):
		return p.number(inArray)
	}
	return p.bare(p.at)
}

// table reads a map.
func (p *parser) table() (*Value, bool) {
	if !p.descend() {
		return nil, false
	}
	start := p.at
	before := p.loader.dependencies()
	t := p.loader.tables.take()
	t.Pos = p.pos(start)
	p.at++
	p.mark(opens, start)
	p.scopes = append(p.scopes, t)
	p.entries(start, inner)
	p.scopes = p.scopes[:len(p.scopes)-1]
	p.depth--
	v := p.loader.nodes.take()
	v.Kind, v.Pos, v.Map, v.nodes = Map, t.Pos, t, 1
	if p.loader.dependencies() == before && !p.env {
		v.Raw = p.text[start:p.at]
	}
	for _, e := range t.Entries {
		v.adopt(e.Value)
	}
	return v, true
}

// array reads an array. Damage inside it is skipped with the rest of the array, so it is always ok
// unless it nests too deep.
func (p *parser) array() (*Value, bool) {
	if !p.descend() {
		return nil, false
	}
	start := p.at
	v := p.loader.nodes.take()
	v.Kind, v.Pos, v.nodes = Array, p.pos(start), 1
	p.at++
	p.mark(opens, start)
	comma := false // a comma may begin the next line
	for {
		p.skipBlank()
		c := p.peek()
		if p.eof() {
			if !p.stopped {
				p.failAt(start, "this array is never closed", "a ] is missing")
			}
			break
		}
		if c == ']' {
			p.at++
			p.mark(closes, p.at-1)
			break
		}
		if c == ',' {
			if comma {
				p.at++
				comma = false
				continue
			}
			p.fail("a value is missing before this comma", "")
			p.skipBrackets(1, false)
			break
		}
		item, ok := p.value(true)
		if !ok || !p.count(start, 1) {
			p.skipBrackets(1, false)
			break
		}
		v.Items = append(v.Items, item)
		v.adopt(item)
		p.skipInline()
		comma = p.newline() || p.comment()
		if p.peek() == ',' {
			p.at++
		} else if !comma && !p.eof() && p.peek() != ']' {
			p.fail(fmt.Sprintf("expected a comma or ] in the array of line %d", v.Pos.Line), "values with spaces need quotes")
			p.skipBrackets(1, false)
			break
		}
	}
	p.depth--
	return v, true
}

// adopt accounts for a child.
func (v *Value) adopt(child *Value) {
	v.nodes += child.nodes
	v.height = max(v.height, child.height+1)
}

// finish reads what must follow a value: a separator, a comment, the end of the line, of the map or
// of the file. It reports whether a comma may still follow.
func (p *parser) finish(lv level) (comma bool) {
	p.skipInline()
	switch c := p.peek(); {
	case p.eof(), p.comment():
		return true
	case p.newline():
		p.at++
		return true
	case c == ',', c == ';':
		p.at++
		return false
	case c == '}':
		if lv == top {
			p.warn("this brace closes nothing", "remove it, or look for a missing { above")
			p.at++
		}
		return false
	}
	hint := "values with spaces or special characters need quotes"
	if at := p.at; at > 0 && digit(p.text[at-1]) || lettersAfterDigits(p.text, at) {
		hint = `durations, addresses with a mask and other text that begins with a number need quotes: "1m30s"`
	}
	p.fail("unexpected text after the value", hint)
	p.recover(lv)
	return false
}

// lettersAfterDigits reports whether the text before at ends in a number with a suffix.
func lettersAfterDigits(text string, at int) bool {
	i := at
	for i > 0 && strings.IndexByte("kmgtpebi", text[i-1]|0x20) >= 0 {
		i--
	}
	return i < at && i > 0 && digit(text[i-1])
}

// descend counts one more open container.
func (p *parser) descend() bool {
	if p.depth >= maxDepth {
		p.fail(fmt.Sprintf("nested deeper than %d", maxDepth), "")
		p.stop()
		return false
	}
	p.depth++
	return true
}

// recover skips to the end of the line after damage, and with it all brackets that the line opens.
func (p *parser) recover(lv level) { p.skipBrackets(0, lv != top) }

// skipBrackets skips to the end of a line on which no bracket is open any more, depth of them being
// open now. A brace that closes more than that is left standing when keep is set.
func (p *parser) skipBrackets(depth int, keep bool) {
	inArray := depth > 0
	for ; !p.eof(); p.at++ {
		switch c := p.peek(); c {
		case '\n':
			if depth <= 0 {
				return
			}
		case '"', '\'':
			for i := p.at + 1; i < len(p.text) && p.text[i] != '\n'; i++ {
				if p.text[i] == c {
					p.at = i
					break
				}
			}
		case '#', '/':
			if p.comment() && p.at > 0 && space(p.text[p.at-1]) {
				p.skipComment()
				p.at--
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 && c == '}' && keep {
				return
			}
			depth--
			if inArray && depth == 0 {
				p.at++
				return
			}
		}
	}
	p.stopped = true
}

// Reading

func (p *parser) eof() bool { return p.at >= len(p.text) }

// peek returns the next byte, 0 at the end.
func (p *parser) peek() byte {
	if p.eof() {
		return 0
	}
	return p.text[p.at]
}

// rune returns the next rune and its length. The end must not have been reached.
func (p *parser) rune() (rune, int) {
	if c := p.text[p.at]; c < utf8.RuneSelf {
		return rune(c), 1
	}
	return utf8.DecodeRuneInString(p.text[p.at:])
}

// newline reports whether a line end is next.
func (p *parser) newline() bool { c := p.peek(); return c == '\n' || c == '\r' }

// comment reports whether a comment is next.
func (p *parser) comment() bool {
	c := p.peek()
	return c == '#' || c == '/' && p.at+1 < len(p.text) && p.text[p.at+1] == '/'
}

// spaceFollows reports whether white space is next.
func (p *parser) spaceFollows() bool {
	if p.eof() {
		return false
	}
	r, _ := p.rune()
	return unicode.IsSpace(r)
}

// skipInline skips blanks within a line.
func (p *parser) skipInline() {
	for c := p.peek(); c == ' ' || c == '\t'; c = p.peek() {
		p.at++
	}
}

// skipSpace skips white space of any kind, line ends included.
func (p *parser) skipSpace() {
	for !p.eof() {
		r, n := p.rune()
		if !unicode.IsSpace(r) {
			return
		}
		p.at += n
	}
}

// skipBlank skips white space, line ends and comments.
func (p *parser) skipBlank() {
	for p.skipSpace(); p.comment(); p.skipSpace() {
		p.skipComment()
	}
}

// skipComment skips to the line end.
func (p *parser) skipComment() {
	for !p.eof() && !p.newline() {
		p.at++
	}
}

// stop gives up on the rest of the text: there is no telling any more what belongs to what.
func (p *parser) stop() { p.at, p.stopped = len(p.text), true }

func digit(c byte) bool { return c >= '0' && c <= '9' }

func space(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// Reporting

// fail reports an error at the next byte. It returns false, for a caller to return.
func (p *parser) fail(message, hint string) bool { return p.failAt(p.at, message, hint) }

func (p *parser) failAt(offset int, message, hint string) bool {
	if !p.report(Problem{Pos: p.pos(offset), Key: p.keyPath(), Message: message, Hint: hint}) {
		p.stop()
	}
	return false
}

func (p *parser) warn(message, hint string) { p.warnAt(p.at, message, hint) }

func (p *parser) warnAt(offset int, message, hint string) {
	p.report(Problem{Pos: p.pos(offset), Key: p.keyPath(), Message: message, Hint: hint, Warning: true})
}

// keyPath names the key that is being read.
func (p *parser) keyPath() string { return strings.Join(p.path, ".") }
