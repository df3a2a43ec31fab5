package syntax

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// units are the multipliers of integers.
var units = map[string]int64{
	"":  1,
	"k": 1e3, "kb": 1 << 10, "ki": 1 << 10, "kib": 1 << 10,
	"m": 1e6, "mb": 1 << 20, "mi": 1 << 20, "mib": 1 << 20,
	"g": 1e9, "gb": 1 << 30, "gi": 1 << 30, "gib": 1 << 30,
	"t": 1e12, "tb": 1 << 40, "ti": 1 << 40, "tib": 1 << 40,
	"p": 1e15, "pb": 1 << 50, "pi": 1 << 50, "pib": 1 << 50,
	"e": 1e18, "eb": 1 << 60, "ei": 1 << 60, "eib": 1 << 60,
}

// number reads what begins like a number: an integer with or without a suffix, a decimal number, a
// date, an address, or a string that only began like one.
func (p *parser) number(inArray bool) (*Value, bool) {
	start := p.at
	negative := p.peek() == '-'
	if negative {
		p.at++
	}
	if !digit(p.peek()) {
		p.at = start
		return nil, p.fail("a number must begin with a digit", "text that begins with - or . needs quotes")
	}
	p.skipDigits()
	c := p.peek()
	switch {
	case c == '.':
		return p.decimal(start)
	case c == '-' && !negative:
		return p.date(start)
	case suffixLetter(c):
		return p.suffixed(start, inArray)
	case negative, p.endsNumber(inArray):
		return p.integer(start, p.at)
	}
	// The byte that showed it to be a string belongs to it, even one that would end a string.
	p.at++
	return p.bare(start)
}

// suffixed reads an integer with a suffix, or with an exponent as JSON has it.
func (p *parser) suffixed(start int, inArray bool) (*Value, bool) {
	digits := p.at
	p.at++
	if p.text[digits]|0x20 == 'e' && digit(p.peek()) {
		p.skipDigits()
		if p.eof() || p.endsNumber(inArray) {
			return p.exponent(start)
		}
		p.at = digits + 1
	}
	for c := p.peek() | 0x20; c == 'b' || c == 'i'; c = p.peek() | 0x20 {
		p.at++
	}
	// A bracket does not end a number with a suffix: "[1k]" holds a string.
	if p.endsNumber(false) || digit(p.peek()) {
		return p.integer(start, digits)
	}
	return p.bare(start)
}

// endsNumber reports whether what follows ends an integer.
func (p *parser) endsNumber(inArray bool) bool {
	switch p.peek() {
	case '\n', '\r', ' ', '\t', ';', ',', '}':
		return true
	case ']':
		return inArray
	}
	return p.eof()
}

// integer makes a value of the digits from start to digits and the suffix from there to here.
func (p *parser) integer(start, digits int) (*Value, bool) {
	raw := p.text[start:p.at]
	unit, ok := units[strings.ToLower(p.text[digits:p.at])]
	if !ok {
		return nil, p.failAt(start, "unknown unit after the number", "units are k m g t p e (powers of 1000) and kb mb gb tb pb eb (powers of 1024)")
	}
	n, err := strconv.ParseInt(p.text[start:digits], 10, 64)
	if err != nil || n > math.MaxInt64/unit || n < math.MinInt64/unit {
		return nil, p.failAt(start, "this integer is out of range", "integers have 64 bits with sign, unit included")
	}
	return p.scalar(start, Value{Kind: Int, Int: n * unit, Raw: raw}), true
}

// decimal reads what follows digits and a point: a fraction, and perhaps more points, which make an
// address or a version of it.
func (p *parser) decimal(start int) (*Value, bool) {
	p.at++
	if !digit(p.peek()) {
		return nil, p.fail("a digit must follow the point", "text that begins with a number may need quotes")
	}
	p.skipDigits()
	if p.peek() == '.' {
		for c := p.peek(); digit(c) || c == '.' || c == ':' || c == '-'; c = p.peek() {
			p.at++
		}
		text := p.text[start:p.at]
		return p.str(start, text, text), true
	}
	if p.peek()|0x20 == 'e' {
		mantissa := p.at
		p.at++
		if c := p.peek(); c == '+' || c == '-' {
			p.at++
		}
		if !digit(p.peek()) {
			p.at = mantissa
		}
		p.skipDigits()
	}
	return p.float(start)
}

// exponent makes a value of an integer with an exponent: an integer where it is one.
func (p *parser) exponent(start int) (*Value, bool) {
	v, ok := p.float(start)
	if ok && math.Abs(v.Float) < 1<<53 && v.Float == math.Trunc(v.Float) {
		v.Kind, v.Int, v.Float = Int, int64(v.Float), 0
	}
	return v, ok
}

func (p *parser) float(start int) (*Value, bool) {
	raw := p.text[start:p.at]
	f, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		return nil, p.failAt(start, "this number is out of range", "")
	}
	return p.scalar(start, Value{Kind: Float, Float: f, Raw: raw}), true
}

// dateForm is the only form a date may have.
const dateForm = "2006-01-02T15:04:05Z"

// date reads a date-time after its first digits.
func (p *parser) date(start int) (*Value, bool) {
	end := start + len(dateForm)
	if end <= len(p.text) {
		raw := p.text[start:end]
		if t, err := time.Parse(dateForm, raw); err == nil {
			p.at = end
			return p.scalar(start, Value{Kind: Time, Time: &t, Raw: raw}), true
		}
	}
	return nil, p.failAt(start, "not a date of the form YYYY-MM-DDTHH:MM:SSZ", "text that begins with digits and a hyphen needs quotes")
}

func (p *parser) skipDigits() {
	for digit(p.peek()) {
		p.at++
	}
}

func suffixLetter(c byte) bool {
	switch c | 0x20 {
	case 'k', 'm', 'g', 't', 'p', 'e':
		return true
	}
	return false
}
