package certs

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"slices"
	"strings"
)

// DN is a distinguished name in RFC 4514 order: the RDN that stands last in the certificate is
// first. The zero value is the empty name.
type DN []RDN

// RDN is one relative distinguished name; with several attributes it is multi-valued ("a=1+b=2").
// Their order has no meaning.
type RDN []Attribute

// Attribute is one type with its value.
type Attribute struct {
	Type  string // dotted OID; a name that is not known stays as written, in upper case
	Value string // unescaped; compared byte by byte
}

// shortNames are the attribute names that may stand for an OID.
var shortNames = map[string]string{
	"CN":           "2.5.4.3",
	"SERIALNUMBER": "2.5.4.5",
	"C":            "2.5.4.6",
	"L":            "2.5.4.7",
	"ST":           "2.5.4.8",
	"STREET":       "2.5.4.9",
	"O":            "2.5.4.10",
	"OU":           "2.5.4.11",
	"POSTALCODE":   "2.5.4.17",
	"UID":          "0.9.2342.19200300.100.1.1",
	"DC":           oidDomainComponent,
}

const oidDomainComponent = "0.9.2342.19200300.100.1.25"

var errNotText = errors.New("an attribute value of the distinguished name is not text")

// RawDN reads the DER form that a certificate holds (RawSubject), with every attribute in it. It
// refuses names with values that are not text, since they could not be written down for comparison.
func RawDN(der []byte) (DN, error) {
	seq, err := rdnSequence(der)
	if err != nil {
		return nil, err
	}
	dn := make(DN, 0, len(seq))
	for _, set := range slices.Backward(seq) {
		rdn := make(RDN, 0, len(set))
		for _, a := range set {
			value, ok := a.Value.(string)
			if !ok {
				return nil, errNotText
			}
			rdn = append(rdn, Attribute{Type: a.Type.String(), Value: value})
		}
		dn = append(dn, rdn)
	}
	return dn, nil
}

func rdnSequence(der []byte) (pkix.RDNSequence, error) {
	var seq pkix.RDNSequence
	rest, err := asn1.Unmarshal(der, &seq)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, errors.New("bytes follow the distinguished name")
	}
	return seq, nil
}

// Key returns a text that two names share exactly when they have equal RDNs in the same order.
func (d DN) Key() string { return strings.Join(d.rdnKeys(), ",") }

// SetKey returns a text that two names share exactly when they have equal RDNs, each as often, in
// any order.
func (d DN) SetKey() string {
	keys := d.rdnKeys()
	slices.Sort(keys)
	return strings.Join(keys, ",")
}

// String returns the name in RFC 4514 form with OIDs for types. Parsing it gives an equal name.
func (d DN) String() string { return d.Key() }

func (d DN) rdnKeys() []string {
	keys := make([]string, len(d))
	for i, rdn := range d {
		parts := make([]string, len(rdn))
		for j, a := range rdn {
			parts[j] = a.Type + "=" + escape(a.Value)
		}
		slices.Sort(parts)
		keys[i] = strings.Join(parts, "+")
	}
	return keys
}

// escape writes a value such that it holds no bare separator and no blank at its ends that a parser
// would trim.
func escape(v string) string {
	var b strings.Builder
	for i := range len(v) {
		c := v[i]
		switch {
		case c < ' ' || c == 0x7f:
			const hex = "0123456789abcdef"
			b.WriteByte('\\')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&0xf])
			continue
		case strings.IndexByte(`,+"\<>;=#`, c) >= 0, c == ' ' && (i == 0 || i == len(v)-1):
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}
