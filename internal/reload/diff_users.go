package reload

import (
	"cmp"
	"slices"

	"natsd/internal/config"
	"natsd/internal/perm"
)

// userList is the users of one account, with the permissions that those without own ones get.
type userList struct {
	users    []config.User
	defaults *perm.Rules
	// closed tells that nobody else may use the account: a new user then takes nothing from anybody.
	closed bool
}

func ownUsers(o *config.Options) userList {
	return userList{o.Authorization.Users, o.Authorization.DefaultPermissions, authenticates(o)}
}

// users compares the users of one account by name; their order means nothing.
func (d *differ) users(path []string, old, next userList) {
	before := make(map[string]*config.User, len(old.users))
	for i := range old.users {
		before[userID(&old.users[i])] = &old.users[i]
	}
	for i := range next.users {
		u := &next.users[i]
		at := append(slices.Clip(path), userID(u))
		was := before[at[len(at)-1]]
		delete(before, at[len(at)-1])
		switch {
		case was == nil && old.closed:
			d.add(Field{Op: Add, Origin: fileOrigin(u.Pos), Verdict: Live}, at...)
		case was == nil:
			d.add(Field{Op: Add, Origin: fileOrigin(u.Pos)}, at...)
		default:
			d.user(at, was, u, was.Permissions == old.defaults && u.Permissions == next.defaults)
		}
	}
	for id, u := range before {
		d.add(Field{Op: Remove, Origin: fileOrigin(u.Pos)}, append(slices.Clip(path), id)...)
	}
}

func userID(u *config.User) string { return cmp.Or(u.NKey, u.Name) }

// user compares one user. Inherited permissions are reported where they are set.
func (d *differ) user(at []string, a, b *config.User, inherited bool) {
	origin := fileOrigin(b.Pos)
	if a.Password != b.Password {
		d.add(Field{Old: a.Password, New: b.Password, Origin: origin}, sub(at, "password")...)
	}
	if !inherited && !sameRules(a.Permissions, b.Permissions) {
		d.add(Field{Old: rules(a.Permissions), New: rules(b.Permissions), Origin: origin}, sub(at, "permissions")...)
	}
	if !sameSet(a.ConnectionTypes, b.ConnectionTypes) {
		d.add(Field{Old: a.ConnectionTypes, New: b.ConnectionTypes, Origin: origin}, sub(at, "allowed_connection_types")...)
	}
	if a.ProxyRequired != b.ProxyRequired {
		d.add(Field{Old: a.ProxyRequired, New: b.ProxyRequired, Origin: origin}, sub(at, "proxy_required")...)
	}
}

func sub(at []string, elems ...string) []string { return append(slices.Clip(at), elems...) }

func fileOrigin(pos config.Pos) config.Origin {
	return config.Origin{Layer: config.FromFile, Pos: pos}
}

// sameRules tells that two sets of rules permit the same, whatever the order of subjects.
func sameRules(a, b *perm.Rules) bool {
	if a == nil || b == nil {
		return a == b
	}
	return sameSubjects(a.Publish, b.Publish) && sameSubjects(a.Subscribe, b.Subscribe) &&
		(a.Responses == b.Responses || a.Responses != nil && b.Responses != nil && *a.Responses == *b.Responses)
}

func sameSubjects(a, b *perm.SubjectRules) bool {
	if a == nil || b == nil {
		return a == b
	}
	return (a.Allow == nil) == (b.Allow == nil) && sameSet(a.Allow, b.Allow) && sameSet(a.Deny, b.Deny)
}

func sameSet(a, b []string) bool {
	if slices.Equal(a, b) {
		return true
	}
	sorted := func(s []string) []string {
		s = slices.Clone(s)
		slices.Sort(s)
		return slices.Compact(s)
	}
	return slices.Equal(sorted(a), sorted(b))
}

// rules is a set of rules as it stands in a file, for JSON; nil restricts nothing.
func rules(r *perm.Rules) any {
	if r == nil {
		return nil
	}
	out := map[string]any{}
	for name, s := range map[string]*perm.SubjectRules{"publish": r.Publish, "subscribe": r.Subscribe} {
		if s == nil {
			continue
		}
		lists := map[string]any{}
		if s.Allow != nil {
			lists["allow"] = s.Allow
		}
		if len(s.Deny) > 0 {
			lists["deny"] = s.Deny
		}
		out[name] = lists
	}
	if r.Responses != nil {
		out["allow_responses"] = map[string]any{"max": r.Responses.Max, "expires": r.Responses.Expires.String()}
	}
	return out
}
