package config

import (
	"slices"
	"strings"

	"github.com/nats-io/nkeys"

	"natsd/internal/perm"
)

// userKeys describes an array of users.
func userKeys(prefix string) []Key {
	return slices.Concat([]Key{{Path: prefix, Type: Blocks, TypeError: "Expected users field to be an array, got %s", Reload: Disruptive, Why: "Connections of a user who is gone, who moved to another account, or whose credentials changed end; all others stay.", Doc: "Users and nkeys. Names are unique over all accounts."}},
		under(prefix+"[]", userGroup), permissionKeys(prefix+"[].permissions", "permission", "authorization"))
}

var userGroup = []Key{
	{Path: ".user", Aliases: []string{"username"}, Type: Text, Reload: Disruptive, Why: "Connections of this user end.", Doc: "Name; with `verify_and_map` the name in the certificate."},
	{Path: ".password", Aliases: []string{"pass"}, Type: Text, Secret: true, Reload: Disruptive, Why: "Connections of this user end.", Doc: "Password, in clear or as bcrypt hash."},
	{Path: ".password_file", Own: true, Type: Text, Reload: Disruptive, Why: "Connections of this user end.", Doc: "File that holds the password."},
	{Path: ".nkey", Type: Text, Reload: Disruptive, Why: "Connections of this user end.", Doc: "Public user nkey, in place of a name."},
	{Path: ".allowed_connection_types", Aliases: []string{"connection_types", "clients"}, Type: Strings, Reload: Disruptive, Why: "Connections of this user of other kinds end.", Doc: "Kinds of connection the user may use: " + strings.Join(connectionTypes, ", ") + "; all when not set."},
	{Path: ".proxy_required", Type: Bool, Default: false, Reload: Disruptive, Why: "Connections of this user that did not come through a trusted proxy end.", Doc: "The user may connect only through a trusted proxy."},
}

var connectionTypes = []string{"STANDARD", "WEBSOCKET", "LEAFNODE", "LEAFNODE_WS", "MQTT", "MQTT_WS", "IN_PROCESS"}

// decodeUsers reads the users of one account. Users without own permissions get the defaults; hashes
// that cost more than maxCost are refused.
func decodeUsers(list []*block, account string, defaults *perm.Rules, maxCost int) []User {
	users := make([]User, 0, len(list))
	defaultSet, _ := perm.Compile(defaults) // shared; a bad subject was reported at its own place
	texts := make([]string, len(list))
	for i, b := range list {
		if u, ok := b.knownUser(account, defaults, defaultSet, maxCost); ok {
			texts[i] = b.src.Raw
			u.text = &texts[i]
			users = append(users, u)
			continue
		}
		before := b.d.said()
		u := User{
			Name: b.str("user"), Password: secretOrFile(b, "password", "password_file"), NKey: b.str("nkey"),
			Account: account, ProxyRequired: b.bool("proxy_required"), Pos: b.pos,
		}
		u.ConnectionTypes = connectionTypeList(b)
		u.own()
		u.Permissions, u.Perms, u.inherits = defaults, defaultSet, true
		if p := b.block("permissions"); p.present {
			u.Permissions, u.inherits = decodePermissions(p), false
			u.Perms, _ = perm.Compile(u.Permissions)
		}
		if !validUser(b, &u) {
			continue
		}
		checkHash(b, firstOf(b, "password", "password_file"), u.Password, maxCost)
		if b.text != "" && b.d.said() == before {
			texts[i] = b.text
			u.text = &texts[i]
		}
		users = append(users, u)
	}
	return users
}

func validUser(b *block, u *User) bool {
	switch {
	case b.has("nkey") && !b.good("nkey"), b.has("user") && !b.good("user"):
		return false // its type was wrong
	case b.has("nkey") && !nkeys.IsValidPublicUserKey(u.NKey):
		b.errorf("nkey", "Not a valid public nkey for a user")
		return false
	case b.has("nkey") && (b.has("user") || b.has("password") || b.has("password_file")):
		b.errorf("nkey", "Nkey users do not take usernames or passwords")
		return false
	case u.NKey == "" && u.Name == "":
		b.errorf("", "User entry requires a user")
		return false
	}
	return true
}

func connectionTypeList(b *block) []string {
	var known, unknown []string
	for _, t := range b.strs("allowed_connection_types") {
		if t = strings.ToUpper(t); slices.Contains(connectionTypes, t) {
			known = append(known, t)
		} else {
			unknown = append(unknown, t)
		}
	}
	if len(unknown) > 0 {
		b.errorf("allowed_connection_types", "invalid connection types %q", unknown)
	}
	return known
}

// duplicateUsers reports names and nkeys that more than one user has.
func duplicateUsers(d *decoder, o *Options) {
	names, keys := make(map[string]bool, len(o.Authorization.Users)), map[string]bool{}
	for u := range o.eachUser {
		switch {
		case u.NKey != "" && keys[u.NKey]:
			d.errorAt(u.Pos, u.Account, "Duplicate nkey %q detected", u.NKey)
		case u.NKey == "" && names[u.Name]:
			d.errorAt(u.Pos, u.Account, "Duplicate user %q detected", u.Name)
		}
		if names[u.Name] = true; u.NKey != "" {
			keys[u.NKey] = true
		}
	}
}
