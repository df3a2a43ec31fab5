package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nkeys"
)

// conf is what both servers are configured with, and how clients come in.
type conf struct {
	text  string
	files map[string][]byte // beside the configuration, by name
	login login
}

// login is what a client needs to be let in. The zero value is a server that lets everybody in.
type login struct {
	user, pass string
	key        nkeys.KeyPair
	tls        *tls.Config
}

// hello is the CONNECT of a client, and a PING; nonce is what the server wants signed.
func (l login) hello(nonce string) (string, error) {
	var proof strings.Builder
	if l.user != "" {
		fmt.Fprintf(&proof, `,"user":%q,"pass":%q`, l.user, l.pass)
	}
	if l.key != nil {
		public, err := l.key.PublicKey()
		if err != nil {
			return "", err
		}
		sig, err := l.key.Sign([]byte(nonce))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&proof, `,"nkey":%q,"sig":%q`, public, base64.RawURLEncoding.EncodeToString(sig))
	}
	return `CONNECT {"verbose":false,"pedantic":false,"lang":"bench","version":"1","protocol":1,` +
		`"headers":true,"no_responders":true,"echo":true` + proof.String() + "}\r\nPING\r\n", nil
}

const (
	benchUser = "bench"
	benchPass = "correct horse battery staple"
)

func passwordConf() (conf, error) {
	return conf{
		text:  fmt.Sprintf("authorization { users: [ {user: %s, password: %q} ] }\n", benchUser, benchPass),
		login: login{user: benchUser, pass: benchPass},
	}, nil
}

func nkeyConf() (conf, error) {
	key, err := nkeys.CreateUser()
	if err != nil {
		return conf{}, err
	}
	public, err := key.PublicKey()
	return conf{text: fmt.Sprintf("authorization { users: [ {nkey: %s} ] }\n", public), login: login{key: key}}, err
}

// permissionsConf has lists of 20 entries, half of them with wildcards, that the subjects of the
// workloads get past.
func permissionsConf() (conf, error) {
	list := func(word string) string {
		var entries []string
		for i := range 10 {
			entries = append(entries, fmt.Sprintf("%s.%d.orders", word, i), fmt.Sprintf("%s.%d.*.eu.>", word, i))
		}
		return `"` + strings.Join(entries, `", "`) + `"`
	}
	rules := fmt.Sprintf(`{allow: ["bench.>", %s], deny: ["bench.no.*", %s]}`, list("allowed"), list("denied"))
	return conf{
		text:  fmt.Sprintf("authorization { users: [ {user: %s, password: %q, permissions: {publish: %s, subscribe: %s}} ] }\n", benchUser, benchPass, rules, rules),
		login: login{user: benchUser, pass: benchPass},
	}, nil
}

// tlsConf has a certificate that is good for the duel only.
func tlsConf() (conf, error) {
	cert, key, err := selfSigned()
	return conf{
		text:  "tls { cert_file: \"cert.pem\", key_file: \"key.pem\", timeout: 10 }\n",
		files: map[string][]byte{"cert.pem": cert, "key.pem": key},
		login: login{tls: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13}},
	}, err
}

func selfSigned() (cert, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	t := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "bench"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, private.Public(), private)
	if err != nil {
		return nil, nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	cert = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return cert, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), nil
}

// write puts the files of c into dir and returns the name of the configuration.
func (c conf) write(dir string) (string, error) {
	text := c.text
	for name, content := range c.files {
		path := filepath.Join(dir, name)
		text = strings.ReplaceAll(text, `"`+name+`"`, `"`+path+`"`)
		if err := writeFile(path, content); err != nil {
			return "", err
		}
	}
	path := filepath.Join(dir, "server.conf")
	return path, writeFile(path, []byte(text))
}
