package reload

import (
	"reflect"
	"slices"

	"natsd/internal/config"
)

// accounts compares the accounts by name.
func (d *differ) accounts() {
	before := make(map[string]*config.Account, len(d.old.Accounts))
	for i := range d.old.Accounts {
		before[d.old.Accounts[i].Name] = &d.old.Accounts[i]
	}
	for i := range d.next.Accounts {
		a := &d.next.Accounts[i]
		if was := before[a.Name]; was != nil {
			d.account(was, a)
			delete(before, a.Name)
		} else {
			d.add(Field{Op: Add, Origin: fileOrigin(a.Pos), Verdict: Live}, "accounts", a.Name)
		}
	}
	for name, a := range before {
		d.add(Field{Op: Remove, Origin: fileOrigin(a.Pos)}, "accounts", name)
	}
}

// account compares what two accounts of one name say.
func (d *differ) account(a, b *config.Account) {
	at, origin := []string{"accounts", a.Name}, fileOrigin(b.Pos)
	for _, l := range []struct {
		key       string
		old, next int
	}{
		{"max_connections", a.Limits.MaxConnections, b.Limits.MaxConnections},
		{"max_subscriptions", a.Limits.MaxSubscriptions, b.Limits.MaxSubscriptions},
		{"max_payload", a.Limits.MaxPayload, b.Limits.MaxPayload},
		{"max_leafnodes", a.Limits.MaxLeafnodes, b.Limits.MaxLeafnodes},
	} {
		if l.old != l.next {
			d.add(Field{Old: l.old, New: l.next, Origin: origin}, sub(at, "limits", l.key)...)
		}
	}
	if a.NKey != b.NKey {
		d.add(Field{Old: a.NKey, New: b.NKey, Origin: origin}, sub(at, "nkey")...)
	}
	if !sameRules(a.DefaultPermissions, b.DefaultPermissions) {
		d.add(Field{Old: rules(a.DefaultPermissions), New: rules(b.DefaultPermissions), Origin: origin}, sub(at, "default_permissions")...)
	}
	for _, w := range []struct {
		key       string
		old, next any
	}{
		{"exports", a.Exports, b.Exports},
		{"imports", a.Imports, b.Imports},
		{"mappings", a.Mappings, b.Mappings},
		{"jetstream", a.JetStream, b.JetStream},
		{"msg_trace", a.MsgTrace, b.MsgTrace},
	} {
		if !same(reflect.ValueOf(w.old), reflect.ValueOf(w.next)) {
			d.add(Field{Origin: origin}, sub(at, w.key)...)
		}
	}
	closed := userList{users: a.Users, defaults: a.DefaultPermissions, closed: true}
	d.users(slices.Concat(at, []string{"users"}), closed, userList{users: b.Users, defaults: b.DefaultPermissions})
}

var posType = reflect.TypeFor[config.Pos]()

// same compares by meaning: places in files do not count. No list is not an empty list.
func same(a, b reflect.Value) bool {
	if a.Type() == posType {
		return true
	}
	switch a.Kind() {
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return same(a.Elem(), b.Elem())
	case reflect.Struct:
		for i := range a.NumField() {
			if !same(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice:
		if a.Len() != b.Len() || a.IsNil() != b.IsNil() {
			return false
		}
		for i := range a.Len() {
			if !same(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	default:
		return reflect.DeepEqual(a.Interface(), b.Interface())
	}
}
