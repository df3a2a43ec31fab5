package client

import (
	"errors"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
	"golang.org/x/crypto/bcrypt"
)

func key(t *testing.T) (string, nkeys.KeyPair) {
	t.Helper()
	kp := must[nkeys.KeyPair](t)(nkeys.CreateUser())
	return must[string](t)(kp.PublicKey()), kp
}

func hash(t *testing.T, secret string) string {
	t.Helper()
	return string(must[[]byte](t)(bcrypt.GenerateFromPassword([]byte(secret), bcrypt.MinCost)))
}

// TestLogin holds for every way to log in who gets in and who does not.
func TestLogin(t *testing.T) {
	t.Parallel()
	pub, kp := key(t)
	_, other := key(t)
	sign := func(kp nkeys.KeyPair) nats.SignatureHandler {
		return func(nonce []byte) ([]byte, error) { return kp.Sign(nonce) }
	}
	user, token, none := nats.UserInfo, nats.Token, func(*nats.Options) error { return nil }
	for _, c := range []struct {
		name, conf string
		in, out    []nats.Option
	}{
		{"open", "", []nats.Option{none, user("any", "thing"), token("any")}, nil},
		{
			"user", `authorization { user: u, password: p }`,
			[]nats.Option{user("u", "p")},
			[]nats.Option{none, user("u", "x"), user("x", "p"), user("u", ""), token("p")},
		},
		{
			"hashed user", `authorization { user: u, password: "` + hash(t, "p") + `" }`,
			[]nats.Option{user("u", "p")},
			[]nats.Option{user("u", "q"), user("v", "p"), none},
		},
		{"token", `authorization { token: "t k" }`, []nats.Option{token("t k")}, []nats.Option{none, token("t"), user("t k", "t k")}},
		{"hashed token", `authorization { token: "` + hash(t, "tok") + `" }`, []nats.Option{token("tok")}, []nats.Option{none, token("x")}},
		{
			"users", `authorization { users: [ {user: a, password: 1x}, {user: b, password: "` + hash(t, "2x") + `"}, {nkey: ` + pub + `} ] }`,
			[]nats.Option{user("a", "1x"), user("b", "2x"), nats.Nkey(pub, sign(kp))},
			[]nats.Option{none, user("a", "2x"), user("b", "1x"), nats.Nkey(pub, sign(other))},
		},
		{
			"accounts", `accounts { A { users: [ {user: a, password: p} ] }, B { users: [ {nkey: ` + pub + `} ] } }`,
			[]nats.Option{user("a", "p"), nats.Nkey(pub, sign(kp))},
			[]nats.Option{none, user("b", "p")},
		},
		{
			"no_auth_user", `authorization { users: [ {user: a, password: p}, {user: guest, password: g} ] }
no_auth_user: guest`,
			[]nats.Option{none, user("a", "p"), user("guest", "g")},
			[]nats.Option{user("a", "x"), user("nobody", "x")},
		},
		{
			"connection types", `authorization { users: [ {user: ws, password: p, allowed_connection_types: [WEBSOCKET]}, {user: s, password: p, allowed_connection_types: [standard]} ] }`,
			[]nats.Option{user("s", "p")},
			[]nats.Option{user("ws", "p")},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, c.conf)
			for i, o := range c.in {
				nc := dial(t, s, o)
				if err := nc.Flush(); err != nil {
					t.Errorf("login %d: %v", i, err)
				}
			}
			for i, o := range c.out {
				nc, err := nats.Connect("nats://"+s.Addr, o, nats.Timeout(patience))
				if err == nil {
					nc.Close()
				}
				if !errors.Is(err, nats.ErrAuthorization) {
					t.Errorf("refusal %d: got %v", i, err)
				}
			}
		})
	}
}

// TestPermissions holds what a client hears of a violation, and that it goes on afterwards.
func TestPermissions(t *testing.T) {
	t.Parallel()
	s := start(t, `authorization {
  users: [
    { user: u, password: p, permissions: { publish: { allow: ["ok.>"], deny: "ok.no" }, subscribe: { allow: ["in.>", "_INBOX.>"], deny: "in.no" } } }
    { user: admin, password: p }
    { user: svc, password: p, permissions: { subscribe: "svc", allow_responses: true } }
  ]
}`)
	errs := make(chan error, 10)
	nc := dial(t, s, nats.UserInfo("u", "p"), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { errs <- err }))
	admin := dial(t, s, nats.UserInfo("admin", "p"))
	watch, in := subscribe(t, admin, "ok.>"), subscribe(t, nc, "in.>")
	check(t, nc.Publish("ok.no", nil))
	if err := arrives(t, "publish violation", errs); !errors.Is(err, nats.ErrPermissionViolation) {
		t.Errorf("got %v", err)
	}
	must[*nats.Subscription](t)(nc.SubscribeSync("in.no"))
	if err := arrives(t, "subscription violation", errs); !errors.Is(err, nats.ErrPermissionViolation) {
		t.Errorf("got %v", err)
	}
	check(t, nc.Publish("ok.yes", []byte("1")))
	if m := next(t, watch); m.Subject != "ok.yes" {
		t.Errorf("got %s", m.Subject)
	}
	check(t, admin.Publish("in.no", []byte("hidden")))
	check(t, admin.Publish("in.yes", []byte("seen")))
	if m := next(t, in); m.Subject != "in.yes" {
		t.Errorf("a denied message of %s was delivered", m.Subject)
	}
	svc := dial(t, s, nats.UserInfo("svc", "p"))
	must[*nats.Subscription](t)(svc.Subscribe("svc", func(m *nats.Msg) { _ = m.Respond([]byte("done")) }))
	check(t, svc.Flush())
	if m := must[*nats.Msg](t)(admin.Request("svc", nil, patience)); string(m.Data) != "done" {
		t.Errorf("got %q", m.Data)
	}
}

// TestAccounts: accounts do not see each other.
func TestAccounts(t *testing.T) {
	t.Parallel()
	s := start(t, `accounts { A { users: [ {user: a, password: p} ] }, B { users: [ {user: b, password: p} ] } }`)
	a, b := dial(t, s, nats.UserInfo("a", "p")), dial(t, s, nats.UserInfo("b", "p"))
	subA, subB := subscribe(t, a, ">"), subscribe(t, b, ">")
	check(t, a.Publish("x", []byte("1")))
	check(t, a.Flush())
	if m := next(t, subA); m.Subject != "x" {
		t.Errorf("got %s", m.Subject)
	}
	silent(t, subB)
}
