package config

import (
	"slices"
	"time"

	"github.com/nats-io/nkeys"
	"golang.org/x/crypto/bcrypt"
)

// GlobalAccount is the account of everybody who is in no other one.
const GlobalAccount = "$G"

var authorizationSection = section{title: "Authorization", decode: decodeAuthorization, check: checkAuthorization, keys: slices.Concat([]Key{
	{Path: "authorization", Type: Block, Grouping: true, Doc: "Who may connect: one user, one token, or a list of users of the global account."},
	{Path: "authorization.user", Aliases: []string{"username"}, Type: Text, Flag: "--user", Reload: Disruptive, Why: "Connections that came with the old credentials end.", Doc: "Name of the only user."},
	{Path: "authorization.password", Aliases: []string{"pass"}, Type: Text, Secret: true, Flag: "--pass", Reload: Disruptive, Why: "Connections that came with the old credentials end.", Doc: "Password of the only user, in clear or as bcrypt hash."},
	{Path: "authorization.password_file", Own: true, Type: Text, Reload: Disruptive, Why: "Connections that came with the old credentials end.", Doc: "File that holds the password."},
	{Path: "authorization.token", Type: Text, Secret: true, Flag: "--auth", Reload: Disruptive, Why: "Connections that came with the old credentials end.", Doc: "Token that every client must show, in clear or as bcrypt hash."},
	{Path: "authorization.token_file", Own: true, Type: Text, Reload: Disruptive, Why: "Connections that came with the old credentials end.", Doc: "File that holds the token."},
	{Path: "authorization.timeout", Type: SecondsOrDuration, ZeroIsDefault: true, Check: checkAtLeast0("timeout"), Reload: NewOnly, Doc: "Time that a client has to prove who it is: 2 seconds; with TLS one second more than the handshake."},
	{Path: "authorization.proxy_required", Type: Bool, Default: false, Reload: Disruptive, Why: "Connections that did not come through a trusted proxy end.", Doc: "The only user, or the token, counts only through a trusted proxy."},
}, userKeys("authorization.users"),
	permissionKeys("authorization.default_permissions", "default_permission", "permissions"),
	[]Key{
		{Path: "no_auth_user", Type: Text, Reload: Disruptive, Why: "Connections that are this user without credentials end when they may be nobody any more.", Doc: "User or nkey that clients without credentials become."},
		{Path: "allow_auth_removal", Own: true, Type: Bool, Default: false, Doc: "Permits a reload that takes away all authentication, TLS or accounts, or moves a listener without authentication from loopback to another address. It counts when it stands in the running configuration."},
		{Path: "bcrypt_max_cost", Own: true, Type: Int, Default: 16, Check: checkRange("bcrypt_max_cost", bcrypt.MinCost, bcrypt.MaxCost), Doc: "Highest cost of bcrypt hashes; higher ones are refused."},
		{Path: "auth_failure_delay", Own: true, Type: Block, Grouping: true, Doc: "Slows down repeated failed logins of one address and user together."},
		{Path: "auth_failure_delay.free", Type: Int, Default: 20, Check: checkAtLeast0("free"), Doc: "Failures within `per` that are answered at once."},
		{Path: "auth_failure_delay.per", Type: SecondsOrDuration, Default: time.Minute, Check: checkAtLeast0("per"), Doc: "The window."},
		{Path: "auth_failure_delay.max", Type: SecondsOrDuration, Default: time.Second, Check: checkAtLeast0("max"), Doc: "The longest delay after that."},
		{Path: "proxies", Type: Block, Doc: "Proxies that may speak for clients."},
		{Path: "proxies.trusted", Type: Blocks, Reload: Disruptive, Why: "Connections that came through a proxy which is not trusted any more end.", Doc: "The proxies."},
		{Path: "proxies.trusted[].key", Aliases: []string{"public_key"}, Type: Text, Reload: Disruptive, Why: "Connections that came through a proxy which is not trusted any more end.", Doc: "Public nkey of the proxy."},
	})}

const defaultAuthTimeout = 2 * time.Second

func decodeAuthorization(root *block, o *Options) {
	b := root.block("authorization")
	a := &o.Authorization
	a.User, a.Password = b.str("user"), secretOrFile(b, "password", "password_file")
	a.Token = secretOrFile(b, "token", "token_file")
	a.Timeout = authTimeout(b, o.TLS)
	a.ProxyRequired, a.BcryptMaxCost = b.bool("proxy_required"), root.int("bcrypt_max_cost")
	a.DefaultPermissions = decodePermissions(b.block("default_permissions"))
	a.Users = decodeUsers(b.list("users"), GlobalAccount, a.DefaultPermissions, a.BcryptMaxCost)
	delay := root.block("auth_failure_delay")
	a.FailureDelay = FailureDelay{Free: delay.int("free"), Per: delay.dur("per"), Max: delay.dur("max")}
	checkHash(b, firstOf(b, "password", "password_file"), a.Password, a.BcryptMaxCost)
	checkHash(b, firstOf(b, "token", "token_file"), a.Token, a.BcryptMaxCost)
	o.NoAuthUser, o.AllowAuthRemoval = root.str("no_auth_user"), root.bool("allow_auth_removal")
	decodeProxies(root, o)
}

// authTimeout is what is configured, or else what leaves time for the TLS handshake.
func authTimeout(b *block, t *TLS) time.Duration {
	if d := b.dur("timeout"); d > 0 {
		if d > time.Minute {
			b.warnf("timeout", "invalid use of field %q: timeout of %v is high, consider keeping it under 60 seconds", "timeout", d)
		}
		return d
	}
	if t != nil {
		return t.Timeout + time.Second
	}
	return defaultAuthTimeout
}

func decodeProxies(root *block, o *Options) {
	p := root.block("proxies")
	if !p.present {
		return
	}
	o.TrustedProxies = []string{}
	for _, b := range p.list("trusted") {
		key := b.str("key")
		if !nkeys.IsValidPublicKey(key) {
			b.errorf("key", "invalid proxy key %q", key)
			continue
		}
		o.TrustedProxies = append(o.TrustedProxies, key)
	}
}

// checkAuthorization looks at what may not stand together.
func checkAuthorization(root *block, o *Options) {
	b, a := root.block("authorization"), &o.Authorization
	single, token := b.has("user"), b.has("token") || b.has("token_file")
	hasUsers, accountUsers := len(b.list("users")) > 0, hasAccountUsers(o.Accounts)
	switch {
	case single && token:
		b.errorf(firstOf(b, "token", "token_file"), "Cannot have a user/pass and token")
	case single && hasUsers:
		b.errorf("users", "Can not have a single user/pass and a users array")
	case token && hasUsers:
		b.errorf("users", "Can not have a token and a users array")
	case single && accountUsers:
		b.errorf("user", "Can not have a single user/pass and accounts")
	case token && accountUsers:
		b.errorf(firstOf(b, "token", "token_file"), "Can not have a token and accounts")
	case !single && !token && !hasUsers && a.Password != "":
		b.warnf(firstOf(b, "password", "password_file"), "a password without a user protects nothing")
	}
	checkNoAuthUser(root, o)
	checkProxyRequired(root, o)
}

// firstOf returns the first of the names that is set.
func firstOf(b *block, names ...string) string {
	for _, n := range names {
		if b.has(n) {
			return n
		}
	}
	return names[0]
}

func checkNoAuthUser(root *block, o *Options) {
	name := o.NoAuthUser
	if name == "" {
		return
	}
	users := o.allUsers()
	named := func(u User) bool { return u.Name == name || u.NKey == name }
	switch {
	case o.Operator != nil:
		root.errorf("no_auth_user", "no_auth_user not compatible with Trusted Operator")
	case len(users) == 0:
		root.errorf("no_auth_user", "no_auth_user: %q present, but users/nkeys are not defined", name)
	case !slices.ContainsFunc(users, named):
		root.errorf("no_auth_user", "no_auth_user: %q not present as user or nkey in authorization block or account configuration", name)
	}
}

// checkProxyRequired warns about users that nobody can ever be.
func checkProxyRequired(root *block, o *Options) {
	if len(o.TrustedProxies) > 0 {
		return
	}
	pos, found := root.block("authorization").pos, o.Authorization.ProxyRequired
	for u := range o.eachUser {
		if u.ProxyRequired {
			pos, found = u.Pos, true
			break
		}
	}
	if found {
		root.d.warnAt(pos, "proxies", "proxy_required without a trusted proxy in proxies: nobody can log in this way")
	}
}

// eachUser visits the users of the authorization block and of all accounts.
func (o *Options) eachUser(yield func(*User) bool) {
	for i := range o.Authorization.Users {
		if !yield(&o.Authorization.Users[i]) {
			return
		}
	}
	for i := range o.Accounts {
		for j := range o.Accounts[i].Users {
			if !yield(&o.Accounts[i].Users[j]) {
				return
			}
		}
	}
}

// allUsers returns the users of the authorization block and of all accounts.
func (o *Options) allUsers() []User {
	users := slices.Clone(o.Authorization.Users)
	for i := range o.Accounts {
		users = append(users, o.Accounts[i].Users...)
	}
	return users
}
