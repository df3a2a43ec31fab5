package auth

import (
	"encoding/base64"
	"strings"
	"testing"

	"natsd/internal/config"
)

func encode(sig []byte) string { return base64.RawURLEncoding.EncodeToString(sig) }

func TestOpen(t *testing.T) {
	t.Parallel()
	attempts(t, &config.Options{}, []attemptCase{
		{name: "no CONNECT", silent: true},
		{name: "no credentials"},
		{name: "a name that nobody checks", req: Request{User: "me", Pass: "x"}, user: "me"},
		{name: "an nkey that nobody checks", req: Request{NKey: "U1", User: "me"}, user: "U1"},
		{name: "a token", req: Request{Token: "canary"}, user: "[REDACTED]"},
	})
}

func TestSingle(t *testing.T) {
	t.Parallel()
	cases := []attemptCase{
		{name: "right", req: Request{User: "u", Pass: "p"}, user: "u"},
		{name: "wrong password", req: Request{User: "u", Pass: "x"}, refused: `Authentication Failure: user "u": does not match`},
		{name: "no password", req: Request{User: "u"}, refused: "does not match"},
		{name: "wrong user", req: Request{User: "x", Pass: "p"}, refused: `user "x" is unknown`},
		{name: "password as token", req: Request{Token: "p"}, refused: "unknown"},
		{name: "nothing", refused: "unknown"},
		{name: "no CONNECT", silent: true, refused: "CONNECT is missing"},
	}
	attempts(t, &config.Options{Authorization: config.Authorization{User: "u", Password: "p"}}, cases)
	attempts(t, &config.Options{Authorization: config.Authorization{User: "u", Password: bcrypted(t, "p", 4)}}, cases)
	attempts(t, &config.Options{Authorization: config.Authorization{User: "u"}}, []attemptCase{
		{name: "no password configured", req: Request{User: "u"}, user: "u"},
		{name: "a password although none is configured", req: Request{User: "u", Pass: "x"}, refused: "does not match"},
	})
}

func TestToken(t *testing.T) {
	t.Parallel()
	cases := []attemptCase{
		{name: "right", req: Request{Token: "s3cr3t"}, user: "[REDACTED]"},
		{name: "right, with a user", req: Request{User: "u", Token: "s3cr3t"}, user: "[REDACTED]"},
		{name: "wrong", req: Request{Token: "no"}, refused: "token: does not match"},
		{name: "as user and password", req: Request{User: "s3cr3t", Pass: "s3cr3t"}, refused: "token is missing"},
		{name: "nothing", refused: "token is missing"},
		{name: "no CONNECT", silent: true, refused: "CONNECT is missing"},
	}
	attempts(t, &config.Options{Authorization: config.Authorization{Token: "s3cr3t"}}, cases)
	attempts(t, &config.Options{Authorization: config.Authorization{Token: bcrypted(t, "s3cr3t", 4)}}, cases)
}

func TestUsers(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("x", bcryptLongest)
	b := config.Secret("$2b$" + bcrypted(t, "p", 4).Reveal()[4:])
	y := config.Secret("$2y$" + bcrypted(t, "p", 4).Reveal()[4:])
	o := authorization(
		config.User{Name: "plain", Password: "p"},
		config.User{Name: "hashed", Password: bcrypted(t, "p", 4)},
		config.User{Name: "dear", Password: bcrypted(t, "p", 5)},
		config.User{Name: "b", Password: b}, config.User{Name: "y", Password: y},
		config.User{Name: "long", Password: bcrypted(t, longest, 4)},
		config.User{Name: "longplain", Password: config.Secret(longest + "x")},
		config.User{Name: "broken", Password: "$2a$04$short"},
		config.User{Name: "like", Password: "$2a$nothash"},
		config.User{Name: "none"},
	)
	o.Accounts = []config.Account{{Name: "A", Users: []config.User{{Name: "in A", Password: "p"}}}}
	attempts(t, o, []attemptCase{
		{name: "plain", req: Request{User: "plain", Pass: "p"}, user: "plain"},
		{name: "plain, wrong", req: Request{User: "plain", Pass: "P"}, refused: `user "plain": does not match`},
		{name: "hashed", req: Request{User: "hashed", Pass: "p"}, user: "hashed"},
		{name: "hashed, wrong", req: Request{User: "hashed", Pass: "P"}, refused: "does not match"},
		{name: "hashed, the hash itself", req: Request{User: "b", Pass: b.Reveal()}, refused: "does not match"},
		{name: "higher cost", req: Request{User: "dear", Pass: "p"}, user: "dear"},
		{name: "2b", req: Request{User: "b", Pass: "p"}, user: "b"},
		{name: "2y", req: Request{User: "y", Pass: "p"}, user: "y"},
		{name: "72 bytes", req: Request{User: "long", Pass: longest}, user: "long"},
		{name: "73 bytes are not cut", req: Request{User: "long", Pass: longest + "x"}, refused: "longer than the 72 bytes"},
		{name: "73 plain bytes", req: Request{User: "longplain", Pass: longest + "x"}, user: "longplain"},
		{name: "a broken hash", req: Request{User: "broken", Pass: "$2a$04$short"}, refused: "malformed"},
		{name: "what only looks like a hash", req: Request{User: "like", Pass: "$2a$nothash"}, user: "like"},
		{name: "no password configured", req: Request{User: "none"}, user: "none"},
		{name: "no password configured, one given", req: Request{User: "none", Pass: "x"}, refused: "does not match"},
		{name: "unknown", req: Request{User: "nobody", Pass: "p"}, refused: `user "nobody" is unknown`},
		{name: "unknown without password", req: Request{User: "nobody"}, refused: "unknown"},
		{name: "user of an account", req: Request{User: "in A", Pass: "p"}, user: "in A", account: "A"},
		{name: "no name", req: Request{Pass: "p"}, refused: "credentials are missing"},
		{name: "token", req: Request{Token: "p"}, refused: "credentials are missing"},
		{name: "nothing", refused: "credentials are missing"},
		{name: "an nkey where none is configured", req: Request{NKey: "U", User: "plain", Pass: "p"}, user: "plain"},
		{name: "no CONNECT", silent: true, refused: "CONNECT is missing"},
	})
}

// TestUserForCertificate: where some listener maps certificates, a user without password is not to be
// had by name through the others.
func TestUserForCertificate(t *testing.T) {
	t.Parallel()
	mapping := &config.TLS{VerifyAndMap: true}
	for _, o := range []*config.Options{
		{Websocket: &config.Websocket{TLS: mapping}},
		{Leafnodes: &config.Leafnodes{TLS: mapping}},
		{MQTT: &config.MQTT{TLS: mapping}},
	} {
		o.Authorization.Users = []config.User{{Name: "none"}, {Name: "u", Password: "p"}}
		attempts(t, o, []attemptCase{
			{name: "without password", req: Request{User: "none"}, refused: `user "none" requires a client certificate`},
			{name: "with password", req: Request{User: "u", Pass: "p"}, user: "u"},
		})
	}
}

func TestNKey(t *testing.T) {
	t.Parallel()
	k, other := newKey(t), newKey(t)
	sig := k.sign(nonce)
	o := authorization(config.User{Name: "u", Password: "p"})
	o.Accounts = []config.Account{{Name: "A", Users: []config.User{{NKey: k.public}}}}
	attempts(t, o, []attemptCase{
		{name: "raw URL base64", req: Request{NKey: k.public, Sig: encode(sig)}, user: k.public, account: "A"},
		{name: "padded base64", req: Request{NKey: k.public, Sig: base64.StdEncoding.EncodeToString(sig)}, user: k.public, account: "A"},
		{name: "other key's signature", req: Request{NKey: k.public, Sig: encode(other.sign(nonce))}, refused: "signature is wrong"},
		{name: "signature of the decoded nonce", req: Request{NKey: k.public, Sig: encode(k.sign([]byte("x")))}, refused: "signature is wrong"},
		{name: "replay with another nonce", req: Request{NKey: k.public, Sig: encode(sig), Nonce: []byte("abcdefghij-_013")}, refused: "signature is wrong"},
		{name: "no nonce", req: Request{NKey: k.public, Sig: encode(k.sign(nil)), Nonce: []byte{}}, refused: "no nonce"},
		{name: "short signature", req: Request{NKey: k.public, Sig: encode(sig[:63])}, refused: "signature is wrong"},
		{name: "no base64", req: Request{NKey: k.public, Sig: "$"}, refused: "not base64"},
		{name: "no signature", req: Request{NKey: k.public}, refused: "signature is missing"},
		{name: "unknown key", req: Request{NKey: other.public, Sig: encode(other.sign(nonce))}, refused: "is unknown"},
		{name: "no key at all", req: Request{NKey: "UABC", Sig: encode(sig)}, refused: "not a valid public nkey"},
		{name: "a good password does not help a wrong signature", req: Request{NKey: k.public, Sig: "xx", User: "u", Pass: "p"}, refused: "nkey"},
		{name: "password without nkey", req: Request{User: "u", Pass: "p"}, user: "u"},
		{name: "nothing", refused: "credentials are missing"},
	})
}

func TestNoAuthUser(t *testing.T) {
	t.Parallel()
	o := authorization(config.User{Name: "u", Password: "p"}, config.User{Name: "anon", Password: bcrypted(t, "x", 4)})
	o.NoAuthUser = "anon"
	attempts(t, o, []attemptCase{
		{name: "no CONNECT", silent: true, user: "anon"},
		{name: "no credentials", user: "anon"},
		{name: "an nkey where none is configured", req: Request{NKey: "U", Sig: "x"}, user: "anon"},
		{name: "a JWT is not looked at", req: Request{JWT: "x"}, user: "anon"},
		{name: "right credentials", req: Request{User: "u", Pass: "p"}, user: "u"},
		{name: "anon by name", req: Request{User: "anon", Pass: "x"}, user: "anon"},
		{name: "wrong password", req: Request{User: "u", Pass: "no"}, refused: "does not match"},
		{name: "unknown user", req: Request{User: "nobody"}, refused: "unknown"},
		{name: "only a password", req: Request{Pass: "p"}, refused: "credentials are missing"},
		{name: "only a token", req: Request{Token: "p"}, refused: "credentials are missing"},
	})
}

func TestNoAuthUserLimits(t *testing.T) {
	t.Parallel()
	k, proxy := newKey(t), newKey(t)
	o := authorization(config.User{Name: "anon", ConnectionTypes: []string{"WEBSOCKET"}})
	o.NoAuthUser = "anon"
	attempts(t, o, []attemptCase{
		{name: "wrong type", silent: true, refused: "type STANDARD"},
		{name: "right type", req: Request{Type: Websocket}, silent: true, user: "anon"},
	})
	o = authorization(config.User{Name: "anon", ProxyRequired: true})
	o.NoAuthUser, o.TrustedProxies = "anon", []string{proxy.public}
	attempts(t, o, []attemptCase{
		{name: "without proxy", silent: true, refused: "Proxy Required"},
		{name: "through the proxy", req: Request{ProxySig: encode(proxy.sign(nonce))}, user: "anon"},
	})
	o = authorization(config.User{Name: "u", Password: "p"}, config.User{NKey: k.public})
	o.NoAuthUser = k.public
	attempts(t, o, []attemptCase{
		{name: "an nkey user needs no signature", silent: true, user: k.public},
		{name: "an nkey user by key does", req: Request{NKey: k.public}, refused: "signature is missing"},
		{name: "others by password", req: Request{User: "u", Pass: "p"}, user: "u"},
		{name: "others by wrong password", req: Request{User: "u", Pass: "x"}, refused: "does not match"},
	})
}

func TestProxies(t *testing.T) {
	t.Parallel()
	first, second, stranger := newKey(t), newKey(t), newKey(t)
	by := func(k key) string { return encode(k.sign(nonce)) }
	o := authorization(config.User{Name: "u", Password: "p", ProxyRequired: true}, config.User{Name: "v", Password: "p"})
	attempts(t, o, []attemptCase{
		{name: "no trusted proxy: required", req: Request{User: "u", Pass: "p", ProxySig: by(first)}, refused: "Proxy Required"},
		{name: "no trusted proxy: signature is not looked at", req: Request{User: "v", Pass: "p", ProxySig: "xx"}, user: "v"},
	})
	o.TrustedProxies = []string{first.public, second.public}
	attempts(t, o, []attemptCase{
		{name: "first", req: Request{User: "u", Pass: "p", ProxySig: by(first)}, user: "u"},
		{name: "second", req: Request{User: "u", Pass: "p", ProxySig: by(second)}, user: "u"},
		{name: "stranger", req: Request{User: "u", Pass: "p", ProxySig: by(stranger)}, refused: "Proxy Not Trusted"},
		{name: "missing", req: Request{User: "u", Pass: "p"}, refused: "Proxy Required"},
		{name: "missing, wrong password", req: Request{User: "u", Pass: "x"}, refused: "Authentication Failure"},
		{name: "not required", req: Request{User: "v", Pass: "p"}, user: "v"},
		{name: "not required but wrong", req: Request{User: "v", Pass: "p", ProxySig: "xx"}, refused: "Proxy Not Trusted"},
		{name: "of another nonce", req: Request{User: "u", Pass: "p", ProxySig: encode(first.sign([]byte("x")))}, refused: "Proxy Not Trusted"},
	})
	o.Authorization.ProxyRequired = true
	attempts(t, o, []attemptCase{
		{name: "of the block it is no matter of the list", req: Request{User: "v", Pass: "p"}, user: "v"},
	})
	for _, c := range []struct {
		name string
		z    config.Authorization
		req  Request
		user string
	}{
		{"single user", config.Authorization{User: "u", Password: "p"}, Request{User: "u", Pass: "p"}, "u"},
		{"token", config.Authorization{Token: "p"}, Request{Token: "p"}, "[REDACTED]"},
		{"nothing else", config.Authorization{}, Request{}, ""},
	} {
		c.z.ProxyRequired = true
		signed := c.req
		signed.ProxySig = by(first)
		attempts(t, &config.Options{Authorization: c.z, TrustedProxies: o.TrustedProxies}, []attemptCase{
			{name: c.name + " without proxy", req: c.req, refused: "Proxy Required"},
			{name: c.name + " through a proxy", req: signed, user: c.user},
		})
	}
	a := mustNew(t, o)
	r := fill(Request{User: "v", Pass: "p", ProxySig: by(second)})
	r.Connected = true
	if g, err := a.Authenticate(t.Context(), r); err != nil || g.ProxyKey != second.public {
		t.Errorf("got %+v, %v; want the second key", g, err)
	}
}
