package auth

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/nats-io/nkeys"
	"go.uber.org/goleak"
	"golang.org/x/crypto/bcrypt"

	"natsd/internal/config"
	"natsd/internal/perm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var nonce = []byte("abcdefghij-_012")

// attemptCase is one request with what becomes of it: the user and account of the grant, or the
// words of a refusal.
type attemptCase struct {
	name    string
	req     Request
	silent  bool // no CONNECT was sent
	user    string
	account string // "$G" unless given
	refused string // part of the refusal's text
}

func attempts(t *testing.T, o *config.Options, cases []attemptCase) {
	t.Helper()
	a := mustNew(t, o)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := fill(c.req)
			r.Connected = !c.silent
			g, err := a.Authenticate(t.Context(), r)
			if c.refused != "" {
				checkRefusal(t, err, c.refused)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.account == "" {
				c.account = config.GlobalAccount
			}
			if g.User != c.user || g.Account != c.account {
				t.Errorf("granted %q in %s, want %q in %s", g.User, g.Account, c.user, c.account)
			}
		})
	}
}

func checkRefusal(t *testing.T, err error, words string) {
	t.Helper()
	if _, ok := errors.AsType[*Refusal](err); !ok {
		t.Fatalf("got %v, want a refusal with %q", err, words)
	}
	if !strings.Contains(err.Error(), words) {
		t.Errorf("refusal %q, want %q in it", err, words)
	}
}

// fill completes a request with what every connection has.
func fill(r Request) *Request {
	if r.Type == "" {
		r.Type = Standard
	}
	if !r.Remote.IsValid() {
		r.Remote = netip.MustParseAddrPort("192.0.2.1:4000")
	}
	if r.Nonce == nil {
		r.Nonce = nonce
	}
	return &r
}

func mustNew(t testing.TB, o *config.Options) *Auth {
	t.Helper()
	a, err := New(o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func authorization(users ...config.User) *config.Options {
	return &config.Options{Authorization: config.Authorization{Users: users}}
}

// bcrypted hashes at a cost that tests can afford.
func bcrypted(t testing.TB, password string, cost int) config.Secret {
	t.Helper()
	h, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	if err != nil {
		t.Fatal(err)
	}
	return config.Secret(h)
}

// key is a user nkey made for a test.
type key struct {
	t      testing.TB
	pair   nkeys.KeyPair
	public string
}

func newKey(t testing.TB) key {
	t.Helper()
	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return key{t, pair, public}
}

func (k key) sign(text []byte) []byte {
	k.t.Helper()
	sig, err := k.pair.Sign(text)
	if err != nil {
		k.t.Fatal(err)
	}
	return sig
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	twice := config.User{Name: "a", Password: "x"}
	for _, c := range []struct {
		name, want string
		o          config.Options
	}{
		{"operator mode", "operator mode", config.Options{Operator: &config.Operator{}}},
		{"callout", "callout", config.Options{Authorization: config.Authorization{Callout: &config.AuthCallout{}}}},
		{"a password for nobody", "without a user", config.Options{Authorization: config.Authorization{Password: "canary"}}},
		{"a user without name", "no name", *authorization(config.User{Password: "canary"})},
		{"a user twice", `duplicate user "a"`, *authorization(twice, twice)},
		{"a user in two accounts", `duplicate user "a"`, config.Options{Accounts: []config.Account{
			{Name: "A", Users: []config.User{twice}},
			{Name: "B", Users: []config.User{twice}},
		}}},
		{"no_auth_user without users", `no_auth_user: "a" not present`, config.Options{NoAuthUser: "a"}},
		{"no_auth_user that is the single user", `no_auth_user: "a" not present`, config.Options{NoAuthUser: "a", Authorization: config.Authorization{User: "a"}}},
		{"a bad permission", `user "a": subject`, *authorization(config.User{Name: "a", Permissions: &perm.Rules{Publish: &perm.SubjectRules{Allow: []string{"a..b"}}}})},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, err := New(&c.o, nil)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "canary") {
				t.Errorf("got %v, %v; want an error with %q", a, err, c.want)
			}
			if a != nil {
				t.Error("an Auth comes with the error")
			}
		})
	}
}

func TestFacts(t *testing.T) {
	t.Parallel()
	k := newKey(t)
	user := config.User{Name: "a", Password: "x"}
	for _, c := range []struct {
		name                       string
		o                          config.Options
		required, nonce, anonymous bool
	}{
		{"open", config.Options{}, false, false, false},
		{"accounts without users", config.Options{Accounts: []config.Account{{Name: "A"}}}, false, false, false},
		{"single user", config.Options{Authorization: config.Authorization{User: "a"}}, true, false, false},
		{"token", config.Options{Authorization: config.Authorization{Token: "a"}}, true, false, false},
		{"users", *authorization(user), true, false, false},
		{"nkeys", *authorization(config.User{NKey: k.public}), true, true, false},
		{"nkeys in an account", config.Options{Accounts: []config.Account{{Name: "A", Users: []config.User{{NKey: k.public}}}}}, true, true, false},
		{"no_auth_user", config.Options{NoAuthUser: "a", Authorization: config.Authorization{Users: []config.User{user}}}, true, false, true},
		{"trusted proxies", config.Options{TrustedProxies: []string{k.public}}, false, true, false},
		{"proxy required", config.Options{Authorization: config.Authorization{ProxyRequired: true}}, true, false, false},
	} {
		a := mustNew(t, &c.o)
		if a.Required() != c.required || a.NeedsNonce() != c.nonce || a.NoAuthUser() != c.anonymous {
			t.Errorf("%s: required %v, nonce %v, no_auth_user %v; want %v %v %v",
				c.name, a.Required(), a.NeedsNonce(), a.NoAuthUser(), c.required, c.nonce, c.anonymous)
		}
	}
}

// TestAnyAuthenticationShutsOut tries every way to configure authentication: a client that brings
// nothing, with or without a CONNECT, stays outside.
func TestAnyAuthenticationShutsOut(t *testing.T) {
	t.Parallel()
	k := newKey(t)
	user := config.User{Name: "a", Password: "x"}
	for i, o := range []*config.Options{
		{Authorization: config.Authorization{User: "a"}},
		{Authorization: config.Authorization{User: "a", Password: "x"}},
		{Authorization: config.Authorization{Token: "a"}},
		{Authorization: config.Authorization{ProxyRequired: true}},
		{TrustedProxies: []string{k.public}, Authorization: config.Authorization{ProxyRequired: true}},
		authorization(user),
		authorization(config.User{NKey: k.public}),
		{SystemAccount: "SYS", Accounts: []config.Account{{Name: "SYS", Users: []config.User{user}}}},
		{TLS: &config.TLS{VerifyAndMap: true}, Authorization: config.Authorization{Users: []config.User{user}}},
	} {
		for _, connected := range []bool{true, false} {
			r := fill(Request{})
			r.Connected = connected
			if g, err := mustNew(t, o).Authenticate(t.Context(), r); err == nil {
				t.Errorf("case %d, CONNECT %v: granted %s", i, connected, g.ID)
			}
		}
	}
}

func TestConnectionTypes(t *testing.T) {
	t.Parallel()
	k := newKey(t)
	sig := encode(k.sign(nonce))
	attempts(t, authorization(
		config.User{Name: "w", Password: "p", ConnectionTypes: []string{"WEBSOCKET"}},
		config.User{Name: "s", Password: "p", ConnectionTypes: []string{"STANDARD", "MQTT"}},
		config.User{NKey: k.public, ConnectionTypes: []string{"WEBSOCKET"}},
	), []attemptCase{
		{name: "wrong", req: Request{User: "w", Pass: "p"}, refused: "Authentication Failure: user:w may not use connections of type STANDARD"},
		{name: "wrong, with a wrong password", req: Request{User: "w", Pass: "x"}, refused: "does not match"},
		{name: "right", req: Request{User: "s", Pass: "p"}, user: "s"},
		{name: "second of two", req: Request{Type: MQTT, User: "s", Pass: "p"}, user: "s"},
		{name: "right websocket", req: Request{Type: Websocket, User: "w", Pass: "p"}, user: "w"},
		{name: "nkey, wrong", req: Request{NKey: k.public, Sig: sig}, refused: "type STANDARD"},
		{name: "nkey, right", req: Request{Type: Websocket, NKey: k.public, Sig: sig}, user: k.public},
	})
}

func TestGrant(t *testing.T) {
	t.Parallel()
	rules := func(allow ...string) *perm.Rules {
		return &perm.Rules{Publish: &perm.SubjectRules{Allow: allow}}
	}
	grant := func(account string, u config.User) *Grant {
		u.Name, u.Password = "a", "p"
		a := mustNew(t, &config.Options{Accounts: []config.Account{{Name: account, Users: []config.User{u}}}})
		r := fill(Request{User: "a", Pass: "p"})
		r.Connected = true
		g, err := a.Authenticate(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		again, err := a.Authenticate(t.Context(), r)
		if err != nil || g != again {
			t.Fatalf("the grant is not shared: %p %p %v", g, again, err)
		}
		return g
	}
	base := grant("A", config.User{Permissions: rules("x")})
	if base.Account != "A" || base.ID != "user:a" || !base.Expires.IsZero() {
		t.Errorf("unexpected grant %+v", base)
	}
	if !base.Perms.Publish([]byte("x")) || base.Perms.Publish([]byte("y")) {
		t.Error("the rules were not compiled")
	}
	if other := grant("A", config.User{Permissions: rules("x"), ProxyRequired: false}); !other.Same(base) {
		t.Error("equal grants do not grant the same")
	}
	for name, other := range map[string]*Grant{
		"another account": grant("B", config.User{Permissions: rules("x")}),
		"other subjects":  grant("A", config.User{Permissions: rules("x", "y")}),
		"no permissions":  grant("A", config.User{}),
		"nothing allowed": grant("A", config.User{Permissions: &perm.Rules{Publish: &perm.SubjectRules{Allow: []string{}}}}),
		"all allowed":     grant("A", config.User{Permissions: &perm.Rules{Publish: &perm.SubjectRules{}}}),
	} {
		if other.Same(base) {
			t.Errorf("%s: grants the same", name)
		}
	}
}

// TestNoSecretInErrors puts a canary into every secret of configuration and request and reads what
// each way of failing says.
func TestNoSecretInErrors(t *testing.T) {
	t.Parallel()
	const canary = "canary"
	k := newKey(t)
	long := canary + strings.Repeat("x", bcryptLongest)
	plain := config.User{Name: "a", Password: canary + "-config"}
	for i, o := range []*config.Options{
		{Authorization: config.Authorization{User: "a", Password: canary + "-config"}},
		{Authorization: config.Authorization{Token: canary + "-config"}},
		{Authorization: config.Authorization{Token: "$2a$04$" + canary}},
		authorization(plain),
		authorization(config.User{Name: "a", Password: bcrypted(t, canary+"-config", 4)}),
		authorization(config.User{Name: "a", Password: "$2a$04$" + canary}),
		authorization(config.User{NKey: k.public}),
		{TrustedProxies: []string{k.public}, Authorization: config.Authorization{Users: []config.User{plain}}},
		{TLS: &config.TLS{VerifyAndMap: true}, Authorization: config.Authorization{Users: []config.User{plain}}},
	} {
		a := mustNew(t, o)
		for _, r := range []Request{
			{User: "a", Pass: canary},
			{User: "b", Pass: canary},
			{User: "a", Pass: long},
			{Token: canary},
			{Token: long},
			{Pass: canary},
			{NKey: k.public, Sig: canary},
			{NKey: "U", Sig: canary},
			{JWT: canary},
			{User: "a", Pass: canary, ProxySig: canary},
		} {
			r := fill(r)
			r.Connected = true
			_, err := a.Authenticate(t.Context(), r)
			if err == nil {
				t.Errorf("case %d let %d in", i, len(r.User))
				continue
			}
			if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, canary) {
				t.Errorf("case %d: a secret in %q", i, text)
			}
		}
	}
}

func TestRequestPrintsNoSecret(t *testing.T) {
	t.Parallel()
	const canary = "canary"
	r := fill(Request{User: canary, Pass: canary, Token: canary, Sig: canary, JWT: canary, ProxySig: canary})
	if text := fmt.Sprintf("%v %+v %#v %s", r, r, r, r.LogValue()); strings.Contains(text, canary) {
		t.Error(text)
	}
}

func TestLongNamesAreCut(t *testing.T) {
	t.Parallel()
	a := mustNew(t, authorization(config.User{Name: "a", Password: "p"}))
	r := fill(Request{User: strings.Repeat("\n", 5000), Pass: "x"})
	r.Connected = true
	_, err := a.Authenticate(t.Context(), r)
	if err == nil || len(err.Error()) > 300 || strings.Contains(err.Error(), "\n") {
		t.Errorf("unfit for a log: %v", err)
	}
}

func TestContextEnds(t *testing.T) {
	t.Parallel()
	a := mustNew(t, authorization(config.User{Name: "a", Password: bcrypted(t, "p", 4)}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := fill(Request{User: "a", Pass: "p"})
	r.Connected = true
	if _, err := a.Authenticate(ctx, r); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}
