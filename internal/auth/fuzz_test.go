package auth

import (
	"strconv"
	"testing"

	"natsd/internal/config"
	"natsd/internal/perm"
)

// FuzzAuthenticate: whatever a CONNECT holds, it is refused unless it holds the right credentials.
func FuzzAuthenticate(f *testing.F) {
	k, proxy := newKey(f), newKey(f)
	o := authorization(config.User{Name: "u", Password: "p"}, config.User{NKey: k.public})
	o.TrustedProxies = []string{proxy.public}
	a := mustNew(f, o)
	sig := encode(k.sign(nonce))
	f.Add("u", "p", "", "", "", "")
	f.Add("u", "x", "", "", "", "xx")
	f.Add("", "", "t", k.public, sig, "")
	f.Add("", "", "", "UAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AAAA", encode(proxy.sign(nonce)))
	f.Fuzz(func(t *testing.T, user, pass, tok, nkey, sig, proxySig string) {
		g, err := attempt(t, a, Request{User: user, Pass: pass, Token: tok, NKey: nkey, Sig: sig, ProxySig: proxySig})
		byPassword := nkey == "" && user == "u" && pass == "p"
		switch {
		case (g == nil) == (err == nil):
			t.Fatalf("grant %v with error %v", g, err)
		case g == nil && byPassword && proxySig == "":
			t.Fatalf("refused: %v", err)
		case g != nil && !byPassword && verify(k.public, nonce, sig) != "":
			t.Fatalf("let in as %s", g.User)
		}
	})
}

// BenchmarkNew builds the Auth of a large configuration, as each reload does.
func BenchmarkNew(b *testing.B) {
	rules := &perm.Rules{Publish: &perm.SubjectRules{Allow: []string{"a.>", "b.*"}}, Subscribe: &perm.SubjectRules{Deny: []string{"c.>"}}}
	perms, err := perm.Compile(rules)
	if err != nil {
		b.Fatal(err)
	}
	var list []config.User
	for i := range 10_000 {
		list = append(list, config.User{Name: "user-" + strconv.Itoa(i), Password: "a long enough password", Permissions: rules, Perms: perms})
	}
	o := authorization(list...)
	b.ReportAllocs()
	for b.Loop() {
		mustNew(b, o)
	}
}
