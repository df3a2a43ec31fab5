package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/bcrypt"

	"natsd/internal/perm"
)

const (
	userKey    = "UCV2KMLQ23DH3P3JTLH4RUI6MLGDD4NAN7WNMUM5FK74E5XLHSRRJAOE"
	accountKey = "AB53B2ZQ465BTDF5OHJHFDUYGDUE6QN627LZPRK77NNWYO2OMHKK3SZJ"
)

// TestAuthorizationProblems is the table of what may not stand in or beside an authorization block.
func TestAuthorizationProblems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       string // the only problem; empty for none
	}{
		{"user", "authorization { user: a, password: b }", ""},
		{"user and token", "authorization { user: a, password: b, token: c }", `1:46: Cannot have a user/pass and token`},
		{"user and users", "authorization { user: a, password: b, users: [ {user: c, password: d} ] }", `1:48: Can not have a single user/pass and a users array`},
		{"token and users", "authorization { token: a, users: [ {user: c, password: d} ] }", `1:36: Can not have a token and a users array`},
		{"user and accounts", "authorization { user: a, password: b }\naccounts { A { users: [ {user: c, password: d} ] } }", `1:23: Can not have a single user/pass and accounts`},
		{"token and accounts", "authorization { token: a }\naccounts { A { users: [ {user: c, password: d} ] } }", `1:24: Can not have a token and accounts`},
		{"user and accounts without users", "authorization { user: a, password: b }\naccounts { A {} }", ""},
		{"only a password", "authorization { password: b }", `warning 1:27: a password without a user protects nothing`},
		{"variable called PASS", "authorization { PASS: x, users: [ {user: c, password: $PASS} ] }", ""},
		{"users as a block", "authorization { users: {user: a} }", `1:24: Expected users field to be an array, got a block`},
		{"permissions of another form", "authorization { users: [ {user: a, password: b, permissions: 5} ] }", `1:62: Expected permissions to be a map/struct, got the number 5`},
		{"unknown permission", "authorization { users: [ {user: a, password: b, permissions: {pubs: x}} ] }", `1:63: Unknown field "pubs" parsing permissions (did you mean "pub"?)`},
		{"bad subject in a list", `authorization { users: [ {user: a, password: b, permissions: {publish: ["x", "a..b"]}} ] }`, `1:78: subject "a..b" is not a valid subject`},
		{"queue in a publish list", `authorization { users: [ {user: a, password: b, permissions: {publish: "x q"}} ] }`, `1:72: subject "x q" is not a valid subject`},
		{"allow_responses of another form", "authorization { users: [ {user: a, password: b, permissions: {allow_responses: 1}} ] }", `1:80: error parsing response permissions, expected a boolean or a map`},
		{"nkey of another kind", "authorization { users: [ {nkey: " + accountKey + "} ] }", `1:33: Not a valid public nkey for a user`},
		{"nkey with a name", "authorization { users: [ {user: a, nkey: " + userKey + "} ] }", `1:42: Nkey users do not take usernames or passwords`},
		{"no name", "authorization { users: [ {password: b} ] }", `1:26: User entry requires a user`},
		{"name of the wrong type", "authorization { users: [ {user: 5, password: b} ] }", `1:33: expected a string, got the number 5`},
		{"two users of a name", "authorization { users: [ {user: a, password: b}, {user: a, password: c} ] }", `1:50: Duplicate user "a" detected`},
		{"two users over accounts", "accounts { A { users: [ {user: a, password: b} ] }, B { users: [ {user: a, password: b} ] } }", `1:66: Duplicate user "a" detected`},
		{"two users of a key", "authorization { users: [ {nkey: " + userKey + "}, {nkey: " + userKey + "} ] }", `1:92: Duplicate nkey "` + userKey + `" detected`},
		{"connection types", "authorization { users: [ {user: a, password: b, connection_types: [standard, bogus, x]} ] }", `1:67: invalid connection types ["BOGUS" "X"]`},
		{"long timeout", `authorization { user: a, password: b, timeout: "61s" }`, `warning 1:48: invalid use of field "timeout": timeout of 1m1s is high, consider keeping it under 60 seconds`},
		{"no_auth_user without users", "no_auth_user: a", `1:15: no_auth_user: "a" present, but users/nkeys are not defined`},
		{"no_auth_user with a single user", "no_auth_user: a\nauthorization { user: a, password: b }", `1:15: no_auth_user: "a" present, but users/nkeys are not defined`},
		{"no_auth_user that is not there", "no_auth_user: zz\nauthorization { users: [ {user: a, password: b} ] }", `1:15: no_auth_user: "zz" not present as user or nkey in authorization block or account configuration`},
		{"no_auth_user of an account", "no_auth_user: a\naccounts { A { users: [ {user: a, password: b} ] } }", ""},
		{"no_auth_user with a key", "no_auth_user: " + userKey + "\nauthorization { users: [ {nkey: " + userKey + "} ] }", ""},
		{"high cost", `authorization { token: "$2a$31$/wrOmQOjxaYumdkoxZLitO.v0lGSypXWZTqTqNxgqjISEo4ZDcaZa" }`, `1:24: bcrypt cost 31 is above bcrypt_max_cost (16): each login would take too long`},
		{"high cost allowed", "bcrypt_max_cost: 17\n" + `authorization { token: "$2a$17$/wrOmQOjxaYumdkoxZLitO.v0lGSypXWZTqTqNxgqjISEo4ZDcaZa" }`, ""},
		{"low cost", `authorization { token: "$2b$04$/wrOmQOjxaYumdkoxZLitO.v0lGSypXWZTqTqNxgqjISEo4ZDcaZa" }`, `warning 1:24: bcrypt cost 4 is low; use 10 or more`},
		{"half a hash", `authorization { token: "$2y$11$abc" }`, `warning 1:24: this looks like a bcrypt hash, but nothing will ever match it: hashedSecret too short to be a bcrypted password`},
		{"limit of costs", "bcrypt_max_cost: 40", `1:18: bcrypt_max_cost must be 31 or less, got 40`},
		{"bad proxy", "proxies { trusted: [ {key: X1} ] }", `1:28: invalid proxy key "X1"`},
		{"proxy required, none trusted", "authorization { users: [ {user: a, password: b, proxy_required: true} ] }", `warning 1:26: proxy_required without a trusted proxy in proxies: nobody can log in this way`},
		{"unknown limit", "accounts { A { limits { max_con: 1 } } }", `1:25: Unknown field "max_con" parsing account limits (did you mean "max_conn"?)`},
		{"reserved account", `accounts { "$G" {} }`, `1:12: "$G" is a Reserved Account`},
		{"account without a name", `accounts { "" {} }`, `1:12: an account needs a name`},
		{"accounts as names", "accounts: [A, B]", ""},
		{"accounts as names, twice", "accounts: [A, B, A]", `1:18: Duplicate Account Entry: A`},
		{"accounts as number", "accounts: 5", `1:11: expected accounts as a block { … } or an array of names, got the number 5`},
		{"account as word", "accounts { A: yes }", `1:15: Expected map entries for accounts`},
		{"account with a bad key", "accounts { A { nkey: ABC } }", `1:22: Not a valid public nkey for an account: "ABC"`},
		{"account with a key", "accounts { A { nkey: " + accountKey + " } }", ""},
		{"system account that is not there", "system_account: X", `1:17: error resolving system account: account missing`},
		{"system account", "system_account: X\naccounts { X {} }", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, got := load(t, c.text+"\n")
			if joined := strings.Join(got, "\n"); joined != c.want {
				t.Errorf("got  %s\nwant %s", joined, c.want)
			}
		})
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]*perm.Rules{
		"{}":                             nil,
		"{ publish: a }":                 {Publish: &perm.SubjectRules{Allow: []string{"a"}}},
		"{ pub: [a, b], sub: \"c q\" }":  {Publish: &perm.SubjectRules{Allow: []string{"a", "b"}}, Subscribe: &perm.SubjectRules{Allow: []string{"c q"}}},
		"{ import { deny: a } }":         {Publish: &perm.SubjectRules{Deny: []string{"a"}}},
		"{ export { allow: [] } }":       {Subscribe: &perm.SubjectRules{Allow: []string{}}},
		"{ publish {} }":                 nil,
		"{ allow_responses: true }":      {Responses: &perm.Responses{Max: 1, Expires: 2 * time.Minute}},
		"{ allow_responses: false }":     nil,
		"{ allow_responses { max: 0 } }": {Responses: &perm.Responses{Max: 1, Expires: 2 * time.Minute}},

		`{ allow_responses { max_msgs: -5, ttl: "-1s" } }`: {Responses: &perm.Responses{Max: -1, Expires: -1}},
		`{ allow_responses { max: 3, expires: 5m } }`:      {Responses: &perm.Responses{Max: 3, Expires: 5 * time.Minute}},
	} {
		o, problems := load(t, "authorization { users: [ {user: a, password: b, permissions "+text+"} ] }\n")
		if o == nil {
			t.Errorf("%s: %v", text, problems)
			continue
		}
		if diff := cmp.Diff(want, o.Authorization.Users[0].Permissions); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func TestDefaultPermissions(t *testing.T) {
	t.Parallel()
	o, problems := load(t, `
authorization { permissions { publish: x }, users: [ {user: a, password: b}, {user: c, password: d, permissions {}} ] }
accounts { A { default_permissions { subscribe: y }, users: [ {user: e, password: f} ] } }
`)
	if o == nil {
		t.Fatal(problems)
	}
	users := o.allUsers()
	if p := users[0].Perms; p.Publish([]byte("y")) || !p.Publish([]byte("x")) {
		t.Error("default permissions are not applied")
	}
	if users[1].Perms != nil && !users[1].Perms.Publish([]byte("y")) {
		t.Error("own permissions, even empty ones, take the place of the defaults")
	}
	if p := users[2].Perms; p.Subscribe([]byte("x"), nil) || !p.Subscribe([]byte("y"), nil) {
		t.Error("default permissions of the account are not applied")
	}
}

func TestSecretFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hash, _ := bcrypt.GenerateFromPassword([]byte("x"), bcrypt.MinCost)
	for name, text := range map[string]string{"pass": "canary\n", "empty": "\n", "hash": string(hash)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ text, want, problem string }{
		{"authorization { user: a, password_file: pass }", "canary", ""},
		{"authorization { token_file: pass }", "canary", ""},
		{"authorization { users: [ {user: a, password_file: pass} ] }", "canary", ""},
		{"authorization { user: a, password_file: empty }", "", "empty is empty"},
		{"authorization { user: a, password_file: nope }", "", "open nope: no such file or directory"},
		{"authorization { user: a, password_file: \".\" }", "", "not a regular file"},
		{"authorization { user: a, password: b, password_file: pass }", "", "password and password_file cannot both be set"},
		{"bcrypt_max_cost: 4\nauthorization { user: a, password_file: hash }", string(hash), "bcrypt cost 4 is low"},
	} {
		path := filepath.Join(dir, fmt.Sprint(len(c.text))+".conf")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		o, r := Load(Source{Path: path, WorkDir: dir})
		said := fmt.Sprint(r.Problems)
		if !strings.Contains(said, c.problem) || c.problem == "" && len(r.Problems) > 0 {
			t.Errorf("%s: %s", c.text, said)
		}
		if o == nil {
			continue
		}
		a := o.Authorization
		got := a.Password.Reveal() + a.Token.Reveal()
		if len(a.Users) > 0 {
			got = a.Users[0].Password.Reveal()
		}
		if got != c.want {
			t.Errorf("%s: %q", c.text, got)
		}
	}
}

func TestAuthTimeout(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	makeCertificates(t, filepath.Join(dir, "certs"))
	const tls = "tls { cert_file: certs/server.pem, key_file: certs/server-key.pem, timeout: %s }\n"
	for text, want := range map[string]time.Duration{
		"":                    2 * time.Second,
		fmt.Sprintf(tls, "3"): 4 * time.Second,
		fmt.Sprintf(tls, "2") + "authorization { timeout: 1 }\n": time.Second,
	} {
		path := filepath.Join(dir, fmt.Sprint(len(text))+".conf")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		o, r := Load(Source{Path: path, WorkDir: dir})
		if o == nil || o.Authorization.Timeout != want {
			t.Errorf("%s: %v, %v", text, o, r.Problems)
		}
	}
}

// TestSecretsStayInside: no way of printing Options or a Report shows a secret.
func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	text := `
authorization { user: a, password: canary1, token: canary2 }
accounts { A { users: [ {user: x, password: canary3} ] } }
`
	path := writeFile(t, text)
	src := Source{Path: path, Flags: []Flag{{"--pass", "authorization.password", "canary4"}}, Environ: map[string]string{"NATSD_AUTHORIZATION_TOKEN": "canary5"}}
	_, r := Load(src)
	var out strings.Builder
	if err := r.Write(&out); err != nil {
		t.Fatal(err)
	}
	src.Path = writeFile(t, "authorization { user: a, password: canary1 }\n")
	src.Environ = nil
	o, r := Load(src)
	if o == nil {
		t.Fatal(r.Err())
	}
	fmt.Fprintf(&out, "%v %+v %#v %s %s", o, *o, o.Authorization, o.Values, r.Problems)
	if strings.Contains(out.String(), "canary") {
		t.Error(out.String())
	}
	if o.Authorization.Password.Reveal() != "canary4" {
		t.Error("the flag does not count")
	}
	if o.Values["authorization.password"].Value != redacted {
		t.Error("not redacted")
	}
}
