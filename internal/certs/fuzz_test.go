package certs

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// FuzzParseDN: whatever is accepted prints to a text that parses to an equal name, in any order of
// its RDNs, and going through a certificate changes nothing either.
func FuzzParseDN(f *testing.F) {
	for _, s := range []string{
		"CN=bob,O=Ex,OU=eng,DC=example,DC=com", `CN=a\,b\2C+OU=\ x\ ;2.5.4.3=#0c03626f62`, "a=b", "CN=", `CN=a\`, "=", "CN=a+,", "CN=a+CN=a,CN=a",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		dn, err := ParseDN(s)
		if err != nil {
			return
		}
		again, err := ParseDN(dn.String())
		if err != nil || again.Key() != dn.Key() {
			t.Fatalf("%q prints as %q, which is %q, %v", s, dn, again, err)
		}
		turned := slices.Clone(dn)
		slices.Reverse(turned)
		if turned.SetKey() != dn.SetKey() {
			t.Fatalf("%q: the order of RDNs changes the set key", s)
		}
		if der, ok := der(dn); ok {
			raw, err := RawDN(der)
			if err != nil || raw.Key() != dn.Key() {
				t.Fatalf("%q through a certificate is %q, %v; want %q", s, raw, err, dn)
			}
		}
	})
}

// FuzzRawDN: no bytes of a certificate make it fail, and what it accepts survives printing.
func FuzzRawDN(f *testing.F) {
	if der, ok := der(DN{{{"2.5.4.3", "bob"}}, {{"2.5.4.10", "x"}, {"2.5.4.11", " y,"}}}); ok {
		f.Add(der)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		dn, err := RawDN(der)
		if err != nil || len(dn) == 0 {
			return
		}
		for _, rdn := range dn {
			if len(rdn) == 0 {
				return // has no text form
			}
		}
		if again, err := ParseDN(dn.String()); err != nil || again.Key() != dn.Key() {
			t.Fatalf("%x prints as %q, which is %q, %v", der, dn, again, err)
		}
	})
}

// der encodes the name as a certificate would; false when Go cannot write it.
func der(dn DN) ([]byte, bool) {
	var seq pkix.RDNSequence
	for _, rdn := range slices.Backward(dn) {
		var set pkix.RelativeDistinguishedNameSET
		for _, a := range rdn {
			oid, ok := oid(a.Type)
			if !ok {
				return nil, false
			}
			set = append(set, pkix.AttributeTypeAndValue{Type: oid, Value: a.Value})
		}
		seq = append(seq, set)
	}
	der, err := asn1.Marshal(seq)
	return der, err == nil
}

func oid(s string) (asn1.ObjectIdentifier, bool) {
	var id asn1.ObjectIdentifier
	for part := range strings.SplitSeq(s, ".") {
		n, err := strconv.ParseInt(part, 10, 31)
		if err != nil {
			return nil, false
		}
		id = append(id, int(n))
	}
	return id, len(id) >= 2
}
