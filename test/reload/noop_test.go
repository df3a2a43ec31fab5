package reload

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
	"golang.org/x/crypto/bcrypt"

	"natsd/test/harness"
)

const serverCert = `cert_file: "<certs>/server.pem", key_file: "<certs>/server.key"`

// TestNoopCutsNobody: in every way to log in, a reload of the same configuration touches no connection.
func TestNoopCutsNobody(t *testing.T) {
	t.Parallel()
	kp, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	pub, err := kp.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte("p"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	certs := harness.Certs(t)
	none := func(*nats.Options) error { return nil }
	u := nats.UserInfo("u", "p")
	key := nats.Nkey(pub, func(nonce []byte) ([]byte, error) { return kp.Sign(nonce) })
	for name, c := range map[string]struct {
		conf  string
		login []nats.Option
	}{
		"open":                    {"", []nats.Option{none}},
		"open, with a name":       {"", []nats.Option{u, nats.Token("t")}},
		"single user":             {`authorization { user: u, password: p }`, []nats.Option{u}},
		"single user, bcrypt":     {`authorization { user: u, password: "` + string(hash) + `" }`, []nats.Option{u}},
		"token":                   {`authorization { token: t }`, []nats.Option{nats.Token("t")}},
		"token, bcrypt":           {`authorization { token: "` + string(hash) + `" }`, []nats.Option{nats.Token("p")}},
		"users":                   {`authorization { users: [ {user: u, password: p}, {user: v, password: "` + string(hash) + `"} ] }`, []nats.Option{u, nats.UserInfo("v", "p")}},
		"users with permissions":  {`authorization { default_permissions: {publish: ">", subscribe: {allow: ">", deny: secret}}, users: [ {user: u, password: p, allowed_connection_types: [STANDARD]} ] }`, []nats.Option{u}},
		"nkeys":                   {`authorization { users: [ {nkey: ` + pub + `} ] }`, []nats.Option{key}},
		"accounts":                {`accounts { A { users: [ {user: u, password: p} ], limits { max_conn: 2 } }, B { users: [ {nkey: ` + pub + `} ] } }`, []nats.Option{u, key}},
		"system account":          {`accounts { A { users: [ {user: u, password: p} ] } }` + "\nsystem_account: A", []nats.Option{u}},
		"no_auth_user":            {`authorization { users: [ {user: u, password: p}, {user: guest, password: g} ] }` + "\nno_auth_user: guest", []nats.Option{u, none}},
		"no_auth_user in account": {`accounts { A { users: [ {user: guest, password: g} ] } }` + "\nno_auth_user: guest", []nats.Option{none}},
		"TLS":                     {`tls { ` + serverCert + ` }`, []nats.Option{nats.Secure(certs.Client(t, ""))}},
		"TLS map": {
			`tls { ` + serverCert + `, ca_file: "<certs>/ca.pem", verify_and_map: true }
authorization { users: [ {user: "app.nats.dev"}, {user: "CN=bob,O=Ex,OU=eng,DC=example,DC=com"} ] }`,
			[]nats.Option{nats.Secure(certs.Client(t, "dns")), nats.Secure(certs.Client(t, "dn"))},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, c.conf)
			var all []*nats.Conn
			for _, login := range c.login {
				all = append(all, s.dial(login))
				flows(t, all[len(all)-1], all[len(all)-1])
			}
			loaded := s.varz("config_load_time")
			for _, text := range []string{c.conf, "# other words, the same meaning\n" + c.conf + "\nping_max: 2"} {
				s.reload(text)
			}
			for i, nc := range all {
				if !nc.IsConnected() {
					t.Errorf("connection %d was cut: %v", i, nc.LastError())
					continue
				}
				flows(t, nc, nc)
			}
			if closed, err := s.Connz("state=closed"); err != nil || len(closed) > 0 {
				t.Errorf("closed connections: %v, %v", closed, err)
			}
			if now := s.varz("config_load_time"); now == loaded {
				t.Errorf("config_load_time stays at %v", now)
			}
		})
	}
}

// TestNoopOfManyClients: the same with a crowd, and quickly.
func TestNoopOfManyClients(t *testing.T) {
	t.Parallel()
	s := start(t, `authorization { users: [ {user: u, password: p}, {user: v, password: p} ] }`)
	n := soak(500, 10000)
	var all []*harness.Conn
	for i := range n {
		c, _ := s.enter(user([]string{"u", "v"}[i%2], "p"))
		all = append(all, c)
	}
	began := time.Now()
	s.reload(`authorization { users: [ {user: v, password: p}, {user: u, password: p} ] }`)
	t.Logf("%d clients, a reload takes %v", n, time.Since(began).Round(time.Millisecond))
	for _, c := range all {
		served(t, c)
	}
}
