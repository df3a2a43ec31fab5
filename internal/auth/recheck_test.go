package auth

import (
	"errors"
	"testing"
	"time"

	"natsd/internal/config"
	"natsd/internal/perm"
)

func TestRecheck(t *testing.T) {
	t.Parallel()
	k, proxy := newKey(t), newKey(t)
	user := func(change func(*config.User)) *config.Options {
		u := config.User{Name: "u", Password: bcrypted(t, "p", 4)}
		change(&u)
		return authorization(u, config.User{Name: "other", Password: "p"})
	}
	block := func(z config.Authorization) *config.Options { return &config.Options{Authorization: z} }
	same := user(func(*config.User) {})
	byUser := Request{User: "u", Pass: "p"}
	for _, c := range []struct {
		name      string
		from, to  *config.Options
		req       Request
		kept      bool   // the very same grant
		reason    Reason // empty: granted
		permitted string // a subject that the new grant permits
	}{
		{name: "nothing changed", from: same, to: same, req: byUser, kept: true},
		{name: "another user removed", from: same, to: authorization(same.Authorization.Users[0]), req: byUser, kept: true},
		{name: "hash changed, password did not", from: same, to: user(func(*config.User) {}), req: byUser, kept: false},
		{name: "permissions changed", from: same, to: user(func(u *config.User) {
			u.Permissions = &perm.Rules{Publish: &perm.SubjectRules{Allow: []string{"x"}}}
		}), req: byUser, permitted: "x"},
		{name: "password changed", from: same, to: user(func(u *config.User) { u.Password = "new" }), req: byUser, reason: AuthenticationFailure},
		{name: "user removed", from: same, to: authorization(config.User{Name: "other"}), req: byUser, reason: ClientClosed},
		{name: "user moved", from: same, to: &config.Options{Accounts: []config.Account{{Name: "A", Users: same.Authorization.Users}}}, req: byUser, reason: ClientClosed},
		{name: "connection type taken away", from: same, to: user(func(u *config.User) { u.ConnectionTypes = []string{"MQTT"} }), req: byUser, reason: AuthenticationFailure},
		{name: "proxy now required", from: same, to: user(func(u *config.User) { u.ProxyRequired = true }), req: byUser, reason: ProxyRequired},
		{name: "authentication removed", from: same, to: block(config.Authorization{}), req: byUser},
		{name: "authentication added", from: block(config.Authorization{}), to: same, req: Request{}, reason: AuthenticationFailure},
		{name: "authentication added, right credentials", from: block(config.Authorization{}), to: same, req: byUser},
		{name: "still open", from: block(config.Authorization{}), to: block(config.Authorization{}), req: Request{User: "me"}, kept: true},
		{name: "same token", from: block(config.Authorization{Token: "t"}), to: block(config.Authorization{Token: "t"}), req: Request{Token: "t"}, kept: true},
		{name: "token changed", from: block(config.Authorization{Token: "t"}), to: block(config.Authorization{Token: "n"}), req: Request{Token: "t"}, reason: AuthenticationFailure},
		{name: "users instead of the token", from: block(config.Authorization{Token: "t"}), to: same, req: Request{Token: "t"}, reason: AuthenticationFailure},
		{name: "same single user", from: block(config.Authorization{User: "u", Password: "p"}), to: block(config.Authorization{User: "u", Password: "p"}), req: byUser, kept: true},
		{name: "single password changed", from: block(config.Authorization{User: "u", Password: "p"}), to: block(config.Authorization{User: "u", Password: "n"}), req: byUser, reason: ClientClosed},
		{name: "single user renamed", from: block(config.Authorization{User: "u", Password: "p"}), to: block(config.Authorization{User: "n", Password: "p"}), req: byUser, reason: ClientClosed},
		{name: "nkey kept", from: authorization(config.User{NKey: k.public}), to: authorization(config.User{NKey: k.public}), req: Request{NKey: k.public, Sig: encode(k.sign(nonce))}, kept: true},
		{name: "nkey removed", from: authorization(config.User{NKey: k.public}), to: same, req: Request{NKey: k.public, Sig: encode(k.sign(nonce))}, reason: ClientClosed},
		{
			name: "no_auth_user kept", kept: true,
			from: &config.Options{NoAuthUser: "u", Authorization: same.Authorization}, to: &config.Options{NoAuthUser: "u", Authorization: same.Authorization},
		},
		{name: "no_auth_user taken away", from: &config.Options{NoAuthUser: "u", Authorization: same.Authorization}, to: same, reason: AuthenticationFailure},
		{
			name: "proxy's key removed", reason: ProxyNotTrusted,
			from: &config.Options{TrustedProxies: []string{proxy.public}, Authorization: same.Authorization},
			to:   &config.Options{TrustedProxies: []string{k.public}, Authorization: same.Authorization},
			req:  Request{User: "u", Pass: "p", ProxySig: encode(proxy.sign(nonce))},
		},
		{
			name: "certificate of another user now", reason: ClientClosed,
			from: &config.Options{TLS: &config.TLS{VerifyAndMap: true}, Accounts: []config.Account{{Name: "A", Users: []config.User{{Name: "b.dev"}}}}},
			to:   &config.Options{TLS: &config.TLS{VerifyAndMap: true}, Authorization: config.Authorization{Users: []config.User{{Name: "a.dev"}, {Name: "b.dev"}}}},
			req:  with(t, cert{dns: []string{"a.dev", "b.dev"}}),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			old := mustNew(t, c.from)
			r := fill(c.req)
			r.Connected = true
			g, err := old.Authenticate(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			next, err := New(c.to, old)
			if err != nil {
				t.Fatal(err)
			}
			again, err := next.Recheck(t.Context(), g, r)
			var refusal *Refusal
			switch {
			case c.reason != "":
				if !errors.As(err, &refusal) || refusal.Reason != c.reason {
					t.Errorf("got %v, want %s", err, c.reason)
				}
			case err != nil:
				t.Error(err)
			case (again == g) != c.kept:
				t.Errorf("same grant %v, want %v", again == g, c.kept)
			case c.permitted != "" && (!again.Perms.Publish([]byte(c.permitted)) || again.Perms.Publish([]byte("other"))):
				t.Error("the new permissions are not there")
			}
		})
	}
}

// TestRecheckComparesOnce: a user with many connections costs one comparison, whatever comes of it.
func TestRecheckComparesOnce(t *testing.T) {
	t.Parallel()
	const cost = 9
	with := func(password string) *config.Options {
		return authorization(config.User{Name: "u", Password: bcrypted(t, password, cost)}, config.User{Name: "v", Password: "other"})
	}
	old := mustNew(t, with("p"))
	r := fill(Request{User: "u", Pass: "p"})
	r.Connected = true
	g, err := old.Authenticate(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	for password, granted := range map[string]bool{"p": true, "q": false} {
		next, err := New(with(password), old)
		if err != nil {
			t.Fatal(err)
		}
		first := time.Now()
		_, err = next.Recheck(t.Context(), g, r)
		one := time.Since(first)
		if (err == nil) != granted {
			t.Fatalf("password %s: %v", password, err)
		}
		rest := time.Now()
		for range 100 {
			_, again := next.Recheck(t.Context(), g, r)
			if (again == nil) != granted {
				t.Fatalf("password %s: %v", password, again)
			}
		}
		if all := time.Since(rest); all > 10*one {
			t.Errorf("password %s: one takes %v, a hundred more %v", password, one, all)
		}
		other := *r
		other.Pass = "x"
		if _, err := next.Recheck(t.Context(), g, &other); err == nil {
			t.Error("a wrong password is right")
		}
	}
}
