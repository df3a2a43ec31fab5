package certs

import (
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// ParseDN reads the text form of RFC 4514 as people write it into a configuration: types by short
// name in any case or by OID (with or without "OID."), values with escapes or as #hex, blanks
// around separators. A semicolon separates like a comma. An empty text is an error.
func ParseDN(s string) (DN, error) {
	p := dnParser{rest: s}
	var dn DN
	for {
		rdn, err := p.rdn()
		if err != nil {
			return nil, fmt.Errorf("distinguished name, byte %d: %w", len(s)-len(p.rest)+1, err)
		}
		dn = append(dn, rdn)
		if p.rest == "" {
			return dn, nil
		}
		p.rest = p.rest[1:] // rdn stops at a separator
	}
}

type dnParser struct{ rest string }

func (p *dnParser) rdn() (RDN, error) {
	var rdn RDN
	for {
		a, err := p.attribute()
		if err != nil {
			return nil, err
		}
		rdn = append(rdn, a)
		if p.rest == "" || p.rest[0] != '+' {
			return rdn, nil
		}
		p.rest = p.rest[1:]
	}
}

func (p *dnParser) attribute() (a Attribute, err error) {
	name, rest, ok := strings.Cut(p.rest, "=")
	if !ok {
		return a, errors.New("no = after the attribute type")
	}
	if a.Type, err = attributeType(strings.Trim(name, " ")); err != nil {
		return a, err
	}
	p.rest = strings.TrimLeft(rest, " ")
	if strings.HasPrefix(p.rest, "#") {
		a.Value, err = p.hexValue()
	} else {
		a.Value, err = p.value()
	}
	return a, err
}

// attributeType returns the OID of a short name, an OID as it is, any other keyword in upper case.
func attributeType(name string) (string, error) {
	name = strings.ToUpper(name)
	if oid, ok := shortNames[name]; ok {
		return oid, nil
	}
	oid := strings.TrimPrefix(name, "OID.")
	if isOID(oid) {
		return oid, nil
	}
	for i := range len(name) {
		c := name[i]
		letter := c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || (c != '-' && (c < '0' || c > '9'))) {
			return "", errors.New("bad attribute type")
		}
	}
	if name == "" {
		return "", errors.New("attribute type is missing")
	}
	return name, nil
}

// isOID tells whether s is numbers without leading zeros, joined by dots.
func isOID(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || strings.Trim(part, "0123456789") != "" || (len(part) > 1 && part[0] == '0') {
			return false
		}
	}
	return strings.Contains(s, ".")
}

// value reads up to the next bare separator. Bare blanks at the end are not part of the value.
func (p *dnParser) value() (string, error) {
	var b strings.Builder
	keep := 0 // length up to the last byte that is not a bare blank
	for p.rest != "" {
		c := p.rest[0]
		switch c {
		case ',', ';', '+':
			return b.String()[:keep], nil
		case '"', '<', '>', 0:
			return "", fmt.Errorf("%q has to be escaped", c)
		case '\\':
			unescaped, n, err := unescape(p.rest)
			if err != nil {
				return "", err
			}
			b.WriteByte(unescaped)
			p.rest = p.rest[n:]
			keep = b.Len()
			continue
		}
		b.WriteByte(c)
		p.rest = p.rest[1:]
		if c != ' ' {
			keep = b.Len()
		}
	}
	return b.String()[:keep], nil
}

// unescape reads the escape that s begins with and tells its length.
func unescape(s string) (byte, int, error) {
	if len(s) >= 2 && strings.IndexByte(` "#+,;<=>\`, s[1]) >= 0 {
		return s[1], 2, nil
	}
	if len(s) >= 3 {
		if b, err := hex.DecodeString(s[1:3]); err == nil {
			return b[0], 3, nil
		}
	}
	return 0, 0, errors.New("bad escape")
}

// hexValue reads #hex, the DER form of a text.
func (p *dnParser) hexValue() (string, error) {
	end := strings.IndexAny(p.rest, ",;+")
	if end < 0 {
		end = len(p.rest)
	}
	der, err := hex.DecodeString(strings.TrimRight(p.rest[1:end], " "))
	if err != nil {
		return "", errors.New("bad hexadecimal value")
	}
	var v any
	rest, err := asn1.Unmarshal(der, &v)
	if err != nil || len(rest) > 0 {
		return "", errors.New("hexadecimal value is not DER")
	}
	s, ok := v.(string)
	if !ok {
		return "", errNotText
	}
	p.rest = p.rest[end:]
	return s, nil
}
