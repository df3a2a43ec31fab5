package certs

import (
	"crypto/x509"
	"strings"
)

// Match says how a [Name] is compared with a user name.
type Match uint8

// The ways to compare, and the form of [Name.Text] for each.
const (
	Exact  Match = iota // byte by byte
	SameDN              // [DN.Key] of the user name read as a distinguished name
	AnyRDN              // [DN.SetKey] of it
)

// Name is one way to find a user for a certificate.
type Name struct {
	Match Match
	From  string // the part of the certificate, for the log: "email", "DNS name", "URI", "subject"
	Text  string
}

// Names lists the names of a certificate in the order in which they are to be tried, the first that
// is a user wins: e-mail addresses, DNS names and URIs of the subject alternative names, then the
// subject as a distinguished name, the same in any order, and last the subject as package pkix
// prints it, with the domain components appended if there are any, and without.
func Names(cert *x509.Certificate) []Name {
	var names []Name
	for _, s := range cert.EmailAddresses {
		names = append(names, Name{Exact, "email", s})
	}
	for _, s := range cert.DNSNames {
		names = append(names, Name{Exact, "DNS name", s})
	}
	for _, u := range cert.URIs {
		names = append(names, Name{Exact, "URI", u.String()})
	}
	return append(names, subjectNames(cert)...)
}

func subjectNames(cert *x509.Certificate) []Name {
	var names []Name
	if dn, err := RawDN(cert.RawSubject); err == nil && len(dn) > 0 {
		names = append(names, Name{SameDN, "subject", dn.Key()}, Name{AnyRDN, "subject", dn.SetKey()})
	}
	printed := cert.Subject.ToRDNSequence().String()
	if dcs := domainComponents(cert.RawSubject); dcs != "" {
		names = append(names, Name{Exact, "subject", printed + "," + dcs})
	}
	if printed != "" {
		names = append(names, Name{Exact, "subject", printed})
	}
	return names
}

// domainComponents joins the domain components in the order of the certificate.
func domainComponents(der []byte) string {
	seq, err := rdnSequence(der)
	if err != nil {
		return ""
	}
	var dcs []string
	for _, set := range seq {
		for _, a := range set {
			if value, ok := a.Value.(string); ok && a.Type.String() == oidDomainComponent {
				dcs = append(dcs, "DC="+value)
			}
		}
	}
	return strings.Join(dcs, ",")
}
