package config

import (
	"cmp"
	"slices"
	"strings"

	"github.com/nats-io/nkeys"

	"natsd/internal/config/syntax"
)

// SystemAccountName is the system account that exists unless another one is configured.
const SystemAccountName = "$SYS"

var accountsSection = section{title: "Accounts", decode: decodeAccounts, check: checkAccounts, keys: slices.Concat([]Key{
	{Path: "accounts", Type: Names | List, TypeError: "expected accounts as a block { … } or an array of names, got %s", Reload: Disruptive, Why: "Connections of users who are gone or moved to another account end.", Doc: "Accounts: separate subject spaces, with their users. Names are case-sensitive."},
	{Path: "accounts.*", Type: Block, TypeError: "Expected map entries for accounts", Reload: Disruptive, Why: "Connections of users who are gone or moved to another account end.", Doc: "One account."},
	{Path: "accounts.*.nkey", Type: Text, Doc: "Public account nkey."},
}, userKeys("accounts.*.users"), []Key{
	{Path: "accounts.*.limits", Type: Block, UnknownText: "Unknown field %q parsing account limits", TypeError: "Expected account limits to be a map/struct, got %s", Doc: "Limits of the account; -1 is unlimited."},
	{Path: "accounts.*.limits.max_connections", Aliases: []string{"max_conn"}, Type: Int, Default: -1, Reload: Disruptive, Why: "Connections above the limit end, newest first.", Doc: "Connections of the account."},
	{Path: "accounts.*.limits.max_subscriptions", Aliases: []string{"max_subs"}, Type: Int, Default: -1, Reload: Disruptive, Why: "Connections that have more subscriptions end.", Doc: "Subscriptions per connection."},
	{Path: "accounts.*.limits.max_payload", Aliases: []string{"max_pay"}, Type: Size, Default: -1, Doc: "Largest message."},
	{Path: "accounts.*.limits.max_leafnodes", Aliases: []string{"max_leafs"}, Type: Int, Default: -1, Doc: "Leafnode connections."},
}, permissionKeys("accounts.*.default_permissions"), []Key{
	{Path: "system_account", Aliases: []string{"system"}, Exact: true, Type: Text, TypeError: "system account name must be a string", Doc: "Account of the server itself; `$SYS` when not set."},
	{Path: "no_system_account", Aliases: []string{"no_system", "no_sys_acc"}, Type: Bool, Default: false, Doc: "The server has no system account."},
})}

func decodeAccounts(root *block, o *Options) {
	if list := root.raw("accounts"); list != nil && list.Kind == syntax.Array {
		o.Accounts = accountNames(root, list)
	}
	for _, nv := range root.names("accounts") {
		if nv.Block == nil || !validAccountName(root.d, nv.Pos, nv.Name) {
			continue
		}
		o.Accounts = append(o.Accounts, decodeAccount(nv, o))
	}
	slices.SortFunc(o.Accounts, func(a, b Account) int { return cmp.Compare(a.Name, b.Name) })
	decodeSystemAccount(root, o)
}

// accountNames reads the form that lists names only.
func accountNames(root *block, list *syntax.Value) []Account {
	var out []Account
	seen := map[string]bool{}
	for _, item := range list.Items {
		if item.Kind != syntax.String || !validAccountName(root.d, item.Pos, item.Str) {
			continue
		}
		if seen[item.Str] {
			root.d.errorAt(item.Pos, "accounts", "Duplicate Account Entry: %s", item.Str)
			continue
		}
		seen[item.Str] = true
		out = append(out, Account{Name: item.Str, Limits: AccountLimits{-1, -1, -1, -1}, Pos: item.Pos})
	}
	return out
}

func validAccountName(d *decoder, pos Pos, name string) bool {
	switch name {
	case GlobalAccount:
		d.errorAt(pos, "accounts", "%q is a Reserved Account", name)
		return false
	case "":
		d.errorAt(pos, "accounts", "an account needs a name")
		return false
	}
	return true
}

func decodeAccount(nv namedValue, o *Options) Account {
	b := nv.Block
	a := Account{Name: strings.Clone(nv.Name), NKey: b.str("nkey"), Pos: nv.Pos}
	if b.good("nkey") && !nkeys.IsValidPublicAccountKey(a.NKey) {
		b.errorf("nkey", "Not a valid public nkey for an account: %q", a.NKey)
	}
	l := b.block("limits")
	a.Limits = AccountLimits{
		MaxConnections: l.int("max_connections"), MaxSubscriptions: l.int("max_subscriptions"),
		MaxPayload: l.int("max_payload"), MaxLeafnodes: l.int("max_leafnodes"),
	}
	a.DefaultPermissions = decodePermissions(b.block("default_permissions"))
	a.Users = decodeUsers(b.list("users"), a.Name, a.DefaultPermissions, o.Authorization.BcryptMaxCost)
	return a
}

func decodeSystemAccount(root *block, o *Options) {
	o.NoSystemAccount = root.bool("no_system_account")
	o.SystemAccount = root.str("system_account")
	if o.SystemAccount == "" && !o.NoSystemAccount {
		o.SystemAccount = SystemAccountName
	}
}

func checkAccounts(root *block, o *Options) {
	duplicateUsers(root.d, o)
	if !root.good("system_account") || o.SystemAccount == SystemAccountName || o.Operator != nil {
		return
	}
	named := func(a Account) bool { return a.Name == o.SystemAccount }
	if !slices.ContainsFunc(o.Accounts, named) && o.SystemAccount != GlobalAccount {
		root.errorf("system_account", "error resolving system account: account missing")
	}
}

func hasAccountUsers(accounts []Account) bool {
	return slices.ContainsFunc(accounts, func(a Account) bool { return len(a.Users) > 0 })
}
