package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"strings"
)

// helpColumn is where the explanations begin in the usage text.
const helpColumn = 38

func writeUsage(w io.Writer, name string) {
	var b strings.Builder
	fmt.Fprintf(&b, "\nUsage: %s [options]\n", name)
	for _, g := range optionGroups() {
		fmt.Fprintf(&b, "\n%s options:\n", g.title)
		for _, o := range g.options {
			writeOption(&b, o)
		}
	}
	b.WriteString("\nA flag beats the environment (NATSD_<KEY>), and that beats the configuration file.\n")
	_, _ = io.WriteString(w, b.String()) // nobody is left to tell
}

func writeOption(b *strings.Builder, o option) {
	var short, long []string
	for _, s := range append(o.also, o.name) {
		if len(s) <= 2 || s == flagDVV {
			short = append(short, "-"+s)
		} else {
			long = append(long, "--"+s)
		}
	}
	head := strings.Join(append(short, long...), ", ")
	if o.arg != "" {
		head += " <" + o.arg + ">"
	}
	indent := 4
	if len(short) == 0 {
		indent = 8
	}
	lines := strings.Split(o.help, "\n")
	head = strings.Repeat(" ", indent) + head
	if len(head) >= helpColumn {
		head += "\n" + strings.Repeat(" ", helpColumn)
	} else {
		head += strings.Repeat(" ", helpColumn-len(head))
	}
	b.WriteString(head + lines[0] + "\n")
	for _, l := range lines[1:] {
		b.WriteString(strings.Repeat(" ", helpColumn) + l + "\n")
	}
}

// writeTLSHelp lists the names that tls blocks take, in Go's order of preference.
func writeTLSHelp(w io.Writer) {
	var b strings.Builder
	b.WriteString(`A tls block of the configuration file:

tls {
    cert_file: "./certs/server.pem"
    key_file:  "./certs/server-key.pem"
    ca_file:   "./certs/ca.pem"     # authorities of client certificates
    verify:    true                 # ask clients for a certificate
    timeout:   "2s"
    cipher_suites: [ "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" ]
    curve_preferences: [ "X25519" ]
}

Cipher suites:
`)
	for _, c := range tls.CipherSuites() {
		b.WriteString("    " + c.Name + "\n")
	}
	b.WriteString("\nCipher suites that need allow_insecure_cipher_suites:\n")
	for _, c := range tls.InsecureCipherSuites() {
		b.WriteString("    " + c.Name + "\n")
	}
	b.WriteString("\nCurves:\n")
	for _, c := range []tls.CurveID{
		tls.X25519MLKEM768, tls.SecP256r1MLKEM768, tls.SecP384r1MLKEM1024,
		tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521,
	} {
		b.WriteString("    " + c.String() + "\n")
	}
	_, _ = io.WriteString(w, b.String()) // nobody is left to tell
}
