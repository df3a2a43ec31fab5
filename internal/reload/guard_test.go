package reload_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"natsd/internal/reload"
)

// certificate writes a pair that signs itself and returns the tls keys that name it.
func certificate(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "localhost"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "cert.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	write(t, filepath.Join(dir, "key.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})))
}

func TestGuard(t *testing.T) {
	t.Parallel()
	const (
		pair   = "cert_file: cert.pem, key_file: key.pem"
		mutual = "tls { cert_file: cert.pem, key_file: key.pem, ca_file: cert.pem, verify: true }\n"
		single = "authorization { user: u, password: p }\n"
		users  = "authorization { users: [ {user: u, password: p} ] }\n"
		token  = "authorization { token: t }\n"
		acc    = "accounts { A { users: [ {user: u, password: p} ] } }\n"
	)
	for name, c := range map[string]struct {
		a, b string
		want []string // keys
	}{
		"nothing":               {single, single, nil},
		"user":                  {single, "", []string{"authorization"}},
		"users":                 {users, "authorization { users: [] }", []string{"authorization"}},
		"token":                 {token, "", []string{"authorization"}},
		"another method":        {token, users, nil},
		"one of two users":      {"authorization { users: [ {user: u, password: p}, {user: v, password: p} ] }", users, nil},
		"authentication added":  {"", users, nil},
		"accounts":              {acc, "", []string{"accounts", "authorization"}},
		"accounts, users stay":  {acc + "authorization { users: [ {user: x, password: p} ] }", users, []string{"accounts"}},
		"one of two accounts":   {"accounts { A { users: [ {user: u, password: p} ] }, B {} }", acc, nil},
		"accounts lose users":   {acc, "accounts { A {} }", []string{"authorization"}},
		"tls":                   {"tls {" + pair + "}", "", []string{"tls"}},
		"tls and all":           {single + "tls {" + pair + "}", "", []string{"authorization", "tls"}},
		"tls changes":           {"tls {" + pair + "}", "tls {" + pair + ", timeout: 3}", nil},
		"client certificates":   {mutual, "tls {" + pair + "}", []string{"authorization"}},
		"users, not TLS":        {users + mutual, mutual, []string{"authorization"}},
		"mapped users":          {users + strings.Replace(mutual, "verify", "verify_and_map", 1), mutual, []string{"authorization"}},
		"clear text beside":     {mutual, mutual + "allow_non_tls: true", []string{"authorization"}},
		"widened, open":         {"listen: 127.0.0.1:4222", "listen: 0.0.0.0:4222", []string{"host"}},
		"widened by a cut":      {"listen: localhost:4222", "", []string{"host"}},
		"widened, ipv6":         {"host: \"::1\"", "host: \"::\"", []string{"host"}},
		"widened, mapped":       {"host: \"::ffff:127.0.0.1\"", "host: \"::\"", []string{"host"}},
		"widened, closed":       {"listen: 127.0.0.1:4222\n" + single, "listen: 0.0.0.0:4222\n" + single, nil},
		"other loopback":        {"host: 127.0.0.1", "host: 127.0.0.2", nil},
		"narrowed":              {"host: 0.0.0.0", "host: 127.0.0.1", nil},
		"widened and opened":    {"host: 127.0.0.1\n" + single, "", []string{"authorization", "host"}},
		"monitoring widened":    {"host: 127.0.0.1, http: 127.0.0.1:8222", "host: 127.0.0.1, http: 0.0.0.0:8222", []string{"http"}},
		"monitoring never asks": {"http: 127.0.0.1:8222\n" + single, "http: 0.0.0.0:8222\n" + single, []string{"http"}},
		"monitoring added":      {"host: 127.0.0.1", "host: 127.0.0.1, http: 0.0.0.0:8222", nil},
		"peers lose credential": {"cluster { port: -1, authorization { user: u, password: p } }", "cluster { port: -1 }", []string{"cluster.authorization"}},
		"peers go":              {"cluster { port: -1, authorization { user: u, password: p } }", "", nil},
		"peers lose tls":        {"cluster { port: -1, host: 127.0.0.1, tls {" + pair + ", ca_file: cert.pem} }", "cluster { port: -1, host: 127.0.0.1 }", []string{"cluster.authorization", "cluster.tls"}},
		"leafnodes widened":     {"leafnodes { port: -1, host: 127.0.0.1 }", "leafnodes { port: -1 }", []string{"leafnodes.host"}},
		"websocket loses tls":   {single + "websocket { port: -1, tls {" + pair + "} }", single + "websocket { port: -1, no_tls: true }", []string{"websocket.tls"}},
		"gateway widened":       {"gateway { name: g, port: -1, host: 127.0.0.1 }", "gateway { name: g, port: -1 }", []string{"gateway.host"}},
		"mqtt stays closed":     {"server_name: s, jetstream: enabled\nmqtt { port: -1, authorization {token: t} }", "server_name: s, jetstream: enabled\nmqtt { port: -1, authorization {token: u} }", nil},
		"profiles widened":      {"host: 127.0.0.1, prof_port: -1", "prof_port: -1", []string{"host", "host"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			certificate(t, dir)
			old, next := loadIn(t, dir, c.a), loadIn(t, dir, c.b)
			ask := func(allowed string, req reload.Request) (keys []string, warned int) {
				old := old
				if allowed != "" {
					old = loadIn(t, dir, c.a+"\n"+allowed)
				}
				report, err := reload.New(old, reload.Setup{}).Apply(t.Context(), next, req)
				for _, p := range report.Problems {
					if p.Code == reload.CodeGuard {
						keys = append(keys, p.Key)
					}
				}
				for _, p := range report.Warnings {
					if p.Code == reload.CodeGuard {
						warned++
					}
				}
				if len(keys) > 0 && (err == nil || report.Result != reload.Refused || report.Verdict != reload.Rejected) {
					t.Errorf("%v %v", err, report.Result)
				}
				slices.Sort(keys)
				return keys, warned
			}
			for _, req := range []reload.Request{{Who: "signal"}, {Who: "watcher", Mode: reload.Partial}, {Who: "api", DryRun: true}} {
				if got, _ := ask("", req); !slices.Equal(got, c.want) {
					t.Errorf("%s: %q, want %q", req.Who, got, c.want)
				}
			}
			if got, warned := ask("", reload.Request{AllowAuthRemoval: true}); got != nil || warned != len(c.want) {
				t.Errorf("allowed by the request: %q, %d warnings", got, warned)
			}
			if got, warned := ask("allow_auth_removal: true", reload.Request{}); got != nil || warned != len(c.want) {
				t.Errorf("allowed by the running configuration: %q, %d warnings", got, warned)
			}
		})
	}
}

// TestGuardAsksTheRunningConfiguration: a new file cannot permit itself.
func TestGuardAsksTheRunningConfiguration(t *testing.T) {
	t.Parallel()
	m := reload.New(load(t, "authorization { token: t }"), reload.Setup{})
	if _, err := m.Apply(t.Context(), load(t, "allow_auth_removal: true"), reload.Request{}); err == nil {
		t.Error("it did")
	}
}

// TestTruncation cuts a file off at every byte. What still loads never opens the server.
func TestTruncation(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certificate(t, dir)
	text := `
listen: 127.0.0.1:4333
http: 127.0.0.1:8222
tls { cert_file: cert.pem, key_file: key.pem }
accounts {
  A { users: [ {user: a, password: x} ] }
  B { users: [ {user: b, password: y} ] }
}
authorization { users: [ {user: c, password: z} ] }
server_tags: [x]
`
	old := loadIn(t, dir, text)
	applied := 0
	for i := range len(text) {
		path := filepath.Join(dir, "cut.conf")
		write(t, path, text[:i])
		next := tryLoad(path, dir)
		if next == nil {
			continue
		}
		m := reload.New(old, reload.Setup{})
		if _, err := m.Apply(t.Context(), next, reload.Request{}); err != nil {
			continue
		}
		applied++
		if now := m.Current(); now.TLS == nil || len(now.Accounts) == 0 || now.Host != old.Host {
			t.Errorf("applied when cut at byte %d: %q", i, text[:i])
		}
	}
	t.Logf("%d of %d cuts were applied", applied, len(text))
}
