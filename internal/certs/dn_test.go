package certs

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"
	"testing"
)

func TestParseDN(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want, err string }{
		{name: "short names", in: "CN=bob,O=Ex,OU=eng,DC=example,DC=com", want: "2.5.4.3=bob,2.5.4.10=Ex,2.5.4.11=eng,0.9.2342.19200300.100.1.25=example,0.9.2342.19200300.100.1.25=com"},
		{name: "case of types", in: "cn=Bob", want: "2.5.4.3=Bob"},
		{name: "OID", in: "2.5.4.3=bob,OID.1.2.3=x", want: "2.5.4.3=bob,1.2.3=x"},
		{name: "unknown type", in: "foo-1=x", want: "FOO-1=x"},
		{name: "blanks around", in: " CN = bob , O = a b ", want: "2.5.4.3=bob,2.5.4.10=a b"},
		{name: "semicolon", in: "CN=bob;O=Ex", want: "2.5.4.3=bob,2.5.4.10=Ex"},
		{name: "multi-valued, any order", in: "OU=eng+CN=bob", want: "2.5.4.11=eng+2.5.4.3=bob"},
		{name: "multi-valued, sorted", in: "CN=bob + OU=eng", want: "2.5.4.11=eng+2.5.4.3=bob"},
		{name: "escapes", in: `CN=a\,b\+c\=d\"e\\f\;g\<h\>i\#`, want: `2.5.4.3=a\,b\+c\=d\"e\\f\;g\<h\>i\#`},
		{name: "hex escape", in: `CN=a\2Cb\0a`, want: `2.5.4.3=a\,b\0a`},
		{name: "UTF-8 by hex", in: `CN=Lu\C4\8Di\C4\87`, want: "2.5.4.3=Lučić"},
		{name: "escaped blanks stay", in: `CN=\  a \ `, want: `2.5.4.3=\  a \ `},
		{name: "a bare = in a value", in: "CN=a=b", want: `2.5.4.3=a\=b`},
		{name: "empty value", in: "CN=,O=x", want: "2.5.4.3=,2.5.4.10=x"},
		{name: "hex value", in: "CN=#0c03626f62", want: "2.5.4.3=bob"},
		{name: "duplicates stay", in: "CN=a+CN=a,CN=a", want: "2.5.4.3=a+2.5.4.3=a,2.5.4.3=a"},

		{name: "empty", in: "", err: "byte 1: no ="},
		{name: "a plain user", in: "bob", err: "no ="},
		{name: "a bare comma in a value", in: "CN=a,b", err: "no ="},
		{name: "comma at the end", in: "CN=a,", err: "no ="},
		{name: "plus at the end", in: "CN=a+", err: "no ="},
		{name: "no type", in: "=a", err: "type is missing"},
		{name: "type with a blank", in: "C N=a", err: "bad attribute type"},
		{name: "type with zeros", in: "2.05.4=a", err: "bad attribute type"},
		{name: "quotes", in: `CN="a"`, err: "escaped"},
		{name: "half an escape", in: `CN=a\`, err: "bad escape"},
		{name: "bad escape", in: `CN=a\zz`, err: "bad escape"},
		{name: "bad hex", in: "CN=#0c0", err: "hexadecimal"},
		{name: "hex is no DER", in: "CN=#ff", err: "not DER"},
		{name: "hex with a tail", in: "CN=#0c0162ff", err: "not DER"},
		{name: "hex of a number", in: "CN=#020101", err: "not text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dn, err := ParseDN(c.in)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("got %v, %v; want an error with %q", dn, err, c.err)
				}
				return
			}
			if err != nil || dn.Key() != c.want {
				t.Fatalf("got %s, %v; want %s", dn, err, c.want)
			}
		})
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, a, b      string
		sameKey, sameRD bool
	}{
		{"equal", "CN=a,O=b", "cn=a, o=b", true, true},
		{"other order", "CN=a,O=b", "O=b,CN=a", false, true},
		{"values are case-sensitive", "CN=a", "CN=A", false, false},
		{"attribute order in an RDN", "CN=a+O=b", "O=b+CN=a", true, true},
		{"one RDN is not two", "CN=a+O=b", "CN=a,O=b", false, false},
		{"a subset", "CN=a,O=b", "CN=a", false, false},
		{"duplicates count", "CN=a,CN=a,O=b", "CN=a,O=b,O=b", false, false},
		{"duplicates in an RDN count", "CN=a+CN=a", "CN=a", false, false},
		{"an escaped separator is no separator", `CN=a\,O=b`, "CN=a,O=b", false, false},
		{"an escaped plus is no plus", `CN=a\+O=b`, "CN=a+O=b", false, false},
	} {
		a, errA := ParseDN(c.a)
		b, errB := ParseDN(c.b)
		if errA != nil || errB != nil {
			t.Fatal(c.name, errA, errB)
		}
		if got := a.Key() == b.Key(); got != c.sameKey {
			t.Errorf("%s: same key %v, want %v", c.name, got, c.sameKey)
		}
		if got := a.SetKey() == b.SetKey(); got != c.sameRD {
			t.Errorf("%s: same RDNs %v, want %v", c.name, got, c.sameRD)
		}
	}
}

func TestRawDN(t *testing.T) {
	t.Parallel()
	cn, org := asn1.ObjectIdentifier{2, 5, 4, 3}, asn1.ObjectIdentifier{2, 5, 4, 10}
	der := marshal(t, pkix.RDNSequence{
		{{Type: org, Value: "Ex"}},
		{{Type: cn, Value: "a,b"}, {Type: asn1.ObjectIdentifier{1, 2, 3}, Value: "x"}},
	})
	dn, err := RawDN(der)
	if err != nil || dn.Key() != `1.2.3=x+2.5.4.3=a\,b,2.5.4.10=Ex` {
		t.Errorf("got %s, %v", dn, err)
	}
	if _, err := RawDN(append(der, 0)); err == nil {
		t.Error("a tail is accepted")
	}
	if _, err := RawDN(der[:len(der)-1]); err == nil {
		t.Error("a cut name is accepted")
	}
	if dn, err := RawDN(marshal(t, pkix.RDNSequence{{{Type: cn, Value: 7}}})); err == nil {
		t.Errorf("a number is accepted: %s", dn)
	}
}

func marshal(t *testing.T, seq pkix.RDNSequence) []byte {
	t.Helper()
	der, err := asn1.Marshal(seq)
	if err != nil {
		t.Fatal(err)
	}
	return der
}
