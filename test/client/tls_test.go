package client

import (
	"crypto/tls"
	"testing"

	"github.com/nats-io/nats.go"

	"natsd/test/harness"
)

const serverCert = `cert_file: "<certs>/server.pem", key_file: "<certs>/server.key", timeout: 2`

// TestTLS holds for every TLS mode which clients get through.
func TestTLS(t *testing.T) {
	t.Parallel()
	certs := harness.Certs(t)
	with := func(cert string) nats.Option { return nats.Secure(certs.Client(t, cert)) }
	version := func(v uint16) nats.Option {
		cfg := certs.Client(t, "")
		cfg.MinVersion, cfg.MaxVersion = v, v
		return nats.Secure(cfg)
	}
	pin, err := certs.KeyHash("dns")
	check(t, err)
	plain := func(*nats.Options) error { return nil }
	untrusting := nats.Secure(&tls.Config{ServerName: "localhost", MinVersion: tls.VersionTLS12})
	both := func(a, b nats.Option) nats.Option {
		return func(o *nats.Options) error {
			if err := a(o); err != nil {
				return err
			}
			return b(o)
		}
	}
	for _, c := range []struct {
		name, conf string
		in, out    []nats.Option
		newer      bool // the peer is too old
	}{
		{"required", `tls { ` + serverCert + ` }`, []nats.Option{with("")}, []nats.Option{untrusting}, false},
		{"1.2", `tls { ` + serverCert + ` }`, []nats.Option{version(tls.VersionTLS12), version(tls.VersionTLS13)}, []nats.Option{version(tls.VersionTLS11)}, false},
		{
			"min version", `tls { ` + serverCert + `, min_version: "1.3" }`,
			[]nats.Option{version(tls.VersionTLS13)},
			[]nats.Option{version(tls.VersionTLS12)},
			true,
		},
		{"mixed", `tls { ` + serverCert + ` }
allow_non_tls: true`, []nats.Option{with(""), plain}, nil, false},
		{"verify", `tls { ` + serverCert + `, ca_file: "<certs>/ca.pem", verify: true }`, []nats.Option{with("dns"), with("dn")}, []nats.Option{with("")}, false},
		{
			"pinned", `tls { ` + serverCert + `, ca_file: "<certs>/ca.pem", verify: true, pinned_certs: ["` + pin + `"] }`,
			[]nats.Option{with("dns")},
			[]nats.Option{with("uri")},
			false,
		},
		{
			"map", `tls { ` + serverCert + `, ca_file: "<certs>/ca.pem", verify_and_map: true }
authorization { users: [ {user: "app.nats.dev"}, {user: "CN=bob,O=Ex,OU=eng,DC=example,DC=com"} ] }`,
			[]nats.Option{with("dns"), with("dn")},
			[]nats.Option{with("dn2"), with("")},
			false,
		},
		{
			"handshake first", `tls { ` + serverCert + `, handshake_first: true }`,
			[]nats.Option{both(with(""), nats.TLSHandshakeFirst())},
			nil, true,
		},
		{
			"handshake first with fallback", `tls { ` + serverCert + `, handshake_first: "800ms" }`,
			[]nats.Option{both(with(""), nats.TLSHandshakeFirst()), with("")},
			nil, true,
		},
		{
			"cipher", `tls { ` + serverCert + `, cipher_suites: ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"], curve_preferences: ["CurveP256"] }`,
			[]nats.Option{version(tls.VersionTLS12), version(tls.VersionTLS13)},
			nil, false,
		},
		{
			"password over TLS", `tls { ` + serverCert + ` }
authorization { user: u, password: p }`,
			[]nats.Option{both(with(""), nats.UserInfo("u", "p"))},
			[]nats.Option{with(""), both(with(""), nats.UserInfo("u", "x"))},
			false,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.newer && harness.Target() == harness.Peer {
				t.Skip("nats-server 2.9.10 does not have it")
			}
			s := start(t, c.conf)
			for i, o := range c.in {
				nc := dial(t, s, o)
				sub := subscribe(t, nc, "tls")
				check(t, nc.Publish("tls", []byte("x")))
				if m := next(t, sub); string(m.Data) != "x" {
					t.Errorf("connection %d got %q", i, m.Data)
				}
			}
			for i, o := range c.out {
				if nc, err := nats.Connect("nats://"+s.Addr, o, nats.Timeout(patience)); err == nil {
					nc.Close()
					t.Errorf("connection %d got through", i)
				}
			}
		})
	}
}

// TestTLSLarge sends more than one record's worth through TLS in both directions.
func TestTLSLarge(t *testing.T) {
	t.Parallel()
	s := start(t, `tls { `+serverCert+` }`)
	nc := dial(t, s, nats.Secure(harness.Certs(t).Client(t, "")))
	sub := subscribe(t, nc, "big")
	data := make([]byte, 1<<20)
	for i := range data {
		data[i] = byte(i * 7)
	}
	for range 20 {
		check(t, nc.Publish("big", data))
	}
	for range 20 {
		if got := next(t, sub).Data; string(got) != string(data) {
			t.Fatal("the payload came back changed")
		}
	}
}
