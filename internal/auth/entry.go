package auth

import (
	"fmt"
	"slices"

	"natsd/internal/config"
	"natsd/internal/perm"
)

// entry is one identity of the configuration: a user, an nkey, the single user, the token. Immutable.
type entry struct {
	grant   *Grant
	secret  secret   // empty for nkeys
	types   []string // of connections; empty allows all
	proxied bool     // only through a trusted proxy
	lone    bool     // the single user of the authorization block
}

// newEntry makes an entry; id names it over reloads.
func newEntry(id, user, account string, by credential) *entry {
	e := &entry{grant: &Grant{ID: id, User: user, Account: account, by: by}}
	e.grant.entry = e
	return e
}

// by returns the entry as it is for those who bring another credential than its own.
func (e *entry) by(c credential) *entry {
	own, grant := *e, *e.grant
	grant.by, grant.entry = c, &own
	own.grant = &grant
	return &own
}

// allows tells whether this kind of connection may use the entry.
func (e *entry) allows(t ConnType) bool {
	return len(e.types) == 0 || slices.Contains(e.types, string(t))
}

// same tells whether who came in through o would come in through e in the same way.
func (e *entry) same(o *entry) bool {
	return e.secret == o.secret && e.proxied == o.proxied && slices.Equal(e.types, o.types)
}

// directory holds the users and nkeys of all accounts. Names are unique over all of them.
type directory struct {
	users  map[string]*entry
	nkeys  map[string]*entry
	listed []*entry // users as the configuration lists them

	before map[string]*entry // of an earlier configuration, by id
}

func newDirectory(o *config.Options, before map[string]*entry) (*directory, error) {
	n := len(o.Authorization.Users)
	d := &directory{users: make(map[string]*entry, n), nkeys: map[string]*entry{}, listed: make([]*entry, 0, n), before: before}
	if err := d.addAll(o.Authorization.Users, config.GlobalAccount); err != nil {
		return nil, err
	}
	for i := range o.Accounts {
		if err := d.addAll(o.Accounts[i].Users, o.Accounts[i].Name); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (d *directory) addAll(users []config.User, account string) error {
	for i := range users {
		if err := d.add(&users[i], account); err != nil {
			return err
		}
	}
	return nil
}

func (d *directory) add(u *config.User, account string) error {
	name, kind, index, by := u.Name, "user", d.users, bySecret
	if u.NKey != "" {
		name, kind, index, by = u.NKey, "nkey", d.nkeys, bySignature
	}
	if name == "" {
		return fmt.Errorf("account %s: a user has no name", account)
	}
	if index[name] != nil {
		return fmt.Errorf("duplicate %s %q", kind, name)
	}
	perms, err := compiled(u)
	if err != nil {
		return fmt.Errorf("%s %q: %w", kind, name, err)
	}
	var s secret
	if u.NKey == "" {
		s = newSecret(u.Password)
	}
	id := kind + ":" + name
	e := d.before[id]
	if e == nil || !e.stands(u, account, perms, s) {
		e = newEntry(id, name, account, by)
		e.grant.Perms = perms
		e.types, e.proxied, e.secret = u.ConnectionTypes, u.ProxyRequired, s
	}
	index[name] = e
	if u.NKey == "" {
		d.listed = append(d.listed, e)
	}
	return nil
}

// stands tells that the entry of an earlier configuration is what u is now. Equal sets of permissions
// may be different objects; then it is only a pity.
func (e *entry) stands(u *config.User, account string, perms *perm.Set, s secret) bool {
	return e.grant.Account == account && e.grant.Perms == perms && e.secret == s &&
		e.proxied == u.ProxyRequired && slices.Equal(e.types, u.ConnectionTypes)
}

// find returns the user or nkey of this name.
func (d *directory) find(name string) *entry {
	if e := d.nkeys[name]; e != nil {
		return e
	}
	return d.users[name]
}
